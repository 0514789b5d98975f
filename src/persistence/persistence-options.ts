// The options and results of StorePersistence.

import type { Entry } from '../codec/entry'
import type { Seams } from '../internal/seams'
import type { StoreUpdate } from '../store/changes'
import type { SensitiveOptions } from './sensitive'

/** The part of a store that `StorePersistence` needs. */
export interface PersistableStore<T> {
  /** The version of the store's state; the empty string while it has none. */
  readonly resourceVersion: string
  /** Returns the entries as an array that later changes do not modify. */
  list(): readonly Entry<T>[]
  /** Returns the key under which the store keeps an entry. Default: the entry's own. */
  keyOf?(entry: Entry<T>): string
  /** Takes over a persisted state. Returns `false` and changes nothing when the store has a resourceVersion already. */
  hydrate(entries: readonly Entry<T>[], resourceVersion: string): boolean
  /** Calls `listener` after each change, before the next one. Returns a function that removes the listener. */
  subscribe(listener: (update: StoreUpdate<T>) => void): () => void
}

/** Options of `StorePersistence`. */
export interface StorePersistenceOptions<T = unknown> extends SensitiveOptions, Pick<Seams, 'clock'> {
  /** The time to collect changes before they are stored together, in milliseconds; default 250. */
  flushIntervalMs?: number | undefined
  /**
   * Throws when the store must not hold a stored entry, such as one of another kind. Stored data is checked like data from the network; its
   * key and namespace always are. Default: no further checks.
   */
  check?: ((entry: Entry<T>) => void) | undefined
  /** Called with every error. Errors never reach the store. Default: errors show in `status` and `error` only. */
  onError?: ((error: unknown) => void) | undefined
  /** The target of `pagehide` and `visibilitychange` events, which cause an immediate flush. Default: the page, if there is one. */
  events?: Pick<EventTarget, 'addEventListener' | 'removeEventListener'> | undefined
}

/** Options of `StorePersistence.start`. */
export interface StorePersistenceStartOptions<T = unknown> {
  /** Closes it, like `StorePersistence.close`. */
  signal?: AbortSignal | undefined
  /** The maximum time to wait for the snapshot, or for the next part of it, in milliseconds; default 1,000. */
  loadTimeoutMs?: number | undefined
  /**
   * Called with each batch of the snapshot's entries while the rest is being read, before the store has any of them; each entry is
   * delivered once. `before` is the number of entries already delivered; `0` means start over and discard earlier batches. Discard all of
   * them when the result is not `persisted`. Not called when the store has a state already. Errors it throws go to `onError`. Default: no
   * early delivery.
   */
  onArrival?: ((entries: readonly Entry<T>[], before: number) => void) | undefined
}

/**
 * The state of persistence.
 *
 * - `loading`: the snapshot is being read; nothing is stored before that has ended, however late.
 * - `active`: changes are stored.
 * - `fenced`: another tab has taken over, or the snapshot was cleared; nothing more is stored.
 * - `failed`: the storage failed, see `error`; nothing more is stored.
 * - `stopped`: not started, or stopped.
 */
export type PersistenceStatus = 'loading' | 'active' | 'fenced' | 'failed' | 'stopped'

/**
 * The outcome of hydration: `persisted`, the store holds the snapshot; `none`, there was no usable snapshot; `late`, the network or the
 * time limit was faster; `failed`, the snapshot could not be read.
 */
export type HydrationResult = 'persisted' | 'none' | 'late' | 'failed'
