// The interface of the queues between a reflector and a store.

import type { Keyed } from '../api/keys'
import type { Entry, UnparsedEntry } from '../codec/entry'
import type { ChangeType } from '../codec/wire'

/**
 * One change of one object.
 *
 * @see client-go `cache.Delta`, `cache.DeletedFinalStateUnknown`
 */
export type ObjectDelta<T> =
  /** `Replaced`: the object was in a list, changed or not. `Sync`: the object is unchanged; notify handlers again. */
  | { readonly type: 'Added' | 'Updated' | 'Replaced' | 'Sync'; readonly entry: Entry<T> }
  /** `finalStateUnknown`: the deletion itself was missed, so `entry` is the last known state, not necessarily the final one. */
  | { readonly type: 'Deleted'; readonly entry: Entry<T>; readonly finalStateUnknown: boolean }

/** One change: of one object, or of all. */
export type Delta<T> =
  | ObjectDelta<T>
  /** The complete set of objects. */
  | { readonly type: 'ReplacedAll'; readonly entries: readonly Entry<T>[] }
  /** Notify handlers of every object again. */
  | { readonly type: 'SyncAll' }

/** One delivery of a queue. */
export interface QueueItem<T> {
  /** The changes, oldest first; empty when only the version advanced. `ReplacedAll` and `SyncAll` are always delivered alone. */
  readonly deltas: readonly Delta<T>[]
  /**
   * The version reached once this item and all before it are applied; store it with the objects. While other changes of the same batch, or
   * older ones, are still queued, it is the version before them.
   */
  readonly resourceVersion: string
  /** Whether the item belongs to the initial state. */
  readonly isInInitialList: boolean
}

/** Options of {@link Queue.pop}. */
export interface PopOptions {
  /** Ends the wait. */
  signal?: AbortSignal | undefined
}

/** Options of {@link Queue.popBatch}. */
export interface PopBatchOptions extends PopOptions {
  /** The maximum number of items to combine; default 1,000. */
  limit?: number | undefined
}

/**
 * A buffer between a reflector and a store, with one consumer. The reflector writes to it in place of the store.
 *
 * @see client-go `cache.Queue`, `cache.QueueWithBatch`
 */
export interface Queue<T> {
  /** The version of the consumer's store, from which a feed resumes. Queued changes that were never taken are fetched again. */
  readonly resourceVersion: string
  /** The number of queued items. */
  readonly length: number
  /** Whether the initial state was taken and processed; when changes came first, whether any were queued. */
  readonly hasSynced: boolean
  /** Whether {@link Queue.close} was called. */
  readonly closed: boolean
  /** Queues changes, in the order received. */
  apply(changes: readonly { readonly type: ChangeType; readonly entry: Entry<T> }[], resourceVersion: string): void
  /** Queues a complete state. */
  replace(entries: readonly Entry<T>[], resourceVersion: string): void
  /** Queues a new version of the collection without changes of these objects. */
  bookmark(resourceVersion: string): void
  /** Queues a resync of all objects. */
  resync(): void
  /** Calls back when the consumer's store drops an entry whose text does not parse. Returns a function that removes the listener. */
  onUnreadable(listener: (entry: UnparsedEntry) => void): () => void
  /**
   * Waits for an item and passes it to `process`, which must apply it synchronously: a returned promise is not awaited.
   *
   * @returns the processed item; undefined when the signal is aborted, or the queue is closed and empty.
   * @throws what `process` throws; the item is removed nevertheless.
   */
  pop(process: (item: QueueItem<T>) => void, options?: PopOptions): Promise<QueueItem<T> | undefined>
  /** Like {@link Queue.pop}, but combines as many queued items as possible. The initial state is not combined with later changes. */
  popBatch(process: (item: QueueItem<T>) => void, options?: PopBatchOptions): Promise<QueueItem<T> | undefined>
  /** Stops accepting changes. Queued items can still be taken. */
  close(): void
}

/**
 * The part of the consumer's store that a queue reads. Once the queue holds an item, the store must change only by the items taken from it.
 *
 * @see client-go `cache.KeyListerGetter`
 */
export interface KnownObjects<T> {
  /** The version of the store; the empty string while it has none. */
  readonly resourceVersion: string
  list(): readonly Entry<T>[]
  get(object: Keyed): Entry<T> | undefined
  onUnreadable?(listener: (entry: UnparsedEntry) => void): () => void
}
