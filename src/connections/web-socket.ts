// Watches over WebSockets, which do not count among a browser's six connections to an origin.

import { isConnectionError } from '../api/errors'
import type { StreamClient } from '../http/handshake'
import type { RawRequest, WatchStream } from '../http/requester'
import { upgrade } from '../http/upgrade'
import type { WatchOver } from '../http/watch-over'
import { turns } from './turns'
import { watchBody } from './watch-body'

/** The offered subprotocol. API servers accept any single one, and require one beside a token. */
const PROTOCOL = 'v1.watch.kubeflect'
/** The time for which WebSockets are not tried again after a failure, in milliseconds. */
const BLOCKED_MS = 60_000

/** Options of {@link webSocket}. */
export interface WebSocketOptions {
  /** The number of open watches from which further ones use a WebSocket; default 0, so that all do. */
  beyond?: number | undefined
}

/**
 * Opens watches over WebSockets, as API servers and `kubectl proxy` offer them. For pages whose server speaks HTTP/1.1, and for servers whose
 * CORS rules allow no `fetch`. A message carries one event, which costs more than a stream of many: keep the first few on `fetch` with
 * `beyond`.
 *
 * Where a WebSocket cannot be opened, or cannot carry the request (tables and metadata need a header), the watch travels over `fetch`, in
 * {@link turns} of four or `beyond`. Pass one value to all clients of an origin; a Worker counts for itself.
 *
 * @throws RangeError when `beyond` is not a whole number of at least 0.
 * @example
 * ```ts
 * const client = new KubeClient({ watchOver: webSocket({ beyond: 4 }) })
 * ```
 */
export function webSocket({ beyond = 0 }: WebSocketOptions = {}): WatchOver {
  if (!Number.isInteger(beyond) || beyond < 0) throw new RangeError(`webSocket: beyond must be a whole number of at least 0, got ${beyond}`)
  const streams = turns({ streams: beyond || undefined })
  let blockedUntil = 0
  return {
    portable: { way: 'webSocket', beyond },
    async open(client: StreamClient, request: RawRequest): Promise<WatchStream> {
      const { clock } = client.handshake
      const isPreferred = beyond === 0 || !streams.hasRoom
      if (!isPreferred || request.headers || clock.now() < blockedUntil) return streams.open(client, request)
      const { path, params, signal } = request
      try {
        const socket = await upgrade(client, { path, params, signal, protocols: [PROTOCOL] })
        return { response: new Response(watchBody(socket)), close: () => socket.close() }
      } catch (error) {
        // A TypeError names what a page cannot send with a WebSocket.
        if (!isConnectionError(error) && !(error instanceof TypeError)) throw error
        const stream = await streams.open(client, request)
        blockedUntil = clock.now() + BLOCKED_MS
        return stream
      }
    },
  }
}
