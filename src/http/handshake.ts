// The interfaces between a client and the code that opens its WebSockets.

import type { Clock } from '../internal/clock'
import type { OpenSocket, Socket } from '../socket/socket'
import type { Credentials } from './credentials'
import type { Requester } from './requester'

/** A request for a WebSocket. */
export interface UpgradeRequest {
  /** The path below the base URL, without a leading slash. */
  readonly path: string
  readonly params?: URLSearchParams | undefined
  /** The subresource of a pod, such as `exec`: a refusal names the rights that it needs. Left out for a watch. */
  readonly subresource?: string | undefined
  /** The subprotocols to offer, the preferred one first. The server must choose one of them. */
  readonly protocols: readonly string[]
  /** Ends the handshake, and closes the open connection, when it is aborted. */
  readonly signal?: AbortSignal | undefined
}

/** The parts of a client that open WebSockets. */
export interface HandshakeParts {
  /** The client's own headers. */
  readonly headers: Headers
  readonly credentials: Credentials
  readonly clock: Clock
  /** Opens a WebSocket; undefined for the means of the runtime. */
  readonly open: OpenSocket | undefined
}

/** A client that can open WebSockets: a `KubeClient` or `KubeReader`. */
export interface StreamClient extends Requester {
  readonly handshake: HandshakeParts
}

/** Opens the WebSocket of a request with a token. */
export type Attempt = (token: string | undefined) => Promise<Socket | Response>
