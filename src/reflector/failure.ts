import { isApiError, isConnectionError, isParseError, isWatchError } from '../errors'
import type { Status } from '../meta/object'
import { CAUSE_TOO_LARGE, REASON_EXPIRED, REASON_GONE } from '../meta/wire'
import { retryAfterOf } from '../transport/failure'

/** What a failure means for the feed. */
export type FailureKind =
  /** The resourceVersion (or continue token) is too old: HTTP 410, or the same in the stream. */
  | 'expired'
  /** The resourceVersion is newer than anything the server knows. */
  | 'too-large'
  /** 429: later. */
  | 'throttled'
  /** 5xx, or an `ERROR` event the list does not know. */
  | 'server'
  /** 403. */
  | 'denied'
  /** 401: logged out, or the token was refused twice; a redirect, as to a login page. */
  | 'unauthorized'
  /** 404: the resource is not there. */
  | 'gone'
  /** Another 4xx: the server does not understand the request. */
  | 'refused'
  /** No answer, or it broke off. */
  | 'connection'
  /** What came is no list or no event. */
  | 'malformed'
  /** Nothing came for too long. */
  | 'stale'
  /** An entry's text turned out not to parse, when somebody read it. */
  | 'unreadable'
  /** The periodic relist is due: no failure, but the watch ends all the same. */
  | 'relist'
  /** The server's history is not the one the store's resourceVersion is from: the cluster was recreated, restored, or is another one. */
  | 'other-history'
  /** The initial stream goes on without bringing new objects or its end. */
  | 'stalled'
  /** A list that was made beside the attempt was faster: no failure, the store has its state. */
  | 'overtaken'
  /** The server lists the resource and refuses to watch it: HTTP 405 or 501. */
  | 'unwatchable'

/** Why an attempt ended before its time. */
export interface Failure {
  readonly kind: FailureKind
  readonly error: unknown
  /** How long the server asked to wait, in milliseconds. */
  readonly retryAfterMs?: number | undefined
  /** Whether the next attempt need not wait: the page is back, or the server was just seen. */
  readonly isUrgent?: boolean | undefined
}

/** Says what an error means for an attempt that asked the server to watch. */
export function classifyWatch(error: unknown): Failure {
  const isUnwatchable = (isApiError(error) && (error.status === 405 || error.status === 501)) || isListError(error)
  return isUnwatchable ? { kind: 'unwatchable', error } : classify(error)
}

/** A server that ignores `watch=true` answers with the list. */
function isListError(error: unknown): boolean {
  return isParseError(error) && /^\s*\{"(kind"\s*:\s*"\w*List"|apiVersion"\s*:\s*"[^"]*",\s*"kind"\s*:\s*"\w*List")/.test(error.excerpt)
}

/** Says what an error means. */
export function classify(error: unknown): Failure {
  if (isApiError(error)) {
    // A redirect that was refused: almost always to a login page.
    if (error.status < 400 && error.body?.kind !== 'Status') return { kind: 'unauthorized', error }
    // A 5xx that is no Status is the word of whatever stands between: kubectl proxy says 500 when the API server is down.
    const between = error.status >= 500 && error.body?.kind !== 'Status'
    return { kind: between ? 'connection' : kindOf(error.status, error.body), error, retryAfterMs: error.retryAfterMs }
  }
  if (isWatchError(error) && error.status) {
    return { kind: kindOf(error.status.code ?? 500, error.status), error, retryAfterMs: retryAfterOf(error.status) }
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
 * @see apimachinery `apierrors.HasStatusCause(ResourceVersionTooLarge)`; servers before 1.17 say it only in words, at the end of a message:
 *   client-go `isTooLargeResourceVersionError`
 */
function isTooLarge(code: number, status: Status | undefined): boolean {
  if (status?.details?.causes?.some(({ reason }) => reason === CAUSE_TOO_LARGE)) return true
  const says = (text: string | undefined) => text?.includes('Too large resource version') ?? false
  return code === 504 && (says(status?.message) || (status?.details?.causes?.some(({ message }) => says(message)) ?? false))
}
