// Tests the requests of a page to the cluster in its Worker.
import { afterEach, describe, expect, it } from 'vitest'
import type { Port } from '../../playground/static/messages.ts'
import { portFetch } from '../../playground/static/port-fetch.ts'
import { servePort } from '../../playground/static/serve-port.ts'

const open: MessagePort[] = []

afterEach(() => {
  for (const port of open.splice(0)) port.close()
})

/** Connects a page with a handler, as a Worker does. */
function connect(handler: (request: Request) => Promise<Response>) {
  const { port1, port2 } = new MessageChannel()
  open.push(port1, port2)
  servePort(port2 as unknown as Port, handler)
  const page = portFetch(port1 as unknown as Port)
  port1.start()
  port2.start()
  return page
}

/** Returns a handler whose body never ends, and the signal of its request. */
function endless() {
  let tell: (signal: AbortSignal) => void
  const asked = new Promise<AbortSignal>((resolve) => {
    tell = resolve
  })
  const handler = async ({ signal }: Request) => {
    tell(signal)
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('first'))
        signal.addEventListener('abort', () => controller.error(signal.reason))
      },
    })
    return new Response(body)
  }
  return { handler, signal: asked }
}

describe('a page and the cluster in its Worker', () => {
  it('a page sends method, path, headers and body to its Worker, and gets status, headers and body', async () => {
    const { fetch } = connect(async (request) => {
      const { pathname, search } = new URL(request.url)
      const said = [request.method, pathname + search, request.headers.get('accept'), await request.text()].join(' ')
      return new Response(said, { status: 201, headers: { 'x-cluster': 'fake' } })
    })
    const response = await fetch('http://page/k8s/api?watch=true', { method: 'POST', headers: { accept: 'text/plain' }, body: 'hello' })
    expect([response.status, response.headers.get('x-cluster')]).toEqual([201, 'fake'])
    expect(await response.text()).toBe('POST /k8s/api?watch=true text/plain hello')
  })

  it('a page reads the first part of a watch from its Worker before the watch ends, and an abort ends it there too', async () => {
    const { handler, signal } = endless()
    const { fetch } = connect(handler)
    const controller = new AbortController()
    const response = await fetch('http://page/k8s/watch', { signal: controller.signal })
    const reader = response.body?.getReader()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('first')
    controller.abort()
    await expect(reader?.read()).rejects.toThrow()
    const aborted = await signal
    if (!aborted.aborted) await new Promise((resolve) => aborted.addEventListener('abort', resolve))
    expect(aborted.aborted).toBe(true)
  })

  it('a page that leaves aborts its requests in the Worker', async () => {
    const { handler, signal } = endless()
    const { fetch, leave } = connect(handler)
    await fetch('http://page/k8s/watch')
    leave()
    const aborted = await signal
    if (!aborted.aborted) await new Promise((resolve) => aborted.addEventListener('abort', resolve))
    expect(aborted.aborted).toBe(true)
  })

  it('a request that fails in the Worker fails in the page, with the reason', async () => {
    const { fetch } = connect(async () => {
      throw new TypeError('no such cluster')
    })
    await expect(fetch('http://page/k8s/api')).rejects.toThrow('the cluster of this page broke the connection: TypeError: no such cluster')
  })
})
