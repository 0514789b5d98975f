import { afterEach, describe, expect, it } from 'vitest'
import { FakeApiServer } from '../../src/testing'
import type { FetchHandler } from '../../src/testing/node-listener'
import { type HttpServer, serve } from '../support/http'
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
  it('nodeListener passes method, path, headers and body to the handler, and its response to the client', async () => {
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

  it('nodeListener sends the headers before the body has data, and events as they happen', async () => {
    const server = new FakeApiServer()
    const { url } = await listen(server.fetch)
    const response = await fetch(`${url}/api/v1/configmaps?watch=1&resourceVersion=${server.resourceVersion}`)
    expect(response.status).toBe(200)
    const reader = response.body?.getReader()
    server.create(ConfigMap, configMap('a'))
    expect(new TextDecoder().decode((await reader?.read())?.value)).toContain('"ADDED"')
    await reader?.cancel()
  })

  it('nodeListener aborts the request when the client disconnects', async () => {
    let leave = () => {}
    const gone = new Promise<void>((resolve) => {
      leave = resolve
    })
    const { url } = await listen(async (request) => {
      request.signal.addEventListener('abort', leave)
      return new Response(new ReadableStream())
    })
    const controller = new AbortController()
    await fetch(url, { signal: controller.signal })
    controller.abort()
    await gone
  })

  it('nodeListener reads only as much from the handler as a slow client accepts', async () => {
    const megabytes = 64
    let produced = 0
    const { url } = await listen(async (request) => {
      if (new URL(request.url).pathname !== '/large') return new Response('small')
      return new Response(
        new ReadableStream({
          pull(controller) {
            if (produced++ === megabytes) controller.close()
            else controller.enqueue(new Uint8Array(1024 * 1024))
          },
        }),
      )
    })
    const controller = new AbortController()
    const response = await fetch(`${url}/large`, { signal: controller.signal })
    await response.body?.getReader().read()
    // Enough time to send everything if the client were reading.
    for (let round = 0; round < 20; round++) await (await fetch(`${url}/small`)).text()
    expect(produced).toBeLessThan(megabytes / 2)
    controller.abort()
  })

  it('nodeListener breaks the connection when the handler rejects or its body breaks', async () => {
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
