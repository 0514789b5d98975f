// The interface between a session and its reflector.

import type { KubeObject } from '../api/object'
import type { Entry } from '../codec/entry'
import type { Clock } from '../internal/clock'
import type { ListerWatcher } from '../source/lister-watcher'
import type { ReflectorEvent, ReflectorOptions, ReflectorStore } from './options'
import type { FeedEvent, FeedState } from './state'

/** The part of a reflector that a session uses. */
export interface SessionHost<T extends KubeObject> {
  readonly source: ListerWatcher<T>
  readonly store: ReflectorStore<T>
  readonly options: ReflectorOptions<T>
  readonly clock: Clock
  readonly random: () => number
  readonly feed: FeedState
  /** Throws for an unexpected entry. */
  readonly check: (entry: Entry<T>) => void
  /** Whether this server has ever sent a bookmark. */
  readonly bookmarks: boolean
  /** Whether the server has confirmed or delivered the store's state before. */
  readonly hasSynced: boolean
  /** Whether the store keeps every object of the collection, as far as known. */
  readonly isComplete: boolean
  dispatch(event: FeedEvent): void
  /** Called for a bookmark. */
  sawBookmark(): void
  /** Called for a bookmark without a version, which is ignored. */
  unversioned(): void
  /** Emits an event; undefined without a listener. */
  readonly emit: ((event: ReflectorEvent) => void) | undefined
  /** Reports an object or bookmark that was skipped. */
  skipped(error: unknown): void
  /** Reports an oddity of the server that costs no object. */
  noticed(error: unknown): void
  /** Reports an error thrown by a listener of the store. */
  report(error: unknown): void
}
