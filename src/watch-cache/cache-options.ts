// Options of a watch cache.

import type { KubeObject } from '../api/object'
import type { Resource } from '../api/resource'
import type { Seams } from '../internal/seams'
import type { FieldLabels } from './matcher'

/** Options of a `WatchCache`. */
export interface WatchCacheOptions<T extends KubeObject> extends Pick<Seams, 'clock' | 'random'> {
  /** The resource of the cached objects. Named in errors; its kind is used when serving over HTTP. */
  resource: Resource<T>
  /** The number of events kept for watches that resume; default 1,000. */
  capacity?: number | undefined
  /** The length of the texts of all events kept, in characters; default no limit besides `capacity`. */
  maxWindowLength?: number | undefined
  /** The number of events a watcher may fall behind before its watch ends; default and maximum `capacity`. */
  watchBufferSize?: number | undefined
  /** The length of the texts of the events a watcher may fall behind before its watch ends, in characters; default no limit. */
  maxBacklogLength?: number | undefined
  /**
   * Whether the items of a list served over HTTP keep `kind` and `apiVersion`, as those of custom resources do, or lose them, as those of
   * built-in resources do; default `'keep'`.
   */
  itemTypes?: 'keep' | 'omit' | undefined
  /** Called for each watch that is ended because its watcher fell too far behind. */
  onSlowWatcher?: (() => void) | undefined
  /** The interval of bookmarks, in milliseconds; default 60,000. */
  bookmarkIntervalMs?: number | undefined
  /**
   * The minimum duration of a watch without `timeoutSeconds`, in milliseconds; default 1,800,000. The actual duration is random, up to
   * twice as long.
   */
  minWatchMs?: number | undefined
  /** The fields that selectors may use besides name and namespace; default none. A selector with another field gets a 400. */
  fieldLabels?: FieldLabels | undefined
  /** The initial value of `WatchCache.watchList`; default `'supported'`. */
  watchList?: 'supported' | 'refused' | undefined
}
