// Opens WebSockets in Deno, which sends headers and accepts an HTTP client with TLS settings.

import type { Socket, SocketRequest } from './socket'
import { opened, type WebSocketLike } from './web-socket'
import { openedStream, type WebSocketStreamLike } from './web-socket-stream'

/** The options that Deno adds to WebSocket. */
interface DenoOptions {
  readonly protocols: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  readonly client?: object
  readonly signal?: AbortSignal
}

/** Deno's constructors. */
interface DenoGlobals {
  readonly WebSocket: new (url: string, options: DenoOptions) => WebSocketLike & { readyState: number; protocol: string }
  /** With `--unstable-net`. */
  readonly WebSocketStream?: new (
    url: string,
    options: DenoOptions,
  ) => WebSocketStreamLike
}

/**
 * Opens a WebSocket in Deno: a WebSocketStream with `--unstable-net`, because it has backpressure.
 *
 * @param client of `Deno.createHttpClient`: the trusted certificates, the client certificate and the proxy. WebSocketStream accepts none.
 */
export async function openInDeno({ url, protocols, headers, signal }: SocketRequest, client?: object): Promise<Socket> {
  const target = url.replace(/^http/, 'ws')
  const options = { protocols, headers: Object.fromEntries(headers) }
  const { WebSocket, WebSocketStream } = globalThis as unknown as DenoGlobals
  // Deno 2.9 ends the process with an uncaught TypeError when a message arrives after its stream was canceled.
  if (WebSocketStream && !client) return openedStream(new WebSocketStream(target, { ...options, signal }), signal, 'read')
  return opened(new WebSocket(target, { ...options, ...(client && { client }) }), signal)
}
