// Results of LIST and WATCH requests, with objects as entries.

import type { Status } from '../api/object'
import type { Entry } from './entry'

/** Options of a list whose entries are cut out of the response while it arrives. */
export interface ArrivalOptions<T> {
  /**
   * Called with each batch of entries as it arrives, so that the caller can use the first ones early. Together, the batches hold all
   * entries of the list, if the list completes.
   */
  onEntries?: ((entries: readonly Entry<T>[]) => void) | undefined
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
/** A cause of a 410: a cache of this browser does not know the events any more. The server is healthy, and a list costs it nothing. */
export const CAUSE_LOCAL = 'kubeflect.dev/LocalCache'
