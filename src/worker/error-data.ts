// Converts errors to plain data and back, to send them between threads.

import {
  apiErrorOf,
  ConnectionError,
  isApiError,
  isConnectionError,
  isKubeError,
  isParseError,
  isPersistenceError,
  isWatchError,
  KubeError,
  ParseError,
  PersistenceError,
  type PersistenceErrorCode,
  type RequestSummary,
  WatchError,
} from '../api/errors'
import type { Status } from '../api/object'

/** An error as plain data: an `Error` that crosses between threads loses its class and its fields. */
export type ErrorData = { readonly message: string; readonly cause?: ErrorData | undefined } & (
  | {
      readonly kind: 'api'
      readonly status: number
      readonly request: RequestSummary
      readonly body: Status | undefined
      readonly retryAfterMs: number | undefined
      readonly contentType: string | undefined
      readonly finalUrl: string | undefined
    }
  | { readonly kind: 'connection'; readonly request: RequestSummary }
  | { readonly kind: 'watch'; readonly status: Status | undefined }
  | { readonly kind: 'parse'; readonly excerpt: string }
  | { readonly kind: 'persistence'; readonly code: PersistenceErrorCode }
  | { readonly kind: 'kube' }
  | { readonly kind: 'other'; readonly name: string }
)

/** Converts an error to data. */
export function errorToData(error: unknown): ErrorData {
  const message = error instanceof Error ? error.message : String(error)
  const cause = error instanceof Error && error.cause !== undefined ? errorToData(error.cause) : undefined
  if (isApiError(error)) {
    const { status, request, body, retryAfterMs, contentType, finalUrl } = error
    return { kind: 'api', message, cause, status, request, body, retryAfterMs, contentType, finalUrl }
  }
  if (isConnectionError(error)) return { kind: 'connection', message, cause, request: error.request }
  if (isWatchError(error)) return { kind: 'watch', message, cause, status: error.status }
  if (isParseError(error)) return { kind: 'parse', message, cause, excerpt: error.excerpt }
  if (isPersistenceError(error)) return { kind: 'persistence', message, cause, code: error.code }
  if (isKubeError(error)) return { kind: 'kube', message, cause }
  return { kind: 'other', message, cause, name: error instanceof Error ? error.name : 'Error' }
}

/** Restores an error from data, with the same class, message and fields. */
export function errorFromData(data: ErrorData): Error {
  const { message } = data
  const options = data.cause && { cause: errorFromData(data.cause) }
  switch (data.kind) {
    case 'api': {
      const { status, request, body, retryAfterMs, contentType, finalUrl } = data
      return apiErrorOf({ status, request, body, retryAfterMs, contentType, finalUrl, ...options })
    }
    case 'connection':
      return new ConnectionError(data.request, options)
    case 'watch':
      return new WatchError(message, { status: data.status, ...options })
    case 'parse':
      // The constructor appends the excerpt to the message.
      return new ParseError(message.slice(0, -`: ${data.excerpt}`.length), data.excerpt, options)
    case 'persistence':
      return new PersistenceError(data.code, message, options)
    case 'kube':
      return new KubeError(message, options)
    case 'other':
      return Object.assign(new Error(message, options), { name: data.name })
  }
}
