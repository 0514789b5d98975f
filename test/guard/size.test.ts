import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { build, type Rollup } from 'vite'
import { expect, test } from 'vitest'
import { sourceAlias } from '../../scripts/source-alias.ts'
import { guard } from './expected.ts'

/**
 * Measures the initial download of a page that imports only the given names, dependencies included and lazy imports excluded.
 *
 * @param exports one or more lists of names, such as `{ Store } from 'kubeflect'`.
 */
async function loadedAtOnce(...exports: readonly string[]): Promise<{ kB: number; modules: readonly string[] }> {
  const entry = '\0entry'
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    resolve: { alias: sourceAlias },
    build: {
      write: false,
      target: 'es2022',
      modulePreload: false,
      rollupOptions: { input: entry, preserveEntrySignatures: 'strict', external: /^(react|vue|svelte|solid-js|@tanstack\/db)(\/|$)/ },
    },
    plugins: [
      {
        name: 'entry',
        enforce: 'pre',
        resolveId: (id) => (id.endsWith(entry) ? entry : undefined),
        load: (id) => {
          if (id === entry) return exports.map((names) => `export ${names}`).join('\n')
          // Vite's helper for dynamic imports, which an application contains once.
          return id.includes('vite/preload-helper') ? 'export const __vitePreload = (load) => load()' : undefined
        },
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

/** Modules that are loaded by the first call that uses them. */
const LAZY =
  /node_modules\/(ky|valibot|yaml)\/|http\/(ky-sender|logs|identity|sha256)|worker\/(lease|thread\/|page\/(remote|connection))|informer\/namespaces\/(fan-in|part|part-store)\./

/** Modules that an informer does not need. */
const BESIDE_INFORMERS =
  /src\/(view|discovery|access|controller|workqueue|queue|watch-cache|worker)\/|http\/(write|client|logs|table)|source\/(metadata|table)|informer\/(sources\/(metadata|table)|namespaces\/|packing\/)|codec\/(coder|packer|template)/

test('a page that keeps a Store up to date loads no ky, selector parsers, writes, views, discovery or Workers', async () => {
  const { kB, modules } = await loadedAtOnce(`{ KubeReader, ListWatch, Reflector, Store } from 'kubeflect'`)
  expect(
    modules.filter(
      (id) =>
        LAZY.test(id) ||
        /src\/(informer|view|discovery|access|worker|controller|workqueue|watch-cache)\/|http\/(write|client)|api\/(field-)?selectors/.test(
          id,
        ),
    ),
  ).toEqual([])
  guard('kB gzipped, KubeReader, ListWatch, Reflector, Store', kB)
})

test('an informer alone loads no ky, writes, logs, views, discovery, tables, metadata, fan-in of namespaces or Workers', async () => {
  const { kB, modules } = await loadedAtOnce(`{ KubeReader, createInformer } from 'kubeflect'`)
  expect(modules.filter((id) => LAZY.test(id) || BESIDE_INFORMERS.test(id))).toEqual([])
  guard('kB gzipped, KubeReader, createInformer', kB)
})

test('each feature value of an informer loads only its own modules', async () => {
  const parts = {
    metadata: /source\/metadata|informer\/sources\/metadata/,
    table: /http\/table|source\/table|informer\/sources\/table/,
    eachAllowed: /informer\/namespaces\/(each-allowed|namespaces-feed|status)\./,
    packing: /informer\/packing\/|codec\/(coder|packer|template|unpack)\./,
    inWorker: /worker\/page\/(in-worker|off-thread)/,
  }
  for (const [name, own] of Object.entries(parts)) {
    const { modules } = await loadedAtOnce(`{ KubeReader, createInformer, ${name} } from 'kubeflect'`)
    const beside = modules.filter((id) => BESIDE_INFORMERS.test(id))
    expect(beside.filter((id) => own.test(id))).not.toEqual([])
    expect(beside.filter((id) => !own.test(id))).toEqual([])
  }
})

test('a page with informers in IndexedDB loads idb-keyval and no other package', async () => {
  const { kB, modules } = await loadedAtOnce(`{ KubeReader, createInformer } from 'kubeflect'`, `{ idbPersister } from 'kubeflect/idb'`)
  expect(modules.filter((id) => LAZY.test(id))).toEqual([])
  guard('kB gzipped, KubeReader, createInformer, idbPersister', kB)
})

test('a page that also writes loads ky with the first request of a client that has hooks, a timeout or retries', async () => {
  const { kB, modules } = await loadedAtOnce(`{ KubeClient, createInformer } from 'kubeflect'`, `{ idbPersister } from 'kubeflect/idb'`)
  expect(modules.filter((id) => LAZY.test(id))).toEqual([])
  guard('kB gzipped, KubeClient, createInformer, idbPersister', kB)
})

test.each(['react', 'vue', 'svelte', 'solid'])(
  'the hooks for %s are less than 100 lines of code, and add little to what createLive needs',
  async (name) => {
    const code = readFileSync(new URL(`../../src/${name}.ts`, import.meta.url), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
    const isImport = /^import .* from '.*'$/
    expect(code.split('\n').filter((line) => line.trim() !== '' && !isImport.test(line)).length).toBeLessThan(100)
    const hooks = name === 'react' ? 'KubeContext, useList, useObject, useView' : 'useKube, useList, useObject, useView'
    const live = await loadedAtOnce(`{ KubeClient, createView } from 'kubeflect'`, `{ createLive } from 'kubeflect/live'`)
    const all = await loadedAtOnce(
      `{ KubeClient, createView } from 'kubeflect'`,
      `{ createLive } from 'kubeflect/live'`,
      `{ ${hooks} } from 'kubeflect/${name}'`,
    )
    guard(`kB gzipped, kubeflect/${name as 'react'} beside createLive`, all.kB - live.kB)
  },
)

test('createLive adds little to an informer and a view, and no hooks', async () => {
  const before = await loadedAtOnce(
    `{ KubeClient, SharedInformerFactory, createView } from 'kubeflect'`,
    `{ Access } from 'kubeflect/discovery'`,
  )
  const after = await loadedAtOnce(
    `{ KubeClient, SharedInformerFactory, createView } from 'kubeflect'`,
    `{ Access } from 'kubeflect/discovery'`,
    `{ createLive } from 'kubeflect/live'`,
  )
  expect(after.modules.filter((id) => /src\/(react|vue|svelte|solid)\.ts/.test(id))).toEqual([])
  guard('kB gzipped, createLive beside an informer and a view', after.kB - before.kB)
})

test('the devtools are small, and nothing of them is in an application that does not import them', async () => {
  const others = [
    `{ KubeClient, createInformer, createView } from 'kubeflect'`,
    `{ createLive, createHistory, diff } from 'kubeflect/live'`,
  ]
  const before = await loadedAtOnce(...others)
  const after = await loadedAtOnce(...others, `{ createInspector, defineDevtools } from 'kubeflect/devtools'`)
  expect(before.modules.filter((id) => /src\/(inspect|devtools)/.test(id))).toEqual([])
  guard('kB gzipped, kubeflect/devtools beside createLive', after.kB - before.kB)
})

test('the collection of TanStack DB adds little to a client and an informer', async () => {
  const before = await loadedAtOnce(`{ KubeClient, createInformer } from 'kubeflect'`)
  const after = await loadedAtOnce(
    `{ KubeClient, createInformer } from 'kubeflect'`,
    `{ kubernetesCollectionOptions } from 'kubeflect/tanstack-db'`,
  )
  guard('kB gzipped, kubeflect/tanstack-db beside an informer', after.kB - before.kB)
})

test('createLive loads no history, differences or owner graphs', async () => {
  const { modules } = await loadedAtOnce(`{ createLive } from 'kubeflect/live'`)
  expect(modules.filter((id) => /view\/(history|past-state|diff|field-owners|owner-)/.test(id))).toEqual([])
})

test('an application without kubeflect/live loads nothing of it', async () => {
  const { modules } = await loadedAtOnce(`{ KubeClient, createInformer, createView } from 'kubeflect'`)
  expect(modules.filter((id) => /src\/live\//.test(id))).toEqual([])
})

test('an application without kubeflect/tabs loads nothing of it, and one with it adds little beside an informer', async () => {
  const before = await loadedAtOnce(`{ KubeReader, createInformer } from 'kubeflect'`)
  expect(before.modules.filter((id) => /src\/tabs/.test(id))).toEqual([])
  const after = await loadedAtOnce(`{ KubeReader, createInformer } from 'kubeflect'`, `{ sharedByTabs } from 'kubeflect/tabs'`)
  expect(after.modules.filter((id) => /src\/(watch-cache|tabs\/(owner|scope-feed|sharing-client)\.)/.test(id))).toEqual([])
  guard('kB gzipped, sharedByTabs beside an informer', after.kB - before.kB)
})

test('the module of the SharedWorker that owns feeds has no more than it needs', async () => {
  const { kB } = await loadedAtOnce(`* from 'kubeflect/tabs-worker'`)
  guard('kB gzipped, kubeflect/tabs-worker', kB)
})

test('the module of the Worker loads nothing of packing until a page packs', async () => {
  const { kB, modules } = await loadedAtOnce(`* from 'kubeflect/worker'`)
  expect(modules.filter((id) => /codec\/(coder|packer|template|unpack)|thread\/parcels|idb\/packed-rows/.test(id))).toEqual([])
  guard('kB gzipped, kubeflect/worker', kB)
})

test('exec adds little to a client, and nothing of a runtime is loaded with it', async () => {
  const before = await loadedAtOnce(`{ KubeClient } from 'kubeflect'`)
  const after = await loadedAtOnce(`{ KubeClient } from 'kubeflect'`, `{ exec } from 'kubeflect/streams'`)
  expect(before.modules.filter((id) => /src\/(streams|socket)\/|http\/upgrade/.test(id))).toEqual([])
  expect(after.modules.filter((id) => /src\/socket\/(?!open\.)|streams\/(run|port|file)\./.test(id))).toEqual([])
  guard('kB gzipped, exec beside a client', after.kB - before.kB)
})

test('connectPort adds little to a client, and nothing of commands or of a runtime is loaded with it', async () => {
  const before = await loadedAtOnce(`{ KubeClient } from 'kubeflect'`)
  const after = await loadedAtOnce(`{ KubeClient } from 'kubeflect'`, `{ connectPort } from 'kubeflect/streams'`)
  expect(after.modules.filter((id) => /src\/(local|socket\/(?!open\.))|streams\/(run|process|file)\./.test(id))).toEqual([])
  guard('kB gzipped, connectPort beside a client', after.kB - before.kB)
})
