// The public types of a reflector: its store, options, status and events.

import type { KubeObject } from '../api/object'
import type { Resource } from '../api/resource'
import type { StandardSchemaV1 } from '../api/standard-schema'
import type { Entry, UnparsedEntry } from '../codec/entry'
import type { ChangeType } from '../codec/wire'
import type { Seams } from '../internal/seams'
import type { BackoffOptions } from './backoff'
import type { FailureKind } from './failure'
import type { Attempt, StepReason } from './state'

/**
 * The store that a reflector writes to. Calls come one at a time, in the order of the wire.
 *
 * @see client-go `cache.ReflectorStore`
 */
export interface ReflectorStore<T> {
  /** The version of the store, from which a feed resumes instead of listing; the empty string for none. */
  readonly resourceVersion: string
  /**
   * Applies changes. Afterwards the store is at `resourceVersion`.
   *
   * @param observer receives events that do not fit the content of the store.
   */
  apply(changes: readonly EntryChange<T>[], resourceVersion: string, observer?: ApplyObserver<T>): void
  /** Replaces the whole content. */
  replace(entries: readonly Entry<T>[], resourceVersion: string): void
  /** Advances the version of the collection without a change of these objects. */
  bookmark(resourceVersion: string): void
  /** Calls every subscriber again with every object. */
  resync(): void
  /**
   * Returns the content of the store, as an array that later changes do not modify. Used to check that a server has the history of the
   * store's version. Undefined while the store has a version, but not its content.
   */
  list?(): readonly Entry<T>[] | undefined
  /** Returns the key under which the store keeps an entry. Default: the entry's own key. */
  keyOf?(entry: Entry<T>): string
  /** Calls `listener` when an entry was dropped because its text does not parse. Returns a function that unsubscribes. */
  onUnreadable?(listener: (entry: UnparsedEntry) => void): () => void
}

/** Receives events that do not fit the content of a store. */
export interface ApplyObserver<T> {
  /** Called with an entry that is skipped because the store has a newer version of its object. */
  outdated(entry: Entry<T>): void
  /** Called with a changed object that replaces another object with the same key. */
  collided(entry: Entry<T>): void
}

/** A change of one object. */
export interface EntryChange<T> {
  readonly type: ChangeType
  readonly entry: Entry<T>
}

/** Options of a {@link Reflector}. The defaults suit a dashboard. */
export interface ReflectorOptions<T extends KubeObject> extends Seams {
  /**
   * Called with each batch of entries while the initial state is loading, so that a UI can render early. The entries are not in the store
   * yet, which shows complete states only. `before` is the number of entries already delivered; `0` means start over and discard earlier
   * batches, which belonged to an attempt that failed. An entry may be delivered twice when a paged list is read again. Not called when the
   * store has a state already, and not while an informer follows single namespaces. Errors that it throws are reported. Default: none.
   *
   * An informer with a persister delivers its stored state first, in the same way. If that is damaged, or takes longer than
   * `loadTimeoutMs`, the server's initial state starts over with `0`.
   *
   * @example
   * ```ts
   * const pods = createInformer(client, Pod, { onArrival: (entries, before) => before < 50 && showFirst(entries) })
   * ```
   */
  onArrival?: ((entries: readonly Entry<T>[], before: number) => void) | undefined
  /**
   * The expected type: a resource, or any Standard Schema (which parses every object on arrival). Objects of another kind, or that the
   * schema refuses, are reported and skipped.
   */
  expectedType?: Resource<T> | StandardSchemaV1<unknown, unknown> | undefined
  /**
   * The way to read the initial state: streamed as events (KEP-3157; falls back to a list where the server refuses), or listed. Default
   * `'stream'`.
   */
  initialList?: 'stream' | 'list' | undefined
  /**
   * The number of objects per page of a list. Default: a single response, which is cheapest for the server. API servers do not page the
   * first list, which comes from their cache.
   */
  pageSize?: number | undefined
  /** The interval at which subscribers receive every object again, without a request, in milliseconds; default 0, never. */
  resyncPeriodMs?: number | undefined
  /** The interval at which the collection is listed again and compared, in milliseconds; default 0, never. */
  relistPeriodMs?: number | undefined
  /**
   * The maximum silence of an open watch, in milliseconds, after which it counts as dead. Default: the watch's own timeout, or 150 s once a
   * bookmark was received.
   */
  silenceMs?: number | undefined
  /** The time to parse objects: `'arrival'` finds broken ones at once; `'read'` parses each on first access. Default `'read'`. */
  parse?: 'read' | 'arrival' | undefined
  /** The backoff between attempts. */
  backoff?: BackoffOptions | undefined
  /**
   * The silence of an open watch, in milliseconds, after which a second watch of one second asks the server whether events were missed. A
   * feed that is `live` was proven at most this long, and 10 seconds more, ago. Pages in the background do not probe until they become
   * visible. Default 30,000; 0 for never.
   */
  proofIntervalMs?: number | undefined
  /** The interval at which a resource is listed that the server does not watch (HTTP 405), in milliseconds; default 30,000. */
  pollIntervalMs?: number | undefined
  /**
   * Called when something goes wrong, once per kind of problem until the feed works again: no connection, access denied, an object refused.
   * The feed recovers by itself, so that no action is needed here. `onEvent` receives every error, and `status.error` is the one that
   * affects the feed now. A connection that was cut after it worked, and can be re-established, is not reported.
   *
   * Default: `console.error`, with a message that names the request and the root cause.
   *
   * @see client-go `Reflector.watchErrorHandler`
   */
  onError?: ((error: unknown) => void) | undefined
  /**
   * Called with everything that happens, for logs, metrics and traces. Errors that it throws are reported and have no other effect.
   * Default: no events are computed.
   */
  onEvent?: ((event: ReflectorEvent) => void) | undefined
}

/** The state of a feed. */
export type ReflectorState =
  /** Not started. */
  | 'idle'
  /** Requesting the state, or the watch. */
  | 'connecting'
  /** Watching: the store follows the server. */
  | 'live'
  /** The server lists the resource but does not watch it: the store follows by listing every `pollIntervalMs`. */
  | 'polling'
  /** No data arrived for too long: the connection was given up. */
  | 'stale'
  /** Waiting before the next attempt. */
  | 'backoff'
  /** The server responds with 401 or 403; retried at long intervals. */
  | 'denied'
  /** The server responds with 404, because it does not have the resource; retried at long intervals. */
  | 'gone'
  /** Aborted. */
  | 'stopped'

/** The origin of the store's state: storage, a list or a streamed list. */
export type SyncSource = 'persisted' | 'list' | 'stream'

/** The status of a feed: a new object after each change. */
export interface ReflectorStatus {
  readonly state: ReflectorState
  /** Whether the store was up to date and may lack changes now: the feed is `connecting`, `stale`, `backoff`, `denied` or `gone` after it synced. */
  readonly isStale: boolean
  /** The time of the last change of `state`, in milliseconds since 1970, by the feed's clock. */
  readonly since: number
  /** The time of the next attempt, in milliseconds since 1970, by the feed's clock; undefined while the feed does not wait. */
  readonly nextAttemptAt: number | undefined
  /** Whether the server has confirmed or delivered the store's state at least once. */
  readonly hasSynced: boolean
  /** Undefined while the store is empty. */
  readonly source: SyncSource | undefined
  readonly lastSyncResourceVersion: string
  /** The last error; undefined again once the feed is live. */
  readonly error: unknown
}

/** An event of a feed. Durations are in milliseconds, by the feed's clock. */
export type ReflectorEvent =
  /** A list, a streamed list or a watch starts, for the given reason. */
  | { readonly type: 'attempt'; readonly attempt: Attempt; readonly resourceVersion: string; readonly reason: StepReason }
  /** The server accepted a streamed list or a watch. A complete streamed list continues as a watch, which is opened then. */
  | { readonly type: 'opened'; readonly attempt: 'stream' | 'watch' }
  /**
   * A list or streamed list is complete, and in the store. `durationMs` is the time since its start; `bytes` is the size of the bodies
   * after decompression.
   */
  | {
      readonly type: 'replaced'
      readonly source: 'list' | 'stream'
      readonly objects: number
      readonly bytes: number
      readonly durationMs: number
      readonly resourceVersion: string
    }
  /** Events of a watch were applied. */
  | { readonly type: 'applied'; readonly events: number; readonly resourceVersion: string }
  | { readonly type: 'bookmark'; readonly resourceVersion: string }
  /** Bytes of a body were read. */
  | { readonly type: 'bytes'; readonly count: number }
  /**
   * An attempt has ended. `listed` and `closed` are the normal ends of a list and a watch; `stopped` means that the reflector was stopped.
   * The duration of a watch that began as a streamed list starts when that was complete.
   */
  | { readonly type: 'closed'; readonly attempt: Attempt; readonly reason: StepReason | 'stopped'; readonly durationMs: number }
  /** The watch cannot continue, so the whole state is read again. */
  | { readonly type: 'relist'; readonly reason: StepReason; readonly resourceVersion: string }
  /** The server has confirmed or delivered the store's state for the first time. `durationMs` is the time since the feed was started. */
  | { readonly type: 'synced'; readonly source: SyncSource; readonly durationMs: number; readonly resourceVersion: string }
  /** The next attempt starts after this delay. */
  | { readonly type: 'backoff'; readonly ms: number; readonly reason: StepReason }
  /**
   * A request beside the watch: to check that the server has the history of the store's version (`history`: at most two lists of one
   * object), or that a silent watch has missed nothing (`liveness`: a watch of one second).
   */
  | { readonly type: 'probe'; readonly purpose: 'history' | 'liveness'; readonly resourceVersion: string }
  /** An error occurred. `kind` is its meaning for the feed, if it concerns the feed. */
  | { readonly type: 'error'; readonly error: unknown; readonly kind?: FailureKind | 'skipped' | undefined }
