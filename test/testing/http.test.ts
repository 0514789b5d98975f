import { afterEach, describe, expect, it } from 'vitest'
import { FakeApiServer } from '../../src/testing'
import { type FetchHandler, type HttpServer, serve } from '../support/http'
import { ConfigMap, configMap } from './resources'

const servers: HttpServer[] = []
const listen = async (handler: FetchHandler) => {
  const server = await serve(handler)
  servers.push(server)
  return server
}
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

describe('a fetch handler on a port', () => {
  it('is given method, path, headers and body, and its answer comes back', async () => {
    const { url } = await listen(async (request) => {
      const { pathname, search } = new URL(request.url)
      return Response.json(
        { method: request.method, pathname, search, header: request.headers.get('x-test'), body: await request.text() },
        { status: 201 },
      )
    })
    const response = await fetch(`${url}/a%20b?c=d`, { method: 'PUT', headers: { 'x-test': 'yes' }, body: 'Zoë' })
    expect(response.status).toBe(201)
    expect(await response.json()).toEqual({ method: 'PUT', pathname: '/a%20b', search: '?c=d', header: 'yes', body: 'Zoë' })
  })

  it('sends headers before the body has anything to say, and events as they happen', async () => {
    const server = new FakeApiServer()
    const { url } = await listen(server.fetch)
    const response = await fetch(`${url}/api/v1/configmaps?watch=1&resourceVersion=${server.resourceVersion}`)
    expect(response.status).toBe(200)
    const reader = response.body?.getReader()
    server.create(ConfigMap, configMap('a'))
    expect(new TextDecoder().decode((await reader?.read())?.value)).toContain('"ADDED"')
    await reader?.cancel()
  })

  it('learns that the client went away', async () => {
    const gone = Promise.withResolvers<void>()
    const { url } = await listen(async (request) => {
      request.signal.addEventListener('abort', () => gone.resolve())
      return new Response(new ReadableStream())
    })
    const controller = new AbortController()
    await fetch(url, { signal: controller.signal })
    controller.abort()
    await gone.promise
  })

  it('is asked for no more than a slow client reads', async () => {
    let produced = 0
    const { url } = await listen(
      async () =>
        new Response(
          new ReadableStream({
            pull(controller) {
              produced++
              controller.enqueue(new Uint8Array(1024 * 1024))
            },
          }),
        ),
    )
    const controller = new AbortController()
    const response = await fetch(url, { signal: controller.signal })
    const reader = response.body?.getReader()
    await reader?.read()
    // It stops by itself: what is produced no longer grows from one look to the next.
    for (let before = -1; before !== produced; ) {
      before = produced
      await new Promise((resolve) => setImmediate(resolve))
      await fetch(`${servers[0]?.url}/other`, { method: 'HEAD' }).then((other) => other.body?.cancel())
    }
    expect(produced).toBeLessThan(100)
    controller.abort()
  })

  it('that rejects, or whose body breaks, breaks the connection', async () => {
    const { url } = await listen(async (request) => {
      if (new URL(request.url).pathname === '/reject') throw new TypeError('fetch failed')
      return new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(new Uint8Array(3)),
          pull: (controller) => controller.error(new TypeError('terminated')),
        }),
      )
    })
    await expect(fetch(`${url}/reject`)).rejects.toThrow(TypeError)
    const response = await fetch(`${url}/break`)
    await expect(response.text()).rejects.toThrow(TypeError)
  })
})
