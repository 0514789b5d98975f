import { join } from 'node:path'
import { Miniflare } from 'miniflare'
import { expect, inject, test } from 'vitest'
import { casesOf } from './cases.ts'
import { describeRuntime } from './describe-runtime.ts'
import { startHost } from './host.ts'
import type { CaseResult } from './run-cases.ts'

/** As much of it as is used: Miniflare's types want those of Cloudflare's runtime, which are no dependency of this. */
interface Namespace {
  idFromName(name: string): unknown
  get(id: unknown): { fetch(url: string, init: { method: string; body: string }): Promise<{ json(): Promise<unknown> }> }
}

/** Runs the cases in workerd as it was on a date. */
async function runIn(compatibilityDate: string, origin: string, only = ''): Promise<CaseResult[]> {
  const project = inject('runtimeProject')
  const miniflare = new Miniflare({
    modules: true,
    modulesRoot: project,
    scriptPath: join(project, 'workerd.js'),
    compatibilityDate,
    durableObjects: { CASES: { className: 'Cases', useSQLite: true } },
  })
  try {
    const cases = (await miniflare.getDurableObjectNamespace('CASES')) as unknown as Namespace
    const url = `http://cases/?only=${encodeURIComponent(only)}`
    const response = await cases.get(cases.idFromName('cases')).fetch(url, { method: 'POST', body: origin })
    return (await response.json()) as CaseResult[]
  } finally {
    await miniflare.dispose()
  }
}

describeRuntime({
  name: 'workerd',
  storages: ['memory', 'Durable Object'],
  run: ({ origin }) => runIn('2026-05-01', origin),
})

test.each([
  'lists what the server has',
  'reads the log of a container',
  'creates, patches and deletes',
  'refuses a redirect, also to the same origin, and says where it leads unless the runtime hides that',
])('workerd of a date when it threw on the option `cache` still %s', async (title) => {
  expect(casesOf([]).map((one) => one.title)).toContain(title)
  const host = await startHost()
  try {
    expect(await runIn('2024-05-01', host.url, title)).toEqual([{ title }])
  } finally {
    await host.close()
  }
})
