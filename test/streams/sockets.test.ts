// Tests for the sockets of each runtime, with the runtime's classes replaced.

import { getEventListeners } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { KubeClient } from '../../src/http/client'
import { openInDeno } from '../../src/socket/deno'
import { encodeFrame, OPCODE } from '../../src/socket/frames'
import { openInNode, socketOverConnection } from '../../src/socket/node'
import type { Connection } from '../../src/socket/node-connection'
import { openInPage } from '../../src/socket/page'
import type { Socket, SocketRequest } from '../../src/socket/socket'
import { socketOver, type WebSocketLike } from '../../src/socket/web-socket'
import { openInWorkerd } from '../../src/socket/workerd'
import { exec } from '../../src/streams/exec'

const MiB = 1024 * 1024

const requestOf = (headers: HeadersInit = {}, signal = new AbortController().signal): SocketRequest => ({
  url: 'https://kube.test/api/v1/namespaces/shop/pods/web/exec?command=sh',
  protocols: ['v5.channel.k8s.io', 'v4.channel.k8s.io'],
  headers: new Headers(headers),
  signal,
})

/** Reads a socket to its end. */
async function messagesOf({ readable }: Socket): Promise<Uint8Array[]> {
  const messages: Uint8Array[] = []
  await readable.pipeTo(new WritableStream({ write: (message) => void messages.push(message) }))
  return messages
}

/** A WebSocket in memory, which opens when it is told to. */
class FakeWebSocket extends EventTarget implements WebSocketLike {
  static readonly opened: FakeWebSocket[] = []
  readonly sent: Uint8Array[] = []
  readonly url: string
  readonly arguments: unknown
  bufferedAmount = 0
  binaryType = ''
  protocol = 'v5.channel.k8s.io'
  readyState = 0
  isClosed = false
  isAccepted = false

  constructor(url: string, options?: unknown) {
    super()
    this.url = url
    this.arguments = options
    FakeWebSocket.opened.push(this)
  }
  send(data: Uint8Array) {
    this.sent.push(data)
  }
  close() {
    this.isClosed = true
  }
  accept() {
    this.isAccepted = true
  }
  open() {
    this.readyState = 1
    this.dispatchEvent(new Event('open'))
  }
  receive(data: ArrayBuffer | string) {
    this.dispatchEvent(new MessageEvent('message', { data }))
  }
}

const last = (): FakeWebSocket => FakeWebSocket.opened.at(-1) as FakeWebSocket

afterEach(() => {
  vi.unstubAllGlobals()
  FakeWebSocket.opened.length = 0
})

describe('in a page', () => {
  /** Opens a WebSocket without WebSocketStream. */
  async function openedInPage(headers: HeadersInit = {}): Promise<Socket> {
    vi.stubGlobal('WebSocket', FakeWebSocket)
    vi.stubGlobal('WebSocketStream', undefined)
    const opening = openInPage(requestOf(headers))
    last().open()
    return await opening
  }

  test('the token goes into a subprotocol beside the others, in base64url without padding', async () => {
    await openedInPage({ authorization: 'Bearer tök?en>>' })
    expect(last().url).toBe('wss://kube.test/api/v1/namespaces/shop/pods/web/exec?command=sh')
    const offered = last().arguments as string[]
    expect(offered.slice(0, 2)).toEqual(['v5.channel.k8s.io', 'v4.channel.k8s.io'])
    const [, encoded] = /^base64url\.bearer\.authorization\.k8s\.io\.([\w-]+)$/.exec(offered[2] ?? '') ?? []
    expect(Buffer.from(encoded ?? '', 'base64url').toString()).toBe('tök?en>>')
  })

  test('without a token only the protocols are offered', async () => {
    const socket = await openedInPage()
    expect(last().arguments).toEqual(['v5.channel.k8s.io', 'v4.channel.k8s.io'])
    expect(socket.hasBackpressure).toBe(false)
  })

  test('a client that impersonates, or has no bearer token, is a TypeError before anything is sent', async () => {
    vi.stubGlobal('WebSocket', FakeWebSocket)
    for (const [headers, message] of [
      [{ 'impersonate-user': 'ann' }, 'pages cannot impersonate on a stream'],
      [{ authorization: 'Basic dXNlcjpwYXNz' }, 'only with a bearer token or a cookie'],
    ] as const) {
      const error = await openInPage(requestOf(headers)).catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(TypeError)
      expect(String(error)).toContain(message)
      expect(String(error)).not.toContain('dXNlcjpwYXNz')
    }
    expect(FakeWebSocket.opened).toEqual([])
  })

  test('exec rejects with that TypeError, and sends no request to find out more', async () => {
    const requests: string[] = []
    const client = new KubeClient({
      baseUrl: 'http://kube.test',
      impersonate: { user: 'ann' },
      webSocket: openInPage,
      fetch: async ({ url }) => {
        requests.push(url)
        return new Response('{}')
      },
    })
    await expect(exec(client, { namespace: 'shop', name: 'web', command: ['ls'] })).rejects.toThrow(TypeError)
    expect(requests).toEqual([])
  })

  test('a WebSocketStream is preferred, because a slow reader stops the server there', async () => {
    const pulled: number[] = []
    let isClosed = false
    class FakeWebSocketStream {
      readonly closed = new Promise<never>(() => undefined)
      readonly opened = Promise.resolve({
        protocol: 'v5.channel.k8s.io',
        readable: new ReadableStream<ArrayBuffer>(
          {
            pull(controller) {
              pulled.push(pulled.length)
              controller.enqueue(Uint8Array.of(1, pulled.length).buffer)
            },
          },
          { highWaterMark: 0 },
        ),
        writable: new WritableStream<Uint8Array>(),
      })
      close() {
        isClosed = true
      }
    }
    vi.stubGlobal('WebSocketStream', FakeWebSocketStream)
    const socket = await openInPage(requestOf())
    expect([socket.hasBackpressure, pulled]).toEqual([true, []])
    const reader = socket.readable.getReader()
    expect((await reader.read()).value).toEqual(Uint8Array.of(1, 1))
    expect(pulled).toEqual([0])
    socket.close()
    expect(isClosed).toBe(true)
  })

  test('a WebSocketStream of Deno is read to its end when it is closed, because canceling it ends the process there', async () => {
    let canceled = 0
    let left = 3
    class FakeWebSocketStream {
      readonly closed = new Promise<never>(() => undefined)
      readonly opened = Promise.resolve({
        protocol: 'v5.channel.k8s.io',
        readable: new ReadableStream<ArrayBuffer>(
          {
            pull: (controller) => (left-- > 0 ? controller.enqueue(new ArrayBuffer(1)) : controller.close()),
            cancel: () => void canceled++,
          },
          { highWaterMark: 0 },
        ),
        writable: new WritableStream<Uint8Array>(),
      })
      close() {}
    }
    vi.stubGlobal('WebSocketStream', FakeWebSocketStream)
    const socket = await openInDeno(requestOf())
    socket.close()
    await expect.poll(() => left).toBe(-1)
    expect(canceled).toBe(0)
  })

  test('an abort during the handshake closes the WebSocket and rejects with the reason', async () => {
    vi.stubGlobal('WebSocket', FakeWebSocket)
    vi.stubGlobal('WebSocketStream', undefined)
    const controller = new AbortController()
    const opening = openInPage(requestOf({}, controller.signal)).catch((thrown: unknown) => thrown)
    const reason = new Error('enough')
    controller.abort(reason)
    expect(await opening).toBe(reason)
    expect(last().isClosed).toBe(true)
  })
})

describe('over a WebSocket object', () => {
  test('a writer waits while more than 1 MiB is unsent', async () => {
    vi.useFakeTimers()
    try {
      const webSocket = new FakeWebSocket('wss://kube.test')
      const socket = socketOver(webSocket, 'v5.channel.k8s.io', new AbortController().signal)
      const writer = socket.writable.getWriter()
      webSocket.bufferedAmount = MiB
      await writer.write(Uint8Array.of(0, 1))
      webSocket.bufferedAmount = MiB + 1
      let isWritten = false
      const writing = writer.write(Uint8Array.of(0, 2)).then(() => {
        isWritten = true
      })
      await vi.advanceTimersByTimeAsync(1_000)
      expect([isWritten, webSocket.sent.length]).toEqual([false, 2])
      webSocket.bufferedAmount = 0
      await vi.advanceTimersByTimeAsync(10)
      await writing
    } finally {
      vi.useRealTimers()
    }
  })

  test('messages arrive as bytes, and the end of the connection ends the stream, however it ends', async () => {
    for (const code of [1000, 1006]) {
      const webSocket = new FakeWebSocket('wss://kube.test')
      const socket = socketOver(webSocket, '', new AbortController().signal)
      webSocket.receive(Uint8Array.of(1, 2).buffer)
      webSocket.receive('é')
      webSocket.dispatchEvent(Object.assign(new Event('close'), { code }))
      const messages = await messagesOf(socket)
      expect(messages).toEqual([Uint8Array.of(1, 2), new TextEncoder().encode('é')])
      await expect(socket.writable.getWriter().write(Uint8Array.of(0))).rejects.toThrow('the connection is closed')
    }
  })

  test.each([
    ['closed', (socket: Socket) => socket.close()],
    ['canceled', (socket: Socket) => void socket.readable.cancel()],
    ['aborted', (_: Socket, aborting: AbortController) => aborting.abort()],
  ])('a socket that is %s leaves no listener on the signal, and ignores a message that arrives late', (_, end) => {
    const aborting = new AbortController()
    const webSocket = new FakeWebSocket('wss://kube.test')
    const heard: string[] = []
    const listening = vi.spyOn(webSocket, 'removeEventListener').mockImplementation((type, listener) => {
      heard.push(type)
      EventTarget.prototype.removeEventListener.call(webSocket, type, listener)
    })
    const socket = socketOver(webSocket, '', aborting.signal)
    end(socket, aborting)
    expect(webSocket.isClosed).toBe(true)
    expect(getEventListeners(aborting.signal, 'abort')).toEqual([])
    expect(heard).toEqual(['message', 'close', 'error'])
    webSocket.receive('late')
    listening.mockRestore()
  })

  test('workerd gets the refusal as a response, and listens before it accepts', async () => {
    const refusal = new Response('no', { status: 403 })
    expect(await openInWorkerd(requestOf(), async () => refusal)).toBe(refusal)
    const webSocket = new FakeWebSocket('')
    let sent: Headers | undefined
    const accept = vi.spyOn(webSocket, 'accept').mockImplementation(() => webSocket.receive('first'))
    const answer = async (_: string, init: RequestInit) => {
      sent = new Headers(init.headers)
      return Object.assign(new Response(null, { headers: { 'sec-websocket-protocol': 'v4.channel.k8s.io' } }), { webSocket })
    }
    const socket = (await openInWorkerd(requestOf({ authorization: 'Bearer t' }), answer)) as Socket
    expect(accept).toHaveBeenCalledOnce()
    expect([socket.protocol, socket.hasBackpressure]).toEqual(['v4.channel.k8s.io', false])
    expect((await socket.readable.getReader().read()).value).toEqual(new TextEncoder().encode('first'))
    expect(Object.fromEntries(sent ?? [])).toEqual({
      authorization: 'Bearer t',
      upgrade: 'websocket',
      'sec-websocket-protocol': 'v5.channel.k8s.io, v4.channel.k8s.io',
    })
  })

  test('Deno gets the headers and the HTTP client of a kubeconfig', async () => {
    vi.stubGlobal('WebSocket', FakeWebSocket)
    const client = {}
    const opening = openInDeno(requestOf({ authorization: 'Bearer t' }), client)
    last().open()
    await opening
    expect(last().arguments).toEqual({
      protocols: ['v5.channel.k8s.io', 'v4.channel.k8s.io'],
      headers: { authorization: 'Bearer t' },
      client,
    })
  })
})

describe('in Node', () => {
  /** A TCP connection in memory. */
  function fakeConnection() {
    const listeners = new Map<string, (value: Uint8Array) => void>()
    const calls: string[] = []
    const written: Uint8Array[] = []
    const connection: Connection = {
      on: (event, listener) => listeners.set(event, listener),
      write(data, done) {
        written.push(data)
        done?.()
        return true
      },
      pause: () => calls.push('pause'),
      resume: () => calls.push('resume'),
      end: () => calls.push('end'),
      destroy: () => calls.push('destroy'),
    }
    return { connection, calls, written, emit: (event: string, value: Uint8Array = new Uint8Array()) => listeners.get(event)?.(value) }
  }

  /** Encodes a frame of the server, which is not masked. */
  const serverFrame = (opcode: number, data: Uint8Array): Uint8Array => {
    const header = data.length < 126 ? [0x80 | opcode, data.length] : [0x80 | opcode, 126, data.length >> 8, data.length & 0xff]
    return Uint8Array.of(...header, ...data)
  }
  const upgraded = (connection: Connection, head: Uint8Array = new Uint8Array()) =>
    socketOverConnection(connection, { head, protocol: 'v5.channel.k8s.io', signal: new AbortController().signal })

  test('the connection is paused at 64 KiB that were not read, and resumed by reading', async () => {
    const { connection, calls, emit } = fakeConnection()
    const reader = upgraded(connection).readable.getReader()
    await Promise.resolve()
    calls.length = 0
    for (let i = 0; i < 2; i++) emit('data', serverFrame(OPCODE.binary, new Uint8Array(32 * 1024)))
    expect(calls).toEqual(['pause'])
    await reader.read()
    expect(calls).toEqual(['pause', 'resume'])
  })

  test('bytes that came with the response are read first, pings are answered, and a close ends the stream', async () => {
    const { connection, calls, written, emit } = fakeConnection()
    const socket = upgraded(connection, serverFrame(OPCODE.binary, Uint8Array.of(1, 65)))
    emit('data', serverFrame(OPCODE.ping, Uint8Array.of(7)))
    emit('data', serverFrame(OPCODE.close, Uint8Array.of(3, 232)))
    expect(await messagesOf(socket)).toEqual([Uint8Array.of(1, 65)])
    expect(written.map(([first]) => (first ?? 0) & 0xf)).toEqual([OPCODE.pong, OPCODE.close])
    expect(calls.at(-1)).toBe('destroy')
  })

  test('bytes that are no frames close the connection', async () => {
    const { connection, calls, emit } = fakeConnection()
    const socket = upgraded(connection)
    emit('data', Uint8Array.of(0x82, 127, 255, 255, 255, 255, 255, 255, 255, 255))
    expect(await messagesOf(socket)).toEqual([])
    expect(calls.at(-1)).toBe('destroy')
  })

  test('client frames are masked', async () => {
    const { connection, written } = fakeConnection()
    await upgraded(connection)
      .writable.getWriter()
      .write(Uint8Array.of(0, 104, 105))
    const [frame = new Uint8Array()] = written
    expect((frame[1] ?? 0) & 0x80).toBe(0x80)
    expect(frame.length).toBe(encodeFrame(OPCODE.binary, new Uint8Array(3), new Uint8Array(4)).length)
  })

  const listening = async (server: Server): Promise<string> => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/exec`
  }

  test('a refusal is a response with status, headers and at most 64 Ki characters of the body', async () => {
    const server = createServer((_, response) => response.writeHead(403, { 'x-why': 'rights' }).end('n'.repeat(1_000_000)))
    const url = await listening(server)
    try {
      const refusal = (await openInNode({ ...requestOf(), url })) as Response
      expect([refusal.status, refusal.headers.get('x-why')]).toEqual([403, 'rights'])
      expect((await refusal.text()).length).toBeLessThan(3 * 64 * 1024)
    } finally {
      server.close()
    }
  })

  test('an abort during the handshake closes the connection and rejects with the reason', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const server = createServer()
    const closed = new Promise<void>((resolve) => {
      server.on('upgrade', (_, connection) => {
        connection.resume().on('end', () => resolve(void connection.destroy()))
        controller.abort(reason)
      })
    })
    const url = await listening(server)
    try {
      await expect(openInNode({ ...requestOf({}, controller.signal), url })).rejects.toBe(reason)
      await closed
    } finally {
      server.close()
    }
  })
})
