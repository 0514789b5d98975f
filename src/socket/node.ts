// Opens WebSockets in Node and Bun: an HTTP upgrade, whose TCP connection can be paused, and frames of our own.

import { toBase64 } from '../internal/base64'
import { listen } from '../internal/listen'
import { encodeFrame, FrameDecoder, OPCODE } from './frames'
import type { Connection, TlsOptions } from './node-connection'
import type { Socket, SocketRequest } from './socket'

/** The part of `http.IncomingMessage` that is used. */
interface Incoming extends AsyncIterable<Uint8Array> {
  readonly statusCode?: number
  readonly rawHeaders: readonly string[]
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  destroy(): unknown
}

/** The part of `http.ClientRequest` that is used. */
interface Outgoing {
  on(event: 'upgrade', listener: (response: Incoming, connection: Connection, head: Uint8Array) => void): Outgoing
  on(event: 'response', listener: (response: Incoming) => void): Outgoing
  on(event: 'error', listener: (error: Error) => void): Outgoing
  end(): unknown
  destroy(): unknown
}

/** The modules of the runtime that are used. */
interface NodeModules {
  getBuiltinModule(name: 'node:http' | 'node:https'): { request(url: string, options: object): Outgoing }
}

/** The number of bytes that are read ahead; then the connection is paused. */
const READ_AHEAD = 64 * 1024
/** The number of bytes of a refusal that are read. */
const MAX_BODY = 64 * 1024
/** The maximum duration of reading a refusal, in milliseconds. */
const BODY_TIMEOUT_MS = 5_000

/** The settings of a connection in Node or Bun. */
export interface NodeOptions {
  readonly tls?: TlsOptions | undefined
  /** The URL of an HTTP proxy. */
  readonly proxy?: string | undefined
}

/** Opens a WebSocket in Node or Bun. */
export async function openInNode(
  { url, protocols, headers, signal }: SocketRequest,
  { tls = {}, proxy }: NodeOptions = {},
): Promise<Socket | Response> {
  // Loaded on demand: most connections need no proxy.
  const tunnel = proxy && (await (await import('./tunnel')).tunnelTo(new URL(url), proxy, { tls, signal }))
  const { process } = globalThis as unknown as { process: NodeModules }
  const { request } = process.getBuiltinModule(url.startsWith('https:') ? 'node:https' : 'node:http')
  const handshake = { ...Object.fromEntries(headers), ...handshakeHeaders(protocols) }
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { headers: handshake, ...(tunnel ? { createConnection: () => tunnel } : { ...tls, agent: false }) })
    const unlisten = listen(signal, 'abort', () => {
      reject(signal.reason)
      outgoing.destroy()
    })
    const settle = (value: Promise<Response> | Socket) => {
      unlisten()
      resolve(value)
    }
    outgoing
      .on('upgrade', (response, connection, head) => {
        const { 'sec-websocket-protocol': protocol = '' } = response.headers
        settle(socketOverConnection(connection, { head, protocol: String(protocol), signal }))
      })
      .on('response', (response) => settle(refusalOf(response)))
      .on('error', (error) => {
        unlisten()
        reject(error)
      })
      .end()
    if (signal.aborted) {
      reject(signal.reason)
      outgoing.destroy()
    }
  })
}

/** Returns the headers that ask for a WebSocket. The server's proof of the key is not checked: TLS vouches for the server. */
function handshakeHeaders(protocols: readonly string[]): Record<string, string> {
  return {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': toBase64(crypto.getRandomValues(new Uint8Array(16))),
    'sec-websocket-protocol': protocols.join(', '),
  }
}

async function refusalOf(response: Incoming): Promise<Response> {
  const { statusCode: status = 500, rawHeaders } = response
  const headers = new Headers()
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) headers.append(rawHeaders[i] as string, rawHeaders[i + 1] as string)
  const timer = setTimeout(() => response.destroy(), BODY_TIMEOUT_MS)
  const decoder = new TextDecoder()
  let text = ''
  try {
    for await (const chunk of response) {
      text += decoder.decode(chunk, { stream: true })
      if (text.length > MAX_BODY) break
    }
  } catch {
    // What arrived before the connection broke still helps.
  } finally {
    clearTimeout(timer)
    response.destroy()
  }
  return new Response(status === 204 || status === 304 ? null : text, { status: Math.max(status, 200), headers })
}

/** A connection after the handshake. */
interface Upgraded {
  /** The bytes after the response's header. */
  readonly head: Uint8Array
  readonly protocol: string
  /** Closes the connection when it is aborted. */
  readonly signal: AbortSignal
}

/** Speaks WebSocket on a connection. Reading pauses it, so a slow reader stops the server. */
export function socketOverConnection(connection: Connection, { head, protocol, signal }: Upgraded): Socket {
  const decoder = new FrameDecoder()
  let isOpen = true
  let finish = () => {}
  let settle: (code: number) => void = () => {}
  const closed = new Promise<number>((resolve) => {
    settle = resolve
  })
  const send = (opcode: number, data: Uint8Array, done?: (error?: unknown) => void) =>
    connection.write(encodeFrame(opcode, data, crypto.getRandomValues(new Uint8Array(4))), done)
  const end = (code: number) => {
    if (!isOpen) return
    isOpen = false
    unlisten()
    settle(code)
    finish()
  }
  const closeWith = (code: number) => {
    if (isOpen) send(OPCODE.close, Uint8Array.of(3, 232))
    end(code)
    connection.destroy()
  }
  const close = () => closeWith(1000)
  const unlisten = listen(signal, 'abort', () => close())

  const readable = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        finish = () => controller.close()
        const receive = (bytes: Uint8Array) => {
          if (!isOpen) return
          for (const { opcode, data } of decoder.push(bytes)) {
            if (opcode === OPCODE.ping) send(OPCODE.pong, data)
            else if (opcode === OPCODE.close) return closeWith(closeCodeIn(data))
            else if (opcode !== OPCODE.pong) controller.enqueue(data)
          }
          if ((controller.desiredSize ?? 0) <= 0) connection.pause()
        }
        const guarded = (bytes: Uint8Array) => {
          try {
            receive(bytes)
          } catch {
            // The server does not speak WebSocket.
            closeWith(1006)
          }
        }
        connection.on('data', guarded)
        connection.on('end', () => closeWith(1006))
        connection.on('close', () => end(1006))
        connection.on('error', () => end(1006))
        if (head.length > 0) guarded(new Uint8Array(head))
      },
      pull: () => void connection.resume(),
      cancel() {
        finish = () => {}
        close()
      },
    },
    { highWaterMark: READ_AHEAD, size: (message) => message.length },
  )
  const writable = new WritableStream<Uint8Array>({
    write: (message) =>
      new Promise<void>((resolve, reject) => {
        if (!isOpen) return reject(new Error('the connection is closed'))
        send(OPCODE.binary, message, (error) => (error ? reject(error) : resolve()))
      }),
    close,
    abort: close,
  })
  if (signal.aborted) close()
  return { protocol, readable, writable, hasBackpressure: true, closed, close }
}

/** The code in the data of a close frame; 1005 without one. */
const closeCodeIn = ([high, low]: Uint8Array): number => (high === undefined || low === undefined ? 1005 : high * 256 + low)
