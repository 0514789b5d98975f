// Tests for WebSockets through the proxy of a kubeconfig, over TCP on loopback.

import { once } from 'node:events'
import { createServer as createHttpServer, type Server } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Socket as TcpSocket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { type ConnectOptions, connect } from '../../src/kubeconfig/connect'
import type { Socket } from '../../src/socket/socket'
import { failure } from '../streams/outcomes.ts'
import { createAuthority } from './certificates'
import { startEcho } from './echo'
import { startProxy } from './tls-server'

const requestTo = (url: string, signal = new AbortController().signal) => ({
  url,
  protocols: ['v5'],
  headers: new Headers({ authorization: 'Bearer t' }),
  signal,
})

/** Opens a WebSocket with the settings of a kubeconfig. */
async function open(url: string, options: Partial<ConnectOptions>, signal?: AbortSignal): Promise<Socket> {
  const transport = await connect({ verify: true, ...options })
  try {
    return (await transport.webSocket(requestTo(url, signal))) as Socket
  } finally {
    await transport.close()
  }
}

const authority = createAuthority()
const tlsServer = () =>
  createServer({ ...authority.server('127.0.0.1', 'kube.test'), requestCert: true, rejectUnauthorized: false }) as unknown as Server

describe('a WebSocket through a proxy', () => {
  test('goes through the tunnel to a server with TLS, and only the server gets the certificate and the token', async () => {
    await using server = await startEcho(tlsServer())
    await using proxy = await startProxy()
    const url = proxy.url.replace('//', '//me:p%40ss@')
    const settings = { ca: authority.cert, certificate: authority.client('ann'), serverName: 'kube.test', proxy: url }
    const socket = await open(`https://${server.url}/api`, settings)
    expect(proxy.tunnels).toEqual([{ to: server.url, as: `Basic ${btoa('me:p@ss')}` }])
    expect(server.seen).toEqual(['Bearer t ann kube.test'])
    expect([socket.protocol, socket.hasBackpressure]).toEqual(['v5', true])
    const messages = socket.readable.getReader()
    const next = async () => new TextDecoder().decode((await messages.read()).value)
    expect(await next()).toBe('hello')
    await socket.writable.getWriter().write(new TextEncoder().encode('again'))
    expect(await next()).toBe('again')
    socket.close()
    expect(await socket.closed).toBe(1000)
  })

  test('goes through the tunnel to a server without TLS', async () => {
    await using server = await startEcho(createHttpServer())
    await using proxy = await startProxy()
    const socket = await open(`http://${server.url}/api`, { proxy: proxy.url })
    expect(proxy.tunnels).toEqual([{ to: server.url, as: undefined }])
    expect(new TextDecoder().decode((await socket.readable.getReader().read()).value)).toBe('hello')
    socket.close()
  })

  test('fails when the server behind the proxy is not trusted, and leaves nothing open', async () => {
    await using server = await startEcho(tlsServer())
    await using proxy = await startProxy()
    const error = await failure(open(`https://${server.url}/api`, { proxy: proxy.url }))
    expect(String(error)).toMatch(/certificate/i)
    expect(server.seen).toEqual([])
  })

  test('fails with the status of a proxy that refuses', async () => {
    const refusing = createHttpServer().on('connect', (_, socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'))
    refusing.listen(0, '127.0.0.1')
    await once(refusing, 'listening')
    const proxy = `http://me:secret@127.0.0.1:${(refusing.address() as AddressInfo).port}`
    const error = await failure(open('https://kube.test:6443/api', { proxy }))
    expect(String(error)).toBe('Error: the proxy answered 407 to CONNECT kube.test:6443')
    await new Promise((resolve) => refusing.close(resolve))
  })

  test('ends with the reason of the signal while the proxy or the server is silent', async () => {
    for (const isServerSilent of [false, true]) {
      const ends: Promise<unknown>[] = []
      const silent = createHttpServer().on('connect', (_, socket: TcpSocket) => {
        socket.on('error', () => undefined).on('end', () => socket.end())
        ends.push(new Promise((resolve) => socket.resume().once('close', resolve)))
        if (isServerSilent) socket.write('HTTP/1.1 200 OK\r\n\r\n')
        arrived()
      })
      let arrived = () => {}
      const connected = new Promise<void>((resolve) => {
        arrived = resolve
      })
      silent.listen(0, '127.0.0.1')
      await once(silent, 'listening')
      const aborting = new AbortController()
      const opening = failure(
        open('https://kube.test/api', { proxy: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` }, aborting.signal),
      )
      await connected
      const reason = new Error('enough')
      aborting.abort(reason)
      expect(await opening).toBe(reason)
      // The client has closed its end, also under TLS that never began.
      await Promise.all(ends)
      await new Promise((resolve) => silent.close(resolve))
    }
  })
})
