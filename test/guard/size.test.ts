import { gzipSync } from 'node:zlib'
import { build, type Rollup } from 'vite'
import { expect, test } from 'vitest'
import { sourceAlias } from '../../scripts/source-alias.ts'
import { guard } from './expected.ts'

/** What a page loads at once that imports nothing but some names, dependencies included; what is imported when it is needed is not counted. */
async function loadedAtOnce(imports: string): Promise<{ kB: number; modules: readonly string[] }> {
  const entry = '\0entry'
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    resolve: { alias: sourceAlias },
    build: { write: false, target: 'es2022', modulePreload: false, rollupOptions: { input: entry, preserveEntrySignatures: 'strict' } },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id.endsWith(entry) ? entry : undefined),
        load: (id) => (id === entry ? `export ${imports}` : undefined),
      },
    ],
  })
  const [{ output }] = [built].flat() as Rollup.RollupOutput[] as [Rollup.RollupOutput]
  const chunks = new Map(output.flatMap((file) => (file.type === 'chunk' ? [[file.fileName, file] as const] : [])))
  const loaded = new Set<Rollup.OutputChunk>()
  const load = (chunk: Rollup.OutputChunk | undefined) => {
    if (!chunk || loaded.has(chunk)) return
    loaded.add(chunk)
    for (const name of chunk.imports) load(chunks.get(name))
  }
  for (const chunk of chunks.values()) if (chunk.isEntry) load(chunk)
  const all = [...loaded]
  return {
    kB: gzipSync(all.map(({ code }) => code).join('\n'), { level: 9 }).length / 1000,
    modules: all.flatMap(({ moduleIds }) => moduleIds),
  }
}

test('a bundle with only a store excludes writes, logs, views, discovery and Workers', async () => {
  const { kB, modules } = await loadedAtOnce(`{ KubeReader, ListWatch, Reflector, Store } from 'kubeflect'`)
  expect(
    modules.filter((id) =>
      /src\/(informer|view|discovery|access|worker|controller|workqueue|watch-cache)\/|transport\/(write|logs)/.test(id),
    ),
  ).toEqual([])
  guard('kB gzipped, KubeReader, ListWatch, Reflector, Store', kB)
})

test('a bundle with only informers excludes writes, logs, views, discovery, the Worker’s side and namespace fan-in', async () => {
  const { kB, modules } = await loadedAtOnce(`{ KubeReader, createInformer } from 'kubeflect'`)
  expect(
    modules.filter((id) =>
      /src\/(view|discovery|access|controller|workqueue|watch-cache)\/|transport\/(write|logs)|worker\/(host|hold|remote|thread)|informer\/namespace(s-fan-in|-part|-store)/.test(
        id,
      ),
    ),
  ).toEqual([])
  guard('kB gzipped, KubeReader, createInformer', kB)
})
