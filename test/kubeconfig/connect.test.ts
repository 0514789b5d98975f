import { once } from 'node:events'
import * as undici from 'undici'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type ConnectOptions, connect, type Undici } from '../../src/kubeconfig/connect'
import { deferred } from '../http/server'
import { type RecordingServer, startProxy, startRecordingServer } from './tls-server'

describe('a connection in Node', () => {
  let server: RecordingServer
  let respond: Parameters<typeof startRecordingServer>[0]

  beforeEach(async () => {
    respond = undefined
    server = await startRecordingServer((seen, response) => (respond ? respond(seen, response) : response.end('ok')))
  })
  afterEach(() => server[Symbol.asyncDispose]())

  /** Sends one request over a new connection. */
  async function send(options: Partial<ConnectOptions> = {}, init: RequestInit & { url?: string } = {}) {
    const transport = await connect({ ca: server.authority.cert, verify: true, ...options })
    try {
      const response = await transport.fetch(new Request(init.url ?? `${server.url}/api?x=1`, init), new AbortController().signal)
      return { status: response.status, text: await response.text(), response }
    } finally {
      await transport.close()
    }
  }

  test("the Undici interface matches undici's own types", () => {
    const used: Omit<Undici, 'fetch'> = undici
    expect([used.Agent, used.ProxyAgent, undici.fetch].map((part) => typeof part)).toEqual(['function', 'function', 'function'])
  })

  test('a connection in Node trusts only the given authority', async () => {
    expect(await send()).toMatchObject({ status: 200, text: 'ok' })
    await expect(send({ ca: undefined })).rejects.toThrow('unable to verify the first certificate')
    expect(await send({ ca: undefined, verify: false })).toMatchObject({ text: 'ok' })
  })

  test('a connection in Node presents its certificate', async () => {
    await send({ certificate: server.authority.client('ann', 'admins') })
    await send()
    expect(server.seen.map(({ client }) => client)).toEqual(['ann', undefined])
  })

  test('a connection in Node requests the given server name, and verifies it', async () => {
    await send({ serverName: 'kube.test' })
    expect(server.seen).toMatchObject([{ serverName: 'kube.test' }])
    await expect(send({ serverName: 'other.test' })).rejects.toThrow("Host: other.test. is not in the cert's altnames")
    expect(await send({ serverName: 'other.test', verify: false })).toMatchObject({ text: 'ok' })
  })

  test('a connection in Node sends method, headers and body unchanged, and returns a Response of the runtime', async () => {
    const { response } = await send({}, { method: 'PUT', body: '{"ä":1}', headers: { 'content-type': 'application/json', 'x-y': 'z' } })
    expect(response).toBeInstanceOf(Response)
    const headers = { 'content-type': 'application/json', 'content-length': '8', 'x-y': 'z' }
    expect(server.seen).toMatchObject([{ method: 'PUT', path: '/api?x=1', body: '{"ä":1}', headers }])
  })

  test('a connection in Node uses a proxy with its password, and verifies the server behind it', async () => {
    await using proxy = await startProxy()
    const url = proxy.url.replace('//', '//me:p%40ss@')
    await send({ proxy: url, certificate: server.authority.client('ann'), serverName: 'kube.test' })
    expect(proxy.tunnels).toEqual([{ to: new URL(server.url).host, as: `Basic ${btoa('me:p@ss')}` }])
    expect(server.seen).toMatchObject([{ client: 'ann', serverName: 'kube.test' }])
    await expect(send({ proxy: url, ca: undefined })).rejects.toThrow()
  })

  test('a connection in Node does not time out while the server is silent', async () => {
    const open = deferred<() => void>()
    respond = (_, response) => {
      response.write('first')
      open.resolve(() => response.end('last'))
    }
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
    try {
      const transport = await connect({ ca: server.authority.cert, verify: true })
      const response = await transport.fetch(new Request(server.url), new AbortController().signal)
      const text = response.text()
      // undici's timers have a resolution of one second.
      for (let second = 0; second < 1_200; second++) vi.advanceTimersByTime(1_000)
      ;(await open.promise)()
      expect(await text).toBe('firstlast')
      await transport.close()
    } finally {
      vi.useRealTimers()
    }
  })

  test('an abort closes a connection in Node, during the wait and during the read', async () => {
    const transport = await connect({ ca: server.authority.cert, verify: true })
    for (const answers of [false, true]) {
      const asked = deferred()
      respond = (_, response) => {
        if (answers) response.write('first')
        asked.resolve()
      }
      const { signal, abort } = aborting()
      const reading = transport.fetch(new Request(server.url), signal).then((response) => response.text())
      reading.catch(() => undefined)
      await asked.promise
      const [socket] = server.sockets
      const closed = socket && once(socket, 'close')
      abort()
      await expect(reading).rejects.toThrow('enough')
      await closed
    }
    await transport.close()
  })

  test('canceling the body closes a connection in Node', async () => {
    respond = (_, response) => response.write('first')
    const transport = await connect({ ca: server.authority.cert, verify: true })
    const { body } = await transport.fetch(new Request(server.url), new AbortController().signal)
    const [socket] = server.sockets
    const closed = socket && once(socket, 'close')
    await body?.cancel()
    await closed
    await transport.close()
  })
})

function aborting() {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort(new Error('enough')) }
}
