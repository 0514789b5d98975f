// The interface of a reflector's source.

import type { ListOptions, RequestOptions, WatchOptions } from '../api/options'
import type { ArrivalOptions, EntryList, WatchEntry } from '../codec/wire'

/**
 * A source that a reflector can read: an API server ({@link ListWatch}), a watch cache, another tab, an edge cache.
 *
 * @see client-go `cache.ListerWatcher`
 */
export interface ListerWatcher<T> {
  /** The source without transformation of its objects, for requests whose results are not kept. Default: this one. */
  readonly bare?: ListerWatcher<T>
  /** Whether the source has left out an object, so that the number of objects cannot be compared with the server's. Default false. */
  readonly hasLeftOut?: boolean
  /**
   * Reads one page (everything, when `options.limit` is left out). May call `onEntries` with entries before the page is complete.
   *
   * @throws ApiError for an error response, ExpiredError for HTTP 410, ConnectionError for a missing or incomplete response. Rejects with
   *   the signal's reason when aborted.
   */
  list(options: ListOptions & RequestOptions & ArrivalOptions<T>): Promise<EntryList<T>>
  /**
   * Opens a watch and yields its events in batches, one for each read from the network. The first batch, possibly empty, is yielded as soon
   * as the server has accepted the watch (its headers arrived). Ends when the server ends the watch; leaving the loop closes it.
   *
   * @throws ApiError, ConnectionError as for `list`; ParseError when the server sends an invalid event. An `ERROR` event is yielded, not
   *   thrown.
   */
  watch(options: WatchOptions & RequestOptions): AsyncIterable<readonly WatchEntry<T>[]>
}
