import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Miniflare } from 'miniflare'
import { build, type Rollup } from 'vite'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import { sourceAlias } from '../../scripts/source-alias.ts'
import { Pod } from '../../src/resources/core/v1'
import { FakeApiServer } from '../../src/testing'
import { briefList, readWatch } from '../relay/world'
import { type HttpServer, serve } from '../support/http'

const example = join(import.meta.dirname, '../../examples/cloudflare')

interface WranglerConfig {
  readonly compatibility_date: string
  readonly compatibility_flags: string[]
  readonly durable_objects: { readonly bindings: readonly [{ readonly name: string; readonly class_name: string }] }
  readonly migrations: readonly [{ readonly new_sqlite_classes: readonly string[] }]
}

// Comments apart, JSON is YAML.
const config = parse(readFileSync(join(example, 'wrangler.jsonc'), 'utf8').replace(/^\s*\/\/.*$/gm, '')) as WranglerConfig

/** Bundles the example like wrangler does. */
async function bundle(): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    resolve: { alias: sourceAlias },
    build: {
      write: false,
      target: 'es2022',
      lib: { entry: join(example, 'worker.ts'), formats: ['es'], fileName: 'worker' },
      rolldownOptions: { external: [/^(node|cloudflare):/, 'ky'], output: { codeSplitting: false } },
    },
  })
  const [{ output }] = [built].flat() as Rollup.RollupOutput[] as [Rollup.RollupOutput]
  return output[0].code
}

describe('the example for Cloudflare in workerd', { timeout: 60_000 }, () => {
  const api = new FakeApiServer()
  let script: string
  let upstream: HttpServer
  let storage: string
  const running = new Set<Miniflare>()

  beforeAll(async () => {
    script = await bundle()
    upstream = await serve(api.fetch)
    storage = mkdtempSync(join(tmpdir(), 'kubeflect-workerd-'))
  }, 60_000)
  afterAll(async () => {
    for (const miniflare of running) await miniflare.dispose()
    await upstream.close()
    rmSync(storage, { recursive: true, force: true })
  })

  /** Starts workerd on the storage of the one before. */
  async function start(): Promise<{ fetch(query: string): Promise<Response>; stop(): Promise<void> }> {
    const [{ name, class_name: className }] = config.durable_objects.bindings
    const miniflare = new Miniflare({
      modules: [{ type: 'ESModule', path: 'worker.js', contents: script }],
      compatibilityDate: config.compatibility_date,
      compatibilityFlags: config.compatibility_flags,
      durableObjects: { [name]: { className, useSQLite: true } },
      durableObjectsPersist: storage,
      bindings: { API_SERVER: upstream.url },
    })
    running.add(miniflare)
    const url = await miniflare.ready
    return {
      // The dev server holds pieces of a compressed watch back.
      fetch: (query) => fetch(new URL(`/api/v1/pods?${query}`, url), { headers: { 'accept-encoding': 'identity' } }),
      stop: () => {
        running.delete(miniflare)
        return miniflare.dispose()
      },
    }
  }

  const openWatches = () => api.openRequests.filter(({ verb, resource }) => verb === 'watch' && resource === 'pods').length
  const pod = (name: string): Pod => ({ kind: 'Pod', apiVersion: 'v1', metadata: { name, namespace: 'shop' }, spec: { containers: [] } })

  it('[relay/31] the example serves watches through leaves from one upstream watch, and a second process on its storage resumes without a list', async () => {
    expect(config.migrations[0].new_sqlite_classes).toEqual([config.durable_objects.bindings[0].class_name])
    api.create(Pod, pod('a'))
    const first = await start()
    const list = await briefList(await first.fetch('resourceVersion=0'))
    expect(list.items).toMatch(/^a@\d+$/)
    const watches = await Promise.all(
      Array.from({ length: 20 }, async () => readWatch(await first.fetch(`watch=1&resourceVersion=${list.version}&timeoutSeconds=50`))),
    )
    expect(openWatches()).toBe(1)
    api.create(Pod, pod('b'))
    await vi.waitFor(() => {
      for (const watch of watches) expect(watch.events).toEqual([expect.stringMatching(/^ADDED b@/)])
    }, 10_000)
    // The root stores after five seconds.
    await vi.waitFor(async () => expect(await stored()).toContain('"b"'), 15_000)
    await first.stop()
    await vi.waitFor(() => expect(openWatches()).toBe(0), 10_000)
    api.forgetRequests()
    api.create(Pod, pod('c'))
    const second = await start()
    await vi.waitFor(async () => {
      expect((await briefList(await second.fetch('resourceVersion=0'))).items).toMatch(/^a@\d+ b@\d+ c@\d+$/)
    }, 10_000)
    const lists = api.requests.filter(({ verb, resource, url }) => verb === 'list' && resource === 'pods' && !url.includes('limit=1'))
    expect(lists).toEqual([])
    expect(api.requests.find(({ verb, resource }) => verb === 'watch' && resource === 'pods')?.url).toMatch(/resourceVersion=[1-9]/)
    await second.stop()
  })

  /** The text of the database files, in which rows are readable. */
  async function stored(): Promise<string> {
    const { globSync } = await import('node:fs')
    return globSync(`${storage}/**/*.sqlite*`)
      .map((file) => readFileSync(file, 'latin1'))
      .join('')
  }
})
