import { join } from 'node:path'
import { Miniflare } from 'miniflare'
import { inject } from 'vitest'
import { describeRuntime } from './describe-runtime.ts'
import type { CaseResult } from './run-cases.ts'

/** As much of it as is used: Miniflare's types want those of Cloudflare's runtime, which are no dependency of this. */
interface Namespace {
  idFromName(name: string): unknown
  get(id: unknown): { fetch(url: string, init: { method: string; body: string }): Promise<{ json(): Promise<unknown> }> }
}

// Up to 2024-11-11 the runtime throws on the `cache` option of requests.
for (const compatibilityDate of ['2026-05-01', '2024-05-01']) {
  describeRuntime({
    name: `workerd of ${compatibilityDate}`,
    storages: ['memory', 'Durable Object'],
    async run({ origin }) {
      const project = inject('runtimeProject')
      const miniflare = new Miniflare({
        modules: true,
        modulesRoot: project,
        scriptPath: join(project, 'workerd.js'),
        compatibilityDate,
        // Without it WeakRef is missing up to 2025-05-05.
        compatibilityFlags: ['enable_weak_ref'],
        durableObjects: { CASES: { className: 'Cases', useSQLite: true } },
      })
      try {
        const cases = (await miniflare.getDurableObjectNamespace('CASES')) as unknown as Namespace
        const response = await cases.get(cases.idFromName('cases')).fetch('http://cases/', { method: 'POST', body: origin })
        return (await response.json()) as CaseResult[]
      } finally {
        await miniflare.dispose()
      }
    },
  })
}
