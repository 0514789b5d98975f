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

/** Whatever an informer can do without. */
const BESIDE_INFORMERS =
  /src\/(view|discovery|access|controller|workqueue|queue|watch-cache|worker)\/|transport\/(write|logs|table)|reflector\/(metadata|table)|informer\/(metadata|table|each-allowed|namespace)/

test('who only keeps a store up to date loads no writes, logs, views, discovery or Workers', async () => {
  const { kB, modules } = await loadedAtOnce(`{ KubeReader, ListWatch, Reflector, Store } from 'kubeflect'`)
  expect(
    modules.filter((id) =>
      /src\/(informer|view|discovery|access|worker|controller|workqueue|watch-cache)\/|transport\/(write|logs)/.test(id),
    ),
  ).toEqual([])
  guard('kB gzipped, KubeReader, ListWatch, Reflector, Store', kB)
})

test('an informer alone loads no writes, logs, views, discovery, tables, metadata, single namespaces or Workers', async () => {
  const { kB, modules } = await loadedAtOnce(`{ KubeReader, createInformer } from 'kubeflect'`)
  expect(modules.filter((id) => BESIDE_INFORMERS.test(id))).toEqual([])
  guard('kB gzipped, KubeReader, createInformer', kB)
})

test('each value that an informer can be given loads its own part and nothing else', async () => {
  const parts = {
    metadata: /reflector\/metadata|informer\/metadata/,
    table: /transport\/table|reflector\/table|informer\/table/,
    eachAllowed: /informer\/(each-allowed|namespaces-feed|namespaces-status)/,
    inWorker: /worker\/(in-worker|off-thread)/,
  }
  for (const [name, own] of Object.entries(parts)) {
    const { modules } = await loadedAtOnce(`{ KubeReader, createInformer, ${name} } from 'kubeflect'`)
    const beside = modules.filter((id) => BESIDE_INFORMERS.test(id))
    expect(beside.filter((id) => own.test(id))).not.toEqual([])
    expect(beside.filter((id) => !own.test(id))).toEqual([])
  }
})
