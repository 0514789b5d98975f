import type { Clock } from '../internal/clock'
import type { Entry } from '../meta/entry'
import type { StoreUpdate } from '../store/changes'
import type { SensitiveOptions } from './sensitive'

/** The part of a store that `StorePersistence` needs. */
export interface PersistableStore<T> {
  /** The version of what the store holds; the empty string while it has none. */
  readonly resourceVersion: string
  /** What the store holds, as an array that later changes leave alone. */
  list(): readonly Entry<T>[]
  /** The key under which the store keeps an entry. Default: the entry's own. */
  keyOf?(entry: Entry<T>): string
  /** Takes a persisted state over, unless the store has a resourceVersion already: then it returns `false` and changes nothing. */
  hydrate(entries: readonly Entry<T>[], resourceVersion: string): boolean
  /** Calls `listener` after each step, before the next one; returns the way to stop that. */
  subscribe(listener: (update: StoreUpdate<T>) => void): () => void
}

/** Options of `StorePersistence`. */
export interface StorePersistenceOptions<T = unknown> extends SensitiveOptions {
  /** How long changes are gathered before they are stored together, in milliseconds; default 250. */
  flushIntervalMs?: number | undefined
  /**
   * Throws when a stored entry is not what the store may hold, such as one of another kind. Storage is checked like the network: the entry's key
   * and namespace always are. Default: nothing else is checked.
   */
  check?: ((entry: Entry<T>) => void) | undefined
  /** Called with everything that goes wrong. None of it reaches the store. Default: errors show in `status` and `error` only. */
  onError?: ((error: unknown) => void) | undefined
  /** Default: the runtime's own clock. */
  clock?: Clock | undefined
  /** Where `pagehide` and `visibilitychange` are heard, upon which everything is stored at once. Default: the page, where there is one. */
  events?: Pick<EventTarget, 'addEventListener' | 'removeEventListener'> | undefined
}

/** Options of `StorePersistence.start`. */
export interface StorePersistenceStartOptions<T = unknown> {
  /** Ends it, as `StorePersistence.close` does. */
  signal?: AbortSignal | undefined
  /** How long to wait for the snapshot, or for more of one that is being read, in milliseconds; default 1,000. */
  loadTimeoutMs?: number | undefined
  /**
   * Called with the snapshot's entries as they are made, while the rest is still being read: each once, and before the store has any of them.
   * `before` is the number of entries delivered already; `0` means start over and discard earlier batches. Discard all of them when the result is
   * not `persisted`. Not called when the store has a state already. What it throws goes to `onError`. Default: no early delivery.
   */
  onArrival?: ((entries: readonly Entry<T>[], before: number) => void) | undefined
}

/**
 * - `loading`: the snapshot is being read; nothing is stored before that has ended, however late it is.
 * - `active`: changes are stored.
 * - `fenced`: another tab stores this feed now, or the snapshot was cleared: nothing is stored any more.
 * - `failed`: the storage refused, `error` says why: nothing is stored any more.
 * - `stopped`: not started yet, or stopped.
 */
export type PersistenceStatus = 'loading' | 'active' | 'fenced' | 'failed' | 'stopped'

/**
 * The fate of the snapshot: `persisted`, the store has it; `none`, there was no usable one; `late`, the network or the time limit was faster;
 * `failed`, it could not be read.
 */
export type HydrationResult = 'persisted' | 'none' | 'late' | 'failed'
