import type { ArrivalOptions, EntryList, ListOptions, RequestOptions, WatchEntry, WatchOptions } from '../meta/wire'

/**
 * Any source a reflector can read: an API server ({@link ListWatch}), a watch cache, another tab, an edge cache.
 *
 * @see client-go `cache.ListerWatcher`
 */
export interface ListerWatcher<T> {
  /** The same source without what is done to its objects on the way, for questions whose answers are not kept. Default: this one. */
  readonly bare?: ListerWatcher<T>
  /** Whether an object was left out on the way: then the number of objects says nothing about the server. Default: none was. */
  readonly hasLeftOut?: boolean
  /**
   * Reads one page (everything, when `options.limit` is left out). A source that has entries before the page is complete may tell of them.
   *
   * @throws ApiError as the server answers; ExpiredError for HTTP 410; ConnectionError when there was no whole answer. An abort rejects with the signal's reason.
   */
  list(options: ListOptions & RequestOptions & ArrivalOptions<T>): Promise<EntryList<T>>
  /**
   * Opens a watch and delivers its events in batches, one for each read of the network. The first batch comes as soon as the server
   * has accepted the watch (its headers arrived), and may be empty. Ends when the server ends the watch; leaving the loop closes it.
   *
   * @throws ApiError, ConnectionError as for `list`; ParseError when the server sent what is no event. An `ERROR` event is an event, not an exception.
   */
  watch(options: WatchOptions & RequestOptions): AsyncIterable<readonly WatchEntry<T>[]>
}
