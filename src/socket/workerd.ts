// Opens WebSockets in workerd, by an upgrade with `fetch`.

import type { Socket, SocketRequest } from './socket'
import { socketOver, type WebSocketLike } from './web-socket'

/** A response of workerd. */
type UpgradeResponse = Response & { webSocket?: (WebSocketLike & { accept(): void }) | null }

/** Opens a WebSocket with a `fetch` of workerd. */
export async function openInWorkerd(
  { url, protocols, headers, signal }: SocketRequest,
  fetch: (url: string, init: RequestInit) => Promise<Response> = globalThis.fetch,
): Promise<Socket | Response> {
  const own = new Headers(headers)
  own.set('Upgrade', 'websocket')
  own.set('Sec-WebSocket-Protocol', protocols.join(', '))
  const response: UpgradeResponse = await fetch(url, { headers: own, signal, redirect: 'manual' }).catch((cause: unknown) => {
    // A TypeError would pass for a mistake of the caller.
    throw new Error('the WebSocket handshake failed', { cause })
  })
  const { webSocket } = response
  if (!webSocket) return response
  // Listen before accepting: messages that arrive earlier are lost.
  const socket = socketOver(webSocket, response.headers.get('sec-websocket-protocol') ?? '', signal)
  webSocket.accept()
  return socket
}
