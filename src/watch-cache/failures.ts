// The error responses of an API server, with kube-apiserver's wording: clients search for some of it.

import { type ApiError, apiErrorOf, type RequestSummary } from '../api/errors'
import type { ListMeta, Status, StatusDetails } from '../api/object'
import { CAUSE_TOO_LARGE, REASON_EXPIRED } from '../codec/wire'

/** A Status in wire format. */
export interface WireStatus extends Status {
  /** Holds the token with which an expired list can continue, inconsistently. */
  metadata?: ListMeta
}

/** An invalid field, in the form of a `StatusCause`. */
export interface FieldFailure {
  /** The reason, such as `FieldValueForbidden`. */
  reason: string
  field: string
  message: string
}

/** Makes a Status that reports a failure. */
export function failure(code: number, reason: string, message: string, details?: StatusDetails): WireStatus {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, ...(details && { details }), code }
}

/** Returns the Status of a 400. */
export const badRequest = (message: string): WireStatus => failure(400, 'BadRequest', message)

/** Returns the Status of a 410: the requested version is older than the window. */
export const expired = (message: string): WireStatus => failure(410, REASON_EXPIRED, message)

/** Returns the Status of a 410 for a continue token; `token` continues from its key with the current state. */
export const continueExpired = (token: string): WireStatus => ({
  ...expired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, ' +
      'or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an ' +
      'inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
  ),
  metadata: { continue: token },
})

/** Returns the Status of a 504: a resourceVersion newer than the cache. */
export const tooLarge = (resourceVersion: string, current: string): WireStatus =>
  failure(504, 'Timeout', `Timeout: Too large resource version: ${resourceVersion}, current: ${current}`, {
    causes: [{ reason: CAUSE_TOO_LARGE, message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  })

/** Returns the Status of a 429: the cache has no state yet. */
export const notReady = (): WireStatus => failure(429, 'TooManyRequests', 'storage is (re)initializing', { retryAfterSeconds: 1 })

/** Returns the Status of a 503 that asks the client to try again after a second. */
export const unavailable = (message: string): WireStatus => failure(503, 'ServiceUnavailable', message, { retryAfterSeconds: 1 })

/** Returns the Status of a 404 for one object. */
export const notFound = (resource: { plural: string; group: string }, name: string): WireStatus => {
  const { plural, group } = resource
  return failure(404, 'NotFound', `${group ? `${plural}.${group}` : plural} "${name}" not found`, {
    name,
    ...(group && { group }),
    kind: plural,
  })
}

/** Returns the Status of a 405. */
export const methodNotAllowed = (): WireStatus =>
  failure(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {})

/** Returns the Status of a 422 for invalid fields. */
export function invalid({ kind, group, name }: { kind: string; group: string; name: string }, fields: readonly FieldFailure[]): WireStatus {
  const problems = fields.map(({ field, message }) => `${field}: ${message}`)
  const list = problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`
  return failure(422, 'Invalid', `${group ? `${kind}.${group}` : kind} "${name}" is invalid: ${list}`, {
    ...(name && { name }),
    ...(group && { group }),
    kind,
    causes: fields.map(({ reason, field, message }) => ({ reason, message, field })),
  })
}

/** Makes the error that a client throws for a Status. */
export function errorOf(body: Status, request: RequestSummary): ApiError {
  const seconds = body.details?.retryAfterSeconds
  return apiErrorOf({ status: body.code ?? 500, request, body, retryAfterMs: seconds === undefined ? undefined : seconds * 1000 })
}
