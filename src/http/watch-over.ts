// The interface of the ways in which the watches of a client travel.

import type { StreamClient } from './handshake'
import type { RawRequest, WatchStream } from './requester'

/** A {@link WatchOver} as plain data: the options of `turns()` or `webSocket()`. */
export type WatchOverSettings =
  | { readonly way: 'turns'; readonly streams: number; readonly turnMs: number }
  | { readonly way: 'webSocket'; readonly beyond: number }

/** The way in which the watches of a client travel: `turns()` or `webSocket()`. */
export interface WatchOver {
  /** The data that another thread needs to do the same. A client whose `watchOver` has none cannot move to a Worker. */
  readonly portable?: WatchOverSettings | undefined
  /**
   * Opens a watch.
   *
   * @param request the request of the watch over HTTP.
   * @throws as `KubeReader.request`.
   */
  open(client: StreamClient, request: RawRequest): Promise<WatchStream>
}
