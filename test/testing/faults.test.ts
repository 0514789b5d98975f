import { describe, expect, it } from 'vitest'
import type { Fault } from '../../src/testing'
import { ConfigMap, configMap, readAll, setUp } from './resources'

const LIST = 'http://kubernetes.test/api/v1/configmaps'

/** Creates a server with a list whose body contains multibyte characters. */
function withFault(fault: Fault) {
  const { clock, server } = setUp({ uid: () => 'uid' })
  server.create(ConfigMap, configMap('a', { text: 'Zoë 店舗 🚢' }))
  server.faults.add({ fault })
  return { clock, server }
}

const intact = async () => {
  const { server } = withFault({ type: 'chunks', sizes: [1000] })
  server.faults.clear()
  return (await server.fetch(LIST)).arrayBuffer().then((buffer) => new Uint8Array(buffer))
}

describe('faults', () => {
  it.each(['error', 'close'] as const)('ends a watch after a time, like a load balancer: %s', async (ending) => {
    const { clock, server } = setUp()
    server.faults.add({ match: { verb: 'watch' }, fault: { type: 'expire', afterMs: 50_000, ending } })
    const watch = readAll(await server.fetch(`${LIST}?watch=1&resourceVersion=${server.resourceVersion}`))
    await clock.advance(49_999)
    server.create(ConfigMap, configMap('a'))
    await clock.advance(0)
    expect([watch.ended, watch.text.includes('"ADDED"')]).toEqual([false, true])
    await clock.advance(1)
    await watch.done
    expect(watch.error instanceof TypeError).toBe(ending === 'error')
    expect(server.openRequests).toEqual([])
    expect(clock.pending).toBe(0)
  })

  it('a status fault can send an HTML page with status 200, or a redirect', async () => {
    const { server } = setUp()
    server.faults.add({ fault: { type: 'status', status: 200, text: '<html>', headers: { 'content-type': 'text/html' } } })
    const page = await server.fetch(LIST)
    expect([page.status, page.headers.get('content-type'), await page.text()]).toEqual([200, 'text/html', '<html>'])
    server.faults.add({ fault: { type: 'status', status: 302, text: '', headers: { location: 'https://login.example' } } })
    const redirect = await server.fetch(LIST)
    expect([redirect.status, redirect.headers.get('location')]).toEqual([302, 'https://login.example'])
  })

  it('a cut fault ends a body at any byte, even inside a character, and breaks the connection', async () => {
    const whole = await intact()
    for (let afterBytes = 0; afterBytes < whole.byteLength; afterBytes++) {
      const { server } = withFault({ type: 'cut', afterBytes })
      const reader = (await server.fetch(LIST)).body?.getReader()
      const received: number[] = []
      const read = async () => {
        for (;;) {
          const result = await reader?.read()
          if (!result || result.done) return
          received.push(...result.value)
        }
      }
      await expect(read()).rejects.toThrow(new TypeError('terminated'))
      expect(received).toEqual([...whole.subarray(0, afterBytes)])
      expect(server.openRequests).toEqual([])
    }
  })

  it('a cut fault can close the body cleanly', async () => {
    const { server } = withFault({ type: 'cut', afterBytes: 20, ending: 'close' })
    expect(await (await server.fetch(LIST)).text()).toHaveLength(20)
  })

  it('a cut fault does not change a body that is shorter than the cut', async () => {
    const { server } = withFault({ type: 'cut', afterBytes: 1_000_000 })
    expect((await (await server.fetch(LIST)).json()).items).toHaveLength(1)
  })

  it('a stall fault stops a body without closing it, and an abort still ends it', async () => {
    const { clock, server } = withFault({ type: 'stall', afterBytes: 30 })
    const controller = new AbortController()
    const body = readAll(await server.fetch(LIST, { signal: controller.signal }))
    await clock.advance(3_600_000)
    expect(body).toMatchObject({ ended: false, chunks: [30] })
    controller.abort('enough')
    await body.done
    expect(body.error).toBe('enough')
    expect(server.openRequests).toEqual([])
  })

  it('a delay fault delays the headers by the clock of the server', async () => {
    const { clock, server } = withFault({ type: 'delay', ms: 5000 })
    let answered = false
    const response = server.fetch(LIST).then(async (answer) => {
      answered = true
      await answer.text()
    })
    await clock.advance(4999)
    expect(answered).toBe(false)
    await clock.advance(1)
    await response
    expect(answered).toBe(true)
  })

  it('an abort during the delay rejects with its reason and leaves no timer', async () => {
    const { clock, server } = withFault({ type: 'delay', ms: 5000 })
    const controller = new AbortController()
    const response = server.fetch(LIST, { signal: controller.signal })
    await clock.settle()
    controller.abort('enough')
    await expect(response).rejects.toBe('enough')
    expect(clock.pending).toBe(0)
  })

  it('a refuse fault rejects with a TypeError, like fetch', async () => {
    const { server } = withFault({ type: 'refuse' })
    await expect(server.fetch(LIST)).rejects.toThrow(TypeError)
    expect(server.requests).toMatchObject([{ status: undefined, state: 'closed' }])
    expect((await server.fetch(LIST)).status).toBe(200)
  })

  it.each([401, 403, 404, 410, 429, 500, 503])('a status fault answers a request with a Status of code %i', async (status) => {
    const { server } = withFault({ type: 'status', status, retryAfterSeconds: 7 })
    const response = await server.fetch(LIST)
    expect(response.status).toBe(status)
    expect(response.headers.get('retry-after')).toBe('7')
    expect(await response.json()).toMatchObject({ kind: 'Status', code: status, details: { retryAfterSeconds: 7 } })
  })

  it('answers a request with plain text, like a server that shuts down', async () => {
    const { server } = withFault({
      type: 'status',
      status: 429,
      text: 'The apiserver is shutting down, please try again later.\n',
      retryAfterSeconds: 5,
    })
    const response = await server.fetch(LIST)
    expect(response.headers.get('content-type')).toMatch('text/plain')
    expect(response.headers.get('retry-after')).toBe('5')
    expect(await response.text()).toMatch('shutting down')
  })

  it.each([410, 429, 500])('sends an ERROR event with code %i between the events of a watch, and ends it', async (code) => {
    const { clock, server } = setUp()
    server.faults.add({ match: { verb: 'watch' }, fault: { type: 'error-event', status: { code, reason: 'Injected' }, afterLines: 2 } })
    const watch = readAll(await server.fetch(`${LIST}?watch=1&resourceVersion=${server.resourceVersion}`))
    for (const name of ['a', 'b', 'c']) server.create(ConfigMap, configMap(name))
    await clock.settle()
    const events = watch.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(events).toMatchObject([
      { object: { metadata: { name: 'a' } } },
      { object: { metadata: { name: 'b' } } },
      { type: 'ERROR', object: { kind: 'Status', code, reason: 'Injected' } },
    ])
    expect(watch).toMatchObject({ ended: true, error: undefined })
  })

  it('inserts an invalid line into a watch at once, and continues it', async () => {
    const { clock, server } = setUp()
    server.faults.add({ fault: { type: 'line', text: '{"type":"ADD' } })
    const watch = readAll(await server.fetch(`${LIST}?watch=1&resourceVersion=${server.resourceVersion}`))
    await clock.settle()
    expect(watch.text).toBe('{"type":"ADD\n')
    server.create(ConfigMap, configMap('a'))
    await clock.settle()
    expect(watch.text.split('\n')[1]).toMatch('"ADDED"')
    expect(watch.ended).toBe(false)
  })

  it('sends a body in chunks of given sizes without changing it', async () => {
    const { server } = withFault({ type: 'chunks', sizes: [1, 7, 2] })
    const body = readAll(await server.fetch(LIST))
    await body.done
    expect(body.chunks.slice(0, 5)).toEqual([1, 7, 2, 1, 7])
    expect(new TextEncoder().encode(body.text)).toEqual(await intact())
  })

  it('combines several faults of one request: chunks are cut from the remaining body', async () => {
    const { server } = withFault({ type: 'chunks', sizes: [4] })
    server.faults.add({ fault: { type: 'cut', afterBytes: 10, ending: 'close' } })
    const body = readAll(await server.fetch(LIST))
    await body.done
    expect(body.chunks).toEqual([4, 4, 2])
  })

  it('applies faults to matching requests, as often as configured, until they are removed', async () => {
    const { server } = setUp()
    const status = async (path: string) => {
      const response = await server.fetch(`http://kubernetes.test${path}`)
      await response.text()
      return response.status
    }
    server.faults.add({ match: { resource: 'pods', verb: 'list' }, times: 2, fault: { type: 'status', status: 500 } })
    const takeBack = server.faults.add({
      match: ({ url }) => url.includes('limit=7'),
      times: Infinity,
      fault: { type: 'status', status: 503 },
    })
    expect(await status('/api/v1/nodes')).toBe(200)
    expect([await status('/api/v1/pods'), await status('/api/v1/pods'), await status('/api/v1/pods')]).toEqual([500, 500, 200])
    expect([await status('/api/v1/nodes?limit=7'), await status('/api/v1/nodes?limit=7')]).toEqual([503, 503])
    takeBack()
    expect(await status('/api/v1/nodes?limit=7')).toBe(200)
  })

  it.each<[string, Fault]>([
    ['afterBytes', { type: 'cut', afterBytes: -1 }],
    ['ms', { type: 'delay', ms: -1 }],
    ['sizes', { type: 'chunks', sizes: [4, 0] }],
  ])('Faults.add refuses an invalid %s with an error that names it', (name, fault) => {
    expect(() => setUp().server.faults.add({ fault })).toThrow(`${name} of a ${fault.type} fault`)
  })
})
