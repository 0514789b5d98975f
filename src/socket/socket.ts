// Sockets: WebSockets as streams of messages.

/** The start of the subprotocol that carries a page's token; the API server removes it. @see apiserver `websocket.ProtocolAuthenticator` */
export const BEARER_PROTOCOL = 'base64url.bearer.authorization.k8s.io.'

/** An open WebSocket: each chunk of its streams is one binary message. */
export interface Socket {
  /** The subprotocol that the server chose; the empty string for none. */
  readonly protocol: string
  /** Yields the server's messages, and closes with the connection, however that ends. Canceling it closes the connection. */
  readonly readable: ReadableStream<Uint8Array>
  /** Accepts messages no faster than the connection does, where the runtime tells. Aborting it closes the connection. */
  readonly writable: WritableStream<Uint8Array>
  /** Whether a reader that does not read stops the server. If not, unread messages collect in memory. */
  readonly hasBackpressure: boolean
  /** Resolves with the close code when the connection has ended: 1000 after {@link close}, 1006 when it broke. */
  readonly closed: Promise<number>
  /** Closes the connection. Idempotent. */
  close(): void
}

/** The parameters of an {@link OpenSocket}. */
export interface SocketRequest {
  /** An absolute `http:` or `https:` URL. */
  readonly url: string
  /** The subprotocols to offer, the preferred one first. */
  readonly protocols: readonly string[]
  /** The headers of the handshake, with the credentials. */
  readonly headers: Headers
  /** Ends the handshake, and closes the open connection, when it is aborted. */
  readonly signal: AbortSignal
}

/**
 * Opens a WebSocket.
 *
 * @returns the socket; or the server's response, if it refused the handshake and the runtime shows the response.
 * @throws an error without a response, and where the runtime hides it; the reason of the signal when it is aborted.
 */
export type OpenSocket = (request: SocketRequest) => Promise<Socket | Response>
