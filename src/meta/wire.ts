// Options and results of LIST, WATCH and write requests, named as on the wire.

import type { Entry } from './entry'
import type { Status } from './object'

/** Options of a LIST request, named as on the wire. */
export interface ListOptions {
  /** Such as `app=web,tier!=db`. */
  labelSelector?: string | undefined
  /** Such as `spec.nodeName=n1`. */
  fieldSelector?: string | undefined
  /** Maximum number of objects per page; unlimited when left out. */
  limit?: number | undefined
  /** The continue token from the previous page. */
  continue?: string | undefined
  /** `''` or left out: the latest version, by a quorum read. `'0'`: any version the server has cached. */
  resourceVersion?: string | undefined
  resourceVersionMatch?: ResourceVersionMatch | undefined
}

/** The server's interpretation of `resourceVersion`. */
export type ResourceVersionMatch = 'NotOlderThan' | 'Exact'

/** Options of a WATCH request, named as on the wire. */
export interface WatchOptions {
  labelSelector?: string | undefined
  fieldSelector?: string | undefined
  /** The version to resume from: the server sends the events after it. */
  resourceVersion?: string | undefined
  resourceVersionMatch?: ResourceVersionMatch | undefined
  allowWatchBookmarks?: boolean | undefined
  /** Ask for the initial state as events, ended by an annotated bookmark (KEP-3157). */
  sendInitialEvents?: boolean | undefined
  /** Seconds after which the server ends the watch. */
  timeoutSeconds?: number | undefined
}

/** Options of every write request, named as on the wire. */
export interface WriteOptions {
  /** `'All'`: the server runs all checks and returns the result, but stores nothing. */
  dryRun?: 'All' | undefined
  /** The manager recorded in `managedFields`; by default the server derives it from the user agent. */
  fieldManager?: string | undefined
  /** The server's handling of unknown and duplicate fields; its default is `'Warn'`. */
  fieldValidation?: 'Ignore' | 'Warn' | 'Strict' | undefined
}

/**
 * Options of a server-side apply.
 *
 * @see KEP-555
 */
export interface ApplyOptions extends WriteOptions {
  /** The manager that applies. Fields that it applied before and now omits are removed. */
  fieldManager: string
  /** Take fields away from other managers instead of failing with a ConflictError. */
  force?: boolean | undefined
}

/** Options of a delete request, named as on the wire. */
export interface DeleteOptions {
  /** `'All'`: the server runs all checks and returns the result, but deletes nothing. */
  dryRun?: 'All' | undefined
  /** Seconds to wait before termination is forced; 0 is at once. Default: the object's own. */
  gracePeriodSeconds?: number | undefined
  /** When to delete the objects that this one owns: afterwards, before it, or not at all. Default: the resource's own. */
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan' | undefined
  /** Conditions that must hold; otherwise the server answers 409. */
  preconditions?: { uid?: string | undefined; resourceVersion?: string | undefined } | undefined
}

/** Options of a request that are not part of the wire format. */
export interface RequestOptions {
  /** Aborts the request, or the stream it opened. */
  signal?: AbortSignal | undefined
  /** Called with the number of bytes whenever bytes arrive, to detect that a silent request is still alive and to measure its cost. */
  onBytes?: ((count: number) => void) | undefined
}

/** Options of a list whose entries are cut out of the response while it arrives. */
export interface ArrivalOptions<T> {
  /**
   * Called with each batch of entries as it arrives, so that the caller can use the first ones early. Together, the batches hold all
   * entries of the list, if the list completes.
   */
  onEntries?: ((entries: readonly Entry<T>[]) => void) | undefined
}

/** Identifies the namespace of an object. */
export interface ObjectOptions extends RequestOptions {
  /** Required for namespaced resources. When an object is sent, its own namespace takes precedence. */
  namespace?: string | undefined
}

/** The scope of a LIST request. */
export interface CollectionOptions {
  /** All namespaces when left out. */
  namespace?: string | undefined
}

/** One page of a list. Its entries are cut out of the response and not parsed. */
export interface EntryList<T> {
  /** The version of the list, from which a watch resumes. */
  readonly resourceVersion: string
  /** The token of the next page; empty on the last page. */
  readonly continue: string
  readonly remainingItemCount?: number | undefined
  readonly entries: readonly Entry<T>[]
  /** The items that could not be kept; left out when there were none. */
  readonly skipped?: Skipped | undefined
}

/**
 * Items left out of a list: without a name, not an object, nested too deeply, or from another namespace. The list is complete without them.
 */
export interface Skipped {
  /** The number of skipped items. */
  readonly count: number
  /** The errors of the first skipped items; at most {@link MAX_SKIPPED_ERRORS}. */
  readonly errors: readonly Error[]
}

/** The maximum number of errors reported for the skipped items of a list. */
export const MAX_SKIPPED_ERRORS = 10

/** Returns the sum of two {@link Skipped} values. Modifies neither. */
export function addSkipped(skipped: Skipped | undefined, more: Skipped | undefined): Skipped {
  const errors = [...(skipped?.errors ?? []), ...(more?.errors ?? [])].slice(0, MAX_SKIPPED_ERRORS)
  return { count: (skipped?.count ?? 0) + (more?.count ?? 0), errors }
}

/** One event of a watch, with the object as text. */
export type WatchEntry<T> =
  | { readonly type: ChangeType; readonly entry: Entry<T> }
  /** `resourceVersion` is the empty string when the server sent none; such a bookmark does not advance the version. */
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string; readonly initialEventsEnd: boolean }
  | { readonly type: 'ERROR'; readonly status: Status }
  /** Not part of the wire format: a change whose object cannot be kept. Report the error and continue; the version does not advance. */
  | { readonly type: 'SKIPPED'; readonly error: Error }

/** The event types that change an object. */
export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED'

/** One event of a watch, with the object parsed. */
export type WatchEvent<T> =
  | { readonly type: ChangeType; readonly object: T }
  | {
      readonly type: 'BOOKMARK'
      readonly object: { readonly metadata: { readonly resourceVersion: string; readonly annotations?: Record<string, string> } }
    }
  | { readonly type: 'ERROR'; readonly object: Status }

/** The annotation on the bookmark that ends the initial events of a streamed list. */
export const INITIAL_EVENTS_END = 'k8s.io/initial-events-end'

/** `Status.reason` of an expired resourceVersion or continue token. */
export const REASON_EXPIRED = 'Expired'
/** The reason that older servers send instead of {@link REASON_EXPIRED}. */
export const REASON_GONE = 'Gone'
/** The cause of a 504 for a version that is newer than any the server knows. */
export const CAUSE_TOO_LARGE = 'ResourceVersionTooLarge'
