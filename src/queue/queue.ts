import type { Entry, UnparsedEntry } from '../meta/entry'
import type { Keyed } from '../meta/keys'
import type { ChangeType } from '../meta/wire'

/**
 * What happened to one object.
 *
 * @see client-go `cache.Delta`, `cache.DeletedFinalStateUnknown`
 */
export type ObjectDelta<T> =
  /** `Replaced`: a list brought it, whether it has changed or not. `Sync`: it has not changed, tell of it once more. */
  | { readonly type: 'Added' | 'Updated' | 'Replaced' | 'Sync'; readonly entry: Entry<T> }
  /** `finalStateUnknown`: the deletion itself was missed, so `entry` is the last state that was known rather than the last there was. */
  | { readonly type: 'Deleted'; readonly entry: Entry<T>; readonly finalStateUnknown: boolean }

/** What happened: to one object, or to all at once. */
export type Delta<T> =
  | ObjectDelta<T>
  /** These are all the objects there are. */
  | { readonly type: 'ReplacedAll'; readonly entries: readonly Entry<T>[] }
  /** Tell of every object once more. */
  | { readonly type: 'SyncAll' }

/** What a queue hands over at a time. */
export interface QueueItem<T> {
  /** What happened, the oldest first; nothing, where only the version has moved. `ReplacedAll` and `SyncAll` always come alone. */
  readonly deltas: readonly Delta<T>[]
  /**
   * The version that whoever took all items up to this one is at: every change up to it was handed over. Store it with the objects. While some changes of a
   * batch are still waiting, or others that are older, it is the version before them.
   */
  readonly resourceVersion: string
  /** Whether this belongs to the first complete state. */
  readonly isInInitialList: boolean
}

/** How to wait for an item. */
export interface PopOptions {
  /** Gives up waiting. */
  signal?: AbortSignal | undefined
}

/** How to wait for several items. */
export interface PopBatchOptions extends PopOptions {
  /** How many items to take together at most; default 1,000. */
  limit?: number | undefined
}

/**
 * Stands between a reflector and a store, in place of the store: keeps what happened until somebody takes it. It has one consumer.
 *
 * @see client-go `cache.Queue`, `cache.QueueWithBatch`
 */
export interface Queue<T> {
  /** The version the consumer is at, which is where a feed goes on: what was queued and never taken is fetched again. */
  readonly resourceVersion: string
  /** How many items wait. */
  readonly length: number
  /** Whether the first complete state was taken and processed; or, where changes came first, whether there was one. */
  readonly hasSynced: boolean
  /** Whether {@link Queue.close} was called. */
  readonly closed: boolean
  /** Queues changes, in the order of the wire. */
  apply(changes: readonly { readonly type: ChangeType; readonly entry: Entry<T> }[], resourceVersion: string): void
  /** Queues a complete state. */
  replace(entries: readonly Entry<T>[], resourceVersion: string): void
  /** Queues that the collection has come to a version without a change of these objects. */
  bookmark(resourceVersion: string): void
  /** Queues that every object is to be told of once more. */
  resync(): void
  /** Calls back when the consumer's store dropped an entry because its text does not parse. Returns how to stop. */
  onUnreadable(listener: (entry: UnparsedEntry) => void): () => void
  /**
   * Waits for an item and hands it to `process`, which has to be done with it when it returns: what it awaits is not waited for.
   *
   * @returns the item after it was processed; undefined when the signal is aborted, or the queue is closed and empty.
   * @throws what `process` throws; the item is gone all the same.
   */
  pop(process: (item: QueueItem<T>) => void, options?: PopOptions): Promise<QueueItem<T> | undefined>
  /** As {@link Queue.pop}, with several items made one: as many as wait and fit together. The first complete state does not fit with what came later. */
  popBatch(process: (item: QueueItem<T>) => void, options?: PopBatchOptions): Promise<QueueItem<T> | undefined>
  /** Takes nothing more in. What waits can still be taken. */
  close(): void
}

/**
 * What a queue needs of its consumer's store. Once something waits in the queue, the store changes by what is taken out of it only.
 *
 * @see client-go `cache.KeyListerGetter`
 */
export interface KnownObjects<T> {
  /** The version the store is at; the empty string while it has none. */
  readonly resourceVersion: string
  list(): readonly Entry<T>[]
  get(object: Keyed): Entry<T> | undefined
  onUnreadable?(listener: (entry: UnparsedEntry) => void): () => void
}
