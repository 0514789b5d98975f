// Vite's own dev proxy, over real HTTP: it keeps the page's side of a watch open when the API server behind it dies.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createServer } from 'vite'
import { expect, test } from 'vitest'
import { createInformer } from '../../src/informer/create-informer'
import { ConfigMap } from '../../src/resources/core/v1'
import { FakeApiServer } from '../../src/testing'
import { KubeClient } from '../../src/transport/client'
import { serve } from '../support/http.ts'

const PROOF_INTERVAL_MS = 1_000

/** Vite's dev server with one proxied path; `url` is that path's. */
async function startVite(target: string) {
  const root = await mkdtemp(join(tmpdir(), 'kubeflect-vite-'))
  const vite = await createServer({
    configFile: false,
    root,
    cacheDir: join(root, 'cache'),
    // It logs what the proxy's requests meet.
    logLevel: 'silent',
    appType: 'custom',
    optimizeDeps: { noDiscovery: true },
    server: { host: '127.0.0.1', port: 0, hmr: false, watch: null, proxy: { '/k8s': { target, rewrite: (path) => path.slice(4) } } },
  })
  await vite.listen()
  const [local = ''] = vite.resolvedUrls?.local ?? []
  return {
    url: new URL('/k8s', local).href,
    async [Symbol.asyncDispose]() {
      await vite.close()
      await rm(root, { recursive: true, force: true })
    },
  }
}

test('a watch that Vite keeps open after its API server died is not shown as live for long, and is live again when the server is back', {
  timeout: 60_000,
}, async () => {
  const server = new FakeApiServer()
  const put = (name: string) => server.create(ConfigMap, { metadata: { name, namespace: 'shop' } })
  put('a')
  const upstream = await serve(server.fetch)
  await using vite = await startVite(upstream.url)
  await using informer = createInformer(new KubeClient({ baseUrl: vite.url }), ConfigMap, {
    proofIntervalMs: PROOF_INTERVAL_MS,
    onError: () => undefined,
  })
  const states: string[] = []
  informer.subscribe(({ state }) => states.push(state))
  await informer.whenSynced()
  await expect.poll(() => informer.status.state).toBe('live')
  // A stream that is read beside it shows what the proxy does. It begins with an event: Vite holds headers back until the first byte.
  const watch = await fetch(`${vite.url}/api/v1/configmaps?watch=true&resourceVersion=0`, { signal: AbortSignal.timeout(30_000) })
  let hasEnded = false
  void watch.body
    ?.pipeTo(new WritableStream())
    .catch(() => undefined)
    .then(() => {
      hasEnded = true
    })

  const { port } = new URL(upstream.url)
  await upstream.close()
  await expect.poll(() => informer.status.state, { timeout: PROOF_INTERVAL_MS + 10_000, interval: 20 }).not.toBe('live')
  expect(states).toContain('stale')
  expect(hasEnded).toBe(false)

  put('b')
  await sleep(500)
  const back = await serve(server.fetch, { port: Number(port) })
  await using _ = { [Symbol.asyncDispose]: () => back.close() }
  const state = () => ({ state: informer.status.state, names: informer.indexer.list().map(({ name }) => name) })
  await expect.poll(state, { timeout: 15_000 }).toEqual({ state: 'live', names: ['a', 'b'] })
})
