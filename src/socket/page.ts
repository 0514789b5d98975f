// Opens WebSockets in browsers, which send no headers.

import { toBase64Url } from '../internal/base64'
import { BEARER_PROTOCOL, type Socket, type SocketRequest } from './socket'
import { opened, type WebSocketLike } from './web-socket'
import { openedStream, type WebSocketStreamLike } from './web-socket-stream'

/** Chromium 124 and newer. */
type WebSocketStreamClass = new (url: string, options: { protocols: readonly string[]; signal: AbortSignal }) => WebSocketStreamLike

/**
 * Opens a WebSocket in a page or its worker: a WebSocketStream where there is one, because it has backpressure. A bearer token goes into a
 * subprotocol. Other headers are left out, except those whose loss would change the user.
 *
 * @throws TypeError when the client impersonates a user, or authenticates with another scheme than Bearer.
 */
export async function openInPage({ url, protocols, headers, signal }: SocketRequest): Promise<Socket> {
  const offered = [...protocols, ...bearerProtocol(headers)]
  const target = url.replace(/^http/, 'ws')
  const { WebSocketStream } = globalThis as { WebSocketStream?: WebSocketStreamClass }
  if (WebSocketStream) return openedStream(new WebSocketStream(target, { protocols: offered, signal }), signal)
  // The types of the DOM allow no buffer that may be shared; the browser copies it.
  return opened(new WebSocket(target, offered) as WebSocket & WebSocketLike, signal)
}

function bearerProtocol(headers: Headers): string[] {
  const impersonating = [...headers.keys()].find((name) => name.startsWith('impersonate-'))
  if (impersonating)
    throw new TypeError(
      'pages cannot impersonate on a stream, because a browser sends no headers with a WebSocket; connect through a gateway',
    )
  const authorization = headers.get('authorization')
  if (!authorization) return []
  const [, token] = /^Bearer (.+)$/i.exec(authorization) ?? []
  if (!token)
    throw new TypeError('pages can authenticate a stream only with a bearer token or a cookie; its Authorization header is another')
  return [BEARER_PROTOCOL + toBase64Url(token)]
}
