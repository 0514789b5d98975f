import type { KubeObject } from '../api/object'
import type { Resource } from '../api/resource'
import type { StandardSchemaV1 } from '../api/standard-schema'
import type { Entry, UnparsedEntry } from '../codec/entry'
import type { ChangeType } from '../codec/wire'
import type { Clock } from '../internal/clock'
import type { Wake } from '../internal/wake'
import type { BackoffOptions } from './backoff'
import type { FailureKind } from './failure'
import type { Attempt, StepReason } from './state'

/**
 * Where a reflector puts what it reads. Calls come one at a time, in the order of the wire.
 *
 * @see client-go `cache.ReflectorStore`
 */
export interface ReflectorStore<T> {
  /** The version the store is at: a feed goes on from here instead of listing. The empty string: none. */
  readonly resourceVersion: string
  /**
   * Applies changes; the store is at `resourceVersion` afterwards.
   *
   * @param observer notified of events that do not fit what the store has.
   */
  apply(changes: readonly EntryChange<T>[], resourceVersion: string, observer?: ApplyObserver<T>): void
  /** Replaces everything at once. */
  replace(entries: readonly Entry<T>[], resourceVersion: string): void
  /** The collection has come to a version without a change of these objects. */
  bookmark(resourceVersion: string): void
  /** Calls every subscriber with every object once more. */
  resync(): void
  /** What the store holds, as an array that later changes leave alone: shows whether a server has the history of the store's version. */
  list?(): readonly Entry<T>[]
  /** The key under which the store keeps an entry. Default: the entry's own. */
  keyOf?(entry: Entry<T>): string
  /** Calls back when an entry was dropped because its text does not parse. Returns how to stop. */
  onUnreadable?(listener: (entry: UnparsedEntry) => void): () => void
}

/** Notified by a store of events that do not fit what it has. */
export interface ApplyObserver<T> {
  /** Called with an entry that is left out, since the store has a newer version of its object. */
  outdated(entry: Entry<T>): void
  /** Called with a changed object whose key another object had, which it replaces. */
  collided(entry: Entry<T>): void
}

/** One change of one object. */
export interface EntryChange<T> {
  readonly type: ChangeType
  readonly entry: Entry<T>
}

/** How a reflector works. Every default is right for a dashboard. */
export interface ReflectorOptions<T extends KubeObject> {
  /**
   * Told of what has arrived of the first state while it is being read, so that rows can be shown before there are all of them. Nothing of it is in the
   * store yet, which shows complete states only. `before` is how many came earlier; 0: this is the beginning, and what was told before, in an attempt
   * that was lost, counts no more. An entry may come twice when a list of pages has to be read again. Not called when the store has a state already, and
   * not while an informer makes do with single namespaces. What it throws is reported. Default: nobody is told.
   *
   * An informer that has a persister tells of its stored state first, in the same way. When that turns out to be damaged, or takes longer than
   * `loadTimeoutMs`, the server's first state begins with 0 anew.
   *
   * @example
   * ```ts
   * const pods = createInformer(client, Pod, { onArrival: (entries, before) => before < 50 && showFirst(entries) })
   * ```
   */
  onArrival?: ((entries: readonly Entry<T>[], before: number) => void) | undefined
  /** Objects of another kind, or that the schema refuses, are reported and skipped. A resource, or any Standard Schema (which parses every object on arrival). */
  expectedType?: Resource<T> | StandardSchemaV1<unknown, unknown> | undefined
  /** How the initial state is read: streamed as events (KEP-3157; falls back to a list where the server refuses), or listed. Default `'stream'`. */
  initialList?: 'stream' | 'list' | undefined
  /**
   * Objects per page of a list; everything in one answer when left out, which costs the server least. API servers do not page the first list, which
   * comes from their cache.
   */
  pageSize?: number | undefined
  /** How often subscribers are told of every object once more, without the network, in milliseconds; 0, the default: never. */
  resyncPeriodMs?: number | undefined
  /** How often everything is listed again and compared, in milliseconds; 0, the default: never. */
  relistPeriodMs?: number | undefined
  /**
   * The longest silence of an open watch before it counts as dead whatever the server says, in milliseconds. Default: the watch's own timeout, or
   * 150 s once a bookmark was seen.
   */
  silenceMs?: number | undefined
  /** `'arrival'` parses every object when it arrives rather than when it is read first, so that broken ones are found at once. Default `'read'`. */
  parse?: 'read' | 'arrival' | undefined
  /** How long to wait between attempts. */
  backoff?: BackoffOptions | undefined
  /**
   * How long an open watch may be silent before the server is asked whether something was missed, in milliseconds: a second watch of one second. What is
   * `live` has proof of this age, and 10 seconds more, at most. Pages in the background do not ask, and ask when they become visible.
   * Default 30,000; 0: never.
   */
  proofIntervalMs?: number | undefined
  /** How often a resource is listed that the server lists and does not watch (HTTP 405), in milliseconds; default 30,000. */
  pollIntervalMs?: number | undefined
  /**
   * Called when something goes wrong, once per kind until the feed works again: no connection, access denied, an object refused. The feed goes
   * on by itself, so nothing has to be done here. `onEvent` has every error, and `status.error` the one that keeps the feed from working. A connection
   * that is cut after it worked, and can be made again, is no error here.
   *
   * Default: `console.error`, with a message that names the request and the root cause.
   *
   * @see client-go `Reflector.watchErrorHandler`
   */
  onError?: ((error: unknown) => void) | undefined
  /**
   * Told of everything that happens, for logs, metrics and traces. What it throws is reported, and does no harm. Default: nobody is told, and
   * nothing is computed for it.
   */
  onEvent?: ((event: ReflectorEvent) => void) | undefined
  /** Time, for tests. */
  clock?: Clock | undefined
  /** Numbers in [0, 1), for tests. */
  random?: (() => number) | undefined
  /** Calls back when the network is back or the page visible again; returns how to stop. Default: the page's own events. */
  onWake?: ((listener: (wake: Wake) => void) => () => void) | undefined
}

/** What a feed is doing. */
export type ReflectorState =
  /** Not run yet. */
  | 'idle'
  /** Asking for the state, or for the watch. */
  | 'connecting'
  /** Watching: the store follows the server. */
  | 'live'
  /** The server lists the resource and does not watch it: the store follows by listing every `pollIntervalMs`. */
  | 'polling'
  /** Nothing came for too long: the connection is given up. */
  | 'stale'
  /** Waiting before the next attempt. */
  | 'backoff'
  /** The server says 401 or 403; asked again at long intervals. */
  | 'denied'
  /** The server says 404: it does not have the resource; asked again at long intervals. */
  | 'gone'
  /** Aborted. */
  | 'stopped'

/** Where the store's state came from: storage, a list or a streamed list. */
export type SyncSource = 'persisted' | 'list' | 'stream'

/** What there is to know about a feed; another object after each change. */
export interface ReflectorStatus {
  readonly state: ReflectorState
  /** Whether the store was up to date and may lack changes now: the feed is `connecting`, `stale`, `backoff`, `denied` or `gone` after it synced. */
  readonly isStale: boolean
  /** When `state` last changed, in milliseconds since 1970, by the feed's clock. */
  readonly since: number
  /** When the next attempt begins, in milliseconds since 1970, by the feed's clock; undefined while the feed waits for none. */
  readonly nextAttemptAt: number | undefined
  /** Whether the server has confirmed or delivered the store's state at least once. */
  readonly hasSynced: boolean
  /** Undefined while the store is empty. */
  readonly source: SyncSource | undefined
  readonly lastSyncResourceVersion: string
  /** The last error; undefined again once the feed is live. */
  readonly error: unknown
}

/** Something that happened in a feed. Durations are in milliseconds, by the feed's clock. */
export type ReflectorEvent =
  /** A list, a streamed list or a watch begins; `reason` is why. */
  | { readonly type: 'attempt'; readonly attempt: Attempt; readonly resourceVersion: string; readonly reason: StepReason }
  /** The server has accepted a streamed list or a watch. A streamed list that is complete goes on as a watch, which is opened then. */
  | { readonly type: 'opened'; readonly attempt: 'stream' | 'watch' }
  /**
   * A list or streamed list is complete, so long after it began: the store has it. `bytes` are those of the bodies, as they were before
   * compression.
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
  /** So many bytes of a body were read. */
  | { readonly type: 'bytes'; readonly count: number }
  /**
   * An attempt is over. `reason` is what ended it: `listed` and `closed` are the good ends of a list and a watch, `stopped` is the user's.
   * A watch that began as a streamed list lived since that was complete.
   */
  | { readonly type: 'closed'; readonly attempt: Attempt; readonly reason: StepReason | 'stopped'; readonly durationMs: number }
  /** The watch cannot go on: the whole state will be read again. */
  | { readonly type: 'relist'; readonly reason: StepReason; readonly resourceVersion: string }
  /** The server has confirmed or delivered the store's state for the first time, so long after the feed was started. */
  | { readonly type: 'synced'; readonly source: SyncSource; readonly durationMs: number; readonly resourceVersion: string }
  /** The next attempt begins after so many milliseconds. */
  | { readonly type: 'backoff'; readonly ms: number; readonly reason: StepReason }
  /**
   * The server is asked, beside the watch: whether it has the history of the version that the feed goes on from (`history`: at most two lists of one
   * object), or whether a silent watch has missed something (`liveness`: a watch of one second).
   */
  | { readonly type: 'probe'; readonly purpose: 'history' | 'liveness'; readonly resourceVersion: string }
  /** Something went wrong; `kind` says what it means for the feed, where it is the feed's. */
  | { readonly type: 'error'; readonly error: unknown; readonly kind?: FailureKind | 'skipped' | undefined }
