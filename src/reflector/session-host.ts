import type { Clock } from '../internal/clock'
import type { Entry } from '../meta/entry'
import type { KubeObject } from '../meta/object'
import type { ListerWatcher } from './lister-watcher'
import type { ReflectorEvent, ReflectorOptions, ReflectorStore } from './options'
import type { FeedEvent, FeedState } from './state'

/** What a session needs of its reflector. */
export interface SessionHost<T extends KubeObject> {
  readonly source: ListerWatcher<T>
  readonly store: ReflectorStore<T>
  readonly options: ReflectorOptions<T>
  readonly clock: Clock
  readonly random: () => number
  readonly feed: FeedState
  /** Throws when an entry is not what was expected. */
  readonly check: (entry: Entry<T>) => void
  /** Whether a bookmark was ever seen from this server. */
  readonly bookmarks: boolean
  /** Whether the server has confirmed or delivered the store's state before. */
  readonly hasSynced: boolean
  /** Whether the store keeps every object of the collection, as far as is known. */
  readonly isComplete: boolean
  dispatch(event: FeedEvent): void
  /** A bookmark came. */
  sawBookmark(): void
  /** A bookmark without a version came, which says nothing. */
  unversioned(): void
  /** Undefined when there is no listener. */
  readonly emit: ((event: ReflectorEvent) => void) | undefined
  /** Reports an object or bookmark that was left out. */
  skipped(error: unknown): void
  /** Reports what a listener of the store threw. */
  report(error: unknown): void
}
