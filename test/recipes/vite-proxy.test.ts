// The Vite proxy of docs/recipes/vite-proxy.md, over real HTTP: what it adds to Vite's own proxy.
import type { ProxyOptions } from 'vite'
import { expect, test } from 'vitest'
import { ConfigMap } from '../../src/resources/core/v1'
import { FakeApiServer } from '../../src/testing'
import { serve } from '../support/http.ts'
import { startVite } from '../support/vite.ts'

/** The lines of the recipe. */
const configure: NonNullable<ProxyOptions['configure']> = (proxy) => {
  proxy.on('proxyRes', (upstream, _request, response) => {
    upstream.on('close', () => {
      if (!upstream.complete) response.destroy()
    })
  })
}

test('the Vite proxy of the recipe ends the stream of a page when the API server dies', { timeout: 30_000 }, async () => {
  const server = new FakeApiServer()
  server.create(ConfigMap, { metadata: { name: 'a', namespace: 'shop' } })
  const upstream = await serve(server.fetch)
  await using vite = await startVite({ target: upstream.url, configure })
  const list = (await (await fetch(`${vite.url}/api/v1/configmaps`)).json()) as { items: unknown[] }
  expect(list.items).toHaveLength(1)
  const watch = await fetch(`${vite.url}/api/v1/configmaps?watch=true&resourceVersion=0`, { signal: AbortSignal.timeout(10_000) })
  const ended = watch.body?.pipeTo(new WritableStream()).then(
    () => 'ended',
    (error: Error) => error.name,
  )
  await upstream.close()
  expect(await ended).not.toBe('TimeoutError')
})
