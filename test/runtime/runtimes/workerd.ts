import { DurableObject } from 'cloudflare:workers'
import { type DurableObjectSqlStorage, durableObjectDatabase, sqlPersister } from 'kubeflect/sql'
import { casesOf } from '../cases.ts'
import { type CaseResult, runCases } from '../run-cases.ts'
import { memoryStorage } from './memory-storage.ts'

/** Runs the cases for who posts the host's origin, and answers with the results. */
export class Cases extends DurableObject<DurableObjectSqlStorage & { deleteAll(): Promise<void> }> {
  override async fetch(request: Request): Promise<Response> {
    const { storage } = this.ctx
    const storages = {
      memory: memoryStorage,
      'Durable Object': async () => ({ open: () => sqlPersister(durableObjectDatabase(storage)), close: () => storage.deleteAll() }),
    }
    const results: CaseResult[] = []
    const stage = { origin: await request.text(), kubeconfigs: {}, storages }
    await runCases(casesOf(Object.keys(storages)), stage, (result) => results.push(result))
    return Response.json(results)
  }
}
