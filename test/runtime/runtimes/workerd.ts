import { DurableObject } from 'cloudflare:workers'
import { type DurableObjectSqlStorage, durableObjectDatabase, sqlPersister } from 'kubeflect/sql'
import { casesOf } from '../cases.ts'
import { type CaseResult, runCases } from '../run-cases.ts'
import { memoryStorage } from './memory-storage.ts'

/** Runs the cases for a POST of the host's origin, or the one that `?only=` names, and answers with the results. */
export class Cases extends DurableObject<DurableObjectSqlStorage & { deleteAll(): Promise<void> }> {
  override async fetch(request: Request): Promise<Response> {
    const { storage } = this.ctx
    const storages = {
      memory: memoryStorage,
      'Durable Object': async () => ({ open: () => sqlPersister(durableObjectDatabase(storage)), close: () => storage.deleteAll() }),
    }
    const results: CaseResult[] = []
    const stage = { origin: await request.text(), kubeconfigs: {}, storages }
    const only = new URL(request.url).searchParams.get('only')
    const cases = casesOf(Object.keys(storages)).filter(({ title }) => !only || title === only)
    await runCases(cases, stage, (result) => results.push(result))
    return Response.json(results)
  }
}
