// Classifies errors by what they mean for a feed.

import { isApiError, isConnectionError, isParseError, isWatchError } from '../api/errors'
import type { Status } from '../api/object'
import { CAUSE_LOCAL, CAUSE_TOO_LARGE, REASON_EXPIRED, REASON_GONE } from '../codec/wire'
import { retryAfterOf } from '../http/failure'

/** The meaning of a failure for a feed. */
export type FailureKind =
  /** The resourceVersion or continue token has expired: HTTP 410, or the same in the stream. */
  | 'expired'
  /** The resourceVersion is newer than any the server knows. */
  | 'too-large'
  /** HTTP 429: the server is overloaded. */
  | 'throttled'
  /** HTTP 5xx, or an unclassified `ERROR` event. */
  | 'server'
  /** HTTP 403. */
  | 'denied'
  /** HTTP 401: logged out, or the token was rejected twice. Also a redirect, as to a login page. */
  | 'unauthorized'
  /** HTTP 404: the resource does not exist. */
  | 'gone'
  /** Another 4xx: the server does not understand the request. */
  | 'refused'
  /** No response, or a response that broke off. */
  | 'connection'
  /** The response is not a list, or an event is invalid. */
  | 'malformed'
  /** The connection was silent for too long. */
  | 'stale'
  /** A reader found an entry whose text does not parse. */
  | 'unreadable'
  /** The periodic relist is due. Not a failure, but it ends the watch. */
  | 'relist'
  /** The store's resourceVersion is not from the server's history: the cluster was recreated, restored, or is another one. */
  | 'other-history'
  /** The initial stream continues without new objects and without its end. */
  | 'stalled'
  /** A list made in parallel completed first. Not a failure: the store has its state. */
  | 'overtaken'
  /** The server lists the resource but refuses to watch it: HTTP 405 or 501. */
  | 'unwatchable'

/** The reason why an attempt ended early. */
export interface Failure {
  readonly kind: FailureKind
  readonly error: unknown
  /** The delay requested by the server, in milliseconds. */
  readonly retryAfterMs?: number | undefined
  /** Whether the next attempt may start without a delay: the page is back, or the server has just responded. */
  readonly isUrgent?: boolean | undefined
}

/** Classifies an error of an attempt that watches. */
export function classifyWatch(error: unknown): Failure {
  const isUnwatchable = (isApiError(error) && (error.status === 405 || error.status === 501)) || isListError(error)
  return isUnwatchable ? { kind: 'unwatchable', error } : classify(error)
}

/** Whether the error is caused by a server that ignores `watch=true` and sends the list. */
function isListError(error: unknown): boolean {
  return isParseError(error) && /^\s*\{"(kind"\s*:\s*"\w*List"|apiVersion"\s*:\s*"[^"]*",\s*"kind"\s*:\s*"\w*List")/.test(error.excerpt)
}

/** Classifies an error. */
export function classify(error: unknown): Failure {
  if (isApiError(error)) {
    // A refused redirect almost always leads to a login page.
    if (error.status < 400 && error.body?.kind !== 'Status') return { kind: 'unauthorized', error }
    // A 5xx without a Status comes from an intermediary: kubectl proxy sends 500 when the API server is down.
    const between = error.status >= 500 && error.body?.kind !== 'Status'
    return { kind: between ? 'connection' : kindOf(error.status, error.body), error, retryAfterMs: error.retryAfterMs }
  }
  if (isWatchError(error) && error.status) {
    const isUrgent = hasCause(error.status, CAUSE_LOCAL)
    return { kind: kindOf(error.status.code ?? 500, error.status), error, retryAfterMs: retryAfterOf(error.status), isUrgent }
  }
  if (isParseError(error) || isWatchError(error)) return { kind: 'malformed', error }
  return { kind: isConnectionError(error) ? 'connection' : 'server', error }
}

function kindOf(code: number, status: Status | undefined): FailureKind {
  if (isTooLarge(code, status)) return 'too-large'
  if (code === 410 || status?.reason === REASON_EXPIRED || status?.reason === REASON_GONE) return 'expired'
  if (code === 429) return 'throttled'
  if (code === 401) return 'unauthorized'
  if (code === 403) return 'denied'
  if (code === 404) return 'gone'
  return code >= 400 && code < 500 ? 'refused' : 'server'
}

/**
 * Whether a response says that a resourceVersion is too large. Servers before 1.17 say it only in the message.
 *
 * @see apimachinery `apierrors.HasStatusCause(ResourceVersionTooLarge)`; client-go `isTooLargeResourceVersionError`
 */
function isTooLarge(code: number, status: Status | undefined): boolean {
  if (hasCause(status, CAUSE_TOO_LARGE)) return true
  const says = (text: string | undefined) => text?.includes('Too large resource version') ?? false
  return code === 504 && (says(status?.message) || (status?.details?.causes?.some(({ message }) => says(message)) ?? false))
}

const hasCause = (status: Status | undefined, cause: string): boolean =>
  status?.details?.causes?.some(({ reason }) => reason === cause) ?? false
