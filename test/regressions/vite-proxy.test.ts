// Vite's own dev proxy, over real HTTP: it keeps the page's side of a watch open when the API server behind it dies.
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { KubeClient } from '../../src/http/client'
import { createInformer } from '../../src/informer/create-informer'
import { ConfigMap } from '../../src/resources/core/v1'
import { FakeApiServer } from '../../src/testing'
import { serve } from '../support/http.ts'
import { startVite } from '../support/vite.ts'

const PROOF_INTERVAL_MS = 1_000

test('a watch that Vite keeps open after its API server died is not shown as live for long, and is live again when the server is back', {
  timeout: 60_000,
}, async () => {
  const server = new FakeApiServer()
  const put = (name: string) => server.create(ConfigMap, { metadata: { name, namespace: 'shop' } })
  put('a')
  const upstream = await serve(server.fetch)
  await using vite = await startVite({ target: upstream.url })
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
