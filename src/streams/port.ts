// Connects to a port of a pod: one TCP connection over one WebSocket.

import { ConnectionError } from '../api/errors'
import type { StreamClient } from '../http/handshake'
import { upgrade } from '../http/upgrade'
import { systemClock } from '../internal/clock'
import { listen } from '../internal/listen'
import type { Socket } from '../socket/socket'
import { V4 } from './channels'
import { type AttachOptions, checkCount, type PodTarget, podPath } from './exec'
import { createInflow, type Inflow, receive, unreadLimit } from './inflow'
import { type ConnectionOptions, createSender, DEFAULT_KEEP_ALIVE_MS } from './sender'

/** Options of {@link connectPort}. */
export interface ConnectPortOptions extends Omit<PodTarget, 'container'>, Pick<AttachOptions, 'maxUnread' | 'keepAliveMs'> {
  /** A port of the pod, from 1 to 65,535. What listens on the pod's loopback interface is reached too. */
  port: number
}

/** A TCP connection to a port of a pod, in the shape of `connect()` of Cloudflare Workers. */
export interface PortConnection extends AsyncDisposable {
  /** Bytes from the pod. Closes when the pod closes the connection; breaks with it. Canceling it discards what arrives. */
  readonly readable: ReadableStream<Uint8Array>
  /**
   * Accepts bytes for the pod, as fast as the connection does. Closing it sends nothing, because the protocol cannot end one direction:
   * reading goes on. Aborting it closes the connection.
   */
  readonly writable: WritableStream<Uint8Array>
  /**
   * Resolves when the pod, or {@link close}, has closed the connection. Rejects with a ConnectionError when it broke or the port refused it; with a
   * StreamOverflowError when nothing reads; with the signal's reason after an abort.
   */
  readonly closed: Promise<void>
  /** Closes the connection. Idempotent. */
  close(): Promise<void>
}

/** The channels of the only port. Each begins with the port's number in two bytes. @see cri-streaming `portforward` */
const DATA = 0
const ERROR = 1
const PORT_BYTES = 2
/** The longest error text that is kept, in characters. */
const MAX_REFUSAL = 64 * 1024

/**
 * Opens a TCP connection to a port of a pod. It is never reconnected, because a TCP stream cannot be resumed.
 *
 * Needs the rights `get` and `create` on `pods/portforward`.
 *
 * @throws RangeError for an impossible port; ApiError when the server refuses; ConnectionError; the signal's reason when it is aborted. A port
 *   that refuses the connection is an error of `closed` and `readable`, because the server accepts the stream first.
 * @see KEP-4006; kubelet `portforward` with the subprotocol `v4.channel.k8s.io`
 * @example
 * ```ts
 * await using connection = await connectPort(client, { namespace: 'shop', name: 'web-1', port: 8080 })
 * const writer = connection.writable.getWriter()
 * await writer.write(new TextEncoder().encode('GET /healthz HTTP/1.0\r\n\r\n'))
 * console.log(await new Response(connection.readable).text())
 * ```
 */
export async function connectPort(client: StreamClient, options: ConnectPortOptions): Promise<PortConnection> {
  const { port, maxUnread, keepAliveMs = DEFAULT_KEEP_ALIVE_MS, signal, clock = systemClock } = options
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new RangeError(`connectPort: the port must be an integer from 1 to 65,535, got ${port}`)
  checkCount(maxUnread ?? 1, 'connectPort: maxUnread', 1)
  checkCount(keepAliveMs, 'connectPort: keepAliveMs', 0)
  const path = podPath(options, 'portforward')
  const params = new URLSearchParams({ ports: String(port) })
  const socket = await upgrade(client, { path, params, subresource: 'portforward', protocols: [V4], signal })
  const request = { method: 'GET', url: `${client.baseUrl}/${path}` }
  return startConnection(socket, { request, port, maxUnread, keepAliveMs, signal, clock })
}

/** Runs the protocol of one port on a socket. */
function startConnection(socket: Socket, options: ConnectionOptions & { readonly port: number }): PortConnection {
  const { request, port, signal, clock } = options
  const data = createInflow('data', unreadLimit(socket, options.maxUnread))
  const sender = createSender(socket, options)
  const decoder = new TextDecoder()
  /** The bytes of the port's number that are still expected, by channel. */
  const expected = [PORT_BYTES, PORT_BYTES]
  let refusal = ''
  let isOver = false
  let writing: WritableStreamDefaultController
  let settle: () => void
  let reject: (error: unknown) => void
  const closed = new Promise<void>((...settlers) => {
    ;[settle, reject] = settlers
  })
  // A caller that reads to the end need not handle it.
  closed.catch(() => {})

  /** Ends everything. The first call decides. */
  const end = (error?: unknown): void => {
    if (isOver) return
    isOver = true
    unlisten()
    sender.close()
    data.end(error)
    writing.error(error ?? new DOMException('the connection is closed', 'InvalidStateError'))
    if (error === undefined) settle()
    else reject(error)
  }
  const onMessage = (message: Uint8Array): Inflow | undefined => {
    const [channel = -1] = message
    const skipped = expected[channel]
    if (skipped === undefined) return undefined
    const bytes = message.subarray(1)
    const rest = bytes.subarray(skipped)
    expected[channel] = skipped - (bytes.length - rest.length)
    if (channel === ERROR) {
      if (refusal.length < MAX_REFUSAL) refusal += decoder.decode(rest, { stream: true })
      return undefined
    }
    data.push(rest)
    return data
  }
  const run = async (): Promise<void> => {
    await receive(socket, onMessage, clock)
    const problem = refusal.trim() || ((await socket.closed) !== 1000 && 'the connection broke')
    end(problem ? new ConnectionError(request, undefined, `port ${port}: ${problem}`) : undefined)
  }
  const writable = new WritableStream<Uint8Array>({
    start(controller) {
      writing = controller
    },
    write: (bytes) => sender.write(DATA, bytes),
    abort: () => end(),
  })
  const close = async (): Promise<void> => end()

  const unlisten = listen(signal, 'abort', () => end(signal?.reason))
  run().catch(end)
  if (signal?.aborted) end(signal.reason)
  return { readable: data.readable, writable, closed, close, [Symbol.asyncDispose]: close }
}
