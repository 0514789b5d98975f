import type { Entry } from './entry'
import type { Status } from './object'

/** Options of a LIST, as the wire names them. */
export interface ListOptions {
  /** Such as `app=web,tier!=db`. */
  labelSelector?: string | undefined
  /** Such as `spec.nodeName=n1`. */
  fieldSelector?: string | undefined
  /** Objects per page; all in one when left out. */
  limit?: number | undefined
  /** The token of the page to read, from the one before. */
  continue?: string | undefined
  /** `''` or left out: the newest, from a quorum. `'0'`: whatever the server has. */
  resourceVersion?: string | undefined
  resourceVersionMatch?: ResourceVersionMatch | undefined
}

/** How a server is to understand `resourceVersion`. */
export type ResourceVersionMatch = 'NotOlderThan' | 'Exact'

/** Options of a WATCH, as the wire names them. */
export interface WatchOptions {
  labelSelector?: string | undefined
  fieldSelector?: string | undefined
  /** Where to go on from: events after it are delivered. */
  resourceVersion?: string | undefined
  resourceVersionMatch?: ResourceVersionMatch | undefined
  allowWatchBookmarks?: boolean | undefined
  /** Ask for the whole state as events first, ended by an annotated bookmark (KEP-3157). */
  sendInitialEvents?: boolean | undefined
  /** The server ends the watch after so many seconds. */
  timeoutSeconds?: number | undefined
}

/** Options of every write, as the wire names them. */
export interface WriteOptions {
  /** `'All'`: everything is checked and answered, nothing is stored. */
  dryRun?: 'All' | undefined
  /** Who is noted in `managedFields`; default: what the server makes of the user agent. */
  fieldManager?: string | undefined
  /** What the server does about unknown and duplicate fields; its default is `'Warn'`. */
  fieldValidation?: 'Ignore' | 'Warn' | 'Strict' | undefined
}

/** Options of a server-side apply. @see KEP-555 */
export interface ApplyOptions extends WriteOptions {
  /** Who applies. What it applied before and leaves out now is removed. */
  fieldManager: string
  /** Take fields away from other managers instead of failing with a ConflictError. */
  force?: boolean | undefined
}

/** Options of a deletion, as the wire names them. */
export interface DeleteOptions {
  /** `'All'`: everything is checked and answered, nothing is deleted. */
  dryRun?: 'All' | undefined
  /** Seconds until what still runs is ended; 0 is at once. Default: the object's own. */
  gracePeriodSeconds?: number | undefined
  /** What becomes of the objects this one owns: deleted afterwards, deleted before, or kept. Default: the resource's own. */
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan' | undefined
  /** What must be so, or else the answer is 409. */
  preconditions?: { uid?: string | undefined; resourceVersion?: string | undefined } | undefined
}

/** What a request can be given besides the wire's options. */
export interface RequestOptions {
  /** Ends the request, or the stream it opened, at once. */
  signal?: AbortSignal | undefined
  /**
   * Called whenever bytes arrive, with their number: how a caller knows that a silent request is still alive, and what it cost.
   */
  onBytes?: ((count: number) => void) | undefined
}

/** Options of a list of entries, whose items are cut out of the response while it arrives. */
export interface ArrivalOptions<T> {
  /** Called with the entries as they arrive, all of which the list has in the end, if it has one: who listens sees the first before there are all. */
  onEntries?: ((entries: readonly Entry<T>[]) => void) | undefined
}

/** Where an object is. */
export interface ObjectOptions extends RequestOptions {
  /** Needed for namespaced resources; where an object is sent, its own counts. */
  namespace?: string | undefined
}

/** What a LIST reads. */
export interface CollectionOptions {
  /** All namespaces when left out. */
  namespace?: string | undefined
}

/** A page of entries, cut from the response and not parsed. */
export interface EntryList<T> {
  /** The list's version: where a watch goes on. */
  readonly resourceVersion: string
  /** The token of the next page; empty on the last one. */
  readonly continue: string
  readonly remainingItemCount?: number | undefined
  readonly entries: readonly Entry<T>[]
  /** The items that could not be kept. Left out when there are none. */
  readonly skipped?: Skipped | undefined
}

/** Items of a list that could not be kept: without a name, no object, too deep, of another namespace. The list counts without them. */
export interface Skipped {
  /** How many items were skipped. */
  readonly count: number
  /** What was wrong with the first of them; at most {@link MAX_SKIPPED_ERRORS}. */
  readonly errors: readonly Error[]
}

/** How many of the skipped items of a list have an error of their own. */
export const MAX_SKIPPED_ERRORS = 10

/** Adds to what was skipped; neither argument is changed. */
export function addSkipped(skipped: Skipped | undefined, more: Skipped | undefined): Skipped {
  const errors = [...(skipped?.errors ?? []), ...(more?.errors ?? [])].slice(0, MAX_SKIPPED_ERRORS)
  return { count: (skipped?.count ?? 0) + (more?.count ?? 0), errors }
}

/** One event of a watch, its object still text. */
export type WatchEntry<T> =
  | { readonly type: ChangeType; readonly entry: Entry<T> }
  /** `resourceVersion` is the empty string when the server named none: such a bookmark moves nothing. */
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string; readonly initialEventsEnd: boolean }
  | { readonly type: 'ERROR'; readonly status: Status }
  /** Not of the wire: a change whose object cannot be kept, and why. Report it and go on; the version does not move. */
  | { readonly type: 'SKIPPED'; readonly error: Error }

/** The events that change an object. */
export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED'

/** One event of a watch, parsed. */
export type WatchEvent<T> =
  | { readonly type: ChangeType; readonly object: T }
  | {
      readonly type: 'BOOKMARK'
      readonly object: { readonly metadata: { readonly resourceVersion: string; readonly annotations?: Record<string, string> } }
    }
  | { readonly type: 'ERROR'; readonly object: Status }

/** The annotation of the bookmark that ends the initial events of a streamed list. */
export const INITIAL_EVENTS_END = 'k8s.io/initial-events-end'

/** `Status.reason` of an expired resourceVersion or continue token. */
export const REASON_EXPIRED = 'Expired'
/** The same, as older servers say it. */
export const REASON_GONE = 'Gone'
/** Cause of a 504 that says: this version is newer than anything the server knows. */
export const CAUSE_TOO_LARGE = 'ResourceVersionTooLarge'
