// The error classes of the library and their guards.

import { redact, redactError } from '../internal/redact'
import { rootCause } from '../internal/root-cause'
import type { Status } from './object'

// Each error has a guard that works across two copies of the package on one page, because it reads a property instead of the class.
// Aborting a request is not an error of its own: the promise rejects with the signal's reason.

/**
 * The base class of the library's errors. Replaces a cause that holds a recognizable credential by a cleaned copy: errors of other
 * libraries quote headers and carry whole requests.
 */
export class KubeError extends Error {
  constructor(message?: string, options?: ErrorOptions) {
    super(message, options && 'cause' in options ? { cause: redactError(options.cause) } : undefined)
  }
  /** The class names that this error matches, its own first; read by the guards. */
  get '~kubeflect'(): readonly string[] {
    return ['KubeError']
  }
  override get name(): string {
    return this['~kubeflect'][0] ?? 'KubeError'
  }
}

/** The request that an error belongs to. */
export interface RequestSummary {
  readonly method: string
  readonly url: string
}

/** The constructor options of {@link ApiError}. */
export interface ApiErrorInit extends ErrorOptions {
  /** The HTTP status. */
  status: number
  request: RequestSummary
  /** The Status in the response, when there was one. */
  body?: Status | undefined
  /** The delay requested by the server, in milliseconds, from `Retry-After` or its Status. */
  retryAfterMs?: number | undefined
  /** The media type of the response, without parameters. */
  contentType?: string | undefined
  /** The URL of the response, when it differs from the requested one. */
  finalUrl?: string | undefined
}

/**
 * Thrown when the server answers a request with an error. The message names the request, quotes the server, and suggests a remedy where
 * there is one.
 */
export class ApiError extends KubeError {
  /** The HTTP status; 0 for a redirect in a browser, which hides the status. */
  readonly status: number
  /** The reason in the server's Status (`NotFound`, `Conflict`, …), or the empty string. */
  readonly reason: string
  /** The Status in the response, when there was one. */
  readonly body: Status | undefined
  readonly request: RequestSummary
  /** The delay requested by the server, in milliseconds. */
  readonly retryAfterMs: number | undefined
  /** The media type of the response, without parameters; undefined when unknown. */
  readonly contentType: string | undefined
  /** The URL of the response, when it differs from the requested one. */
  readonly finalUrl: string | undefined

  constructor({ status, request, body, retryAfterMs, contentType, finalUrl, ...options }: ApiErrorInit) {
    // An API server answers with a Status or plain text. The media type and origin of any other response help to find a proxy.
    const from = [body?.kind !== 'Status' && contentType !== 'text/plain' && contentType, finalUrl && `from ${finalUrl}`]
      .filter(Boolean)
      .join(' ')
    super(
      `${request.method} ${request.url}: ${status || (body?.kind === 'Status' ? 0 : 'redirect')}${accountOf(status, body)}${from && ` (${from})`}`,
      options,
    )
    this.contentType = contentType
    this.finalUrl = finalUrl
    this.status = status
    this.reason = body?.reason ?? ''
    this.body = body
    this.request = request
    this.retryAfterMs = retryAfterMs
  }
  override get '~kubeflect'(): readonly string[] {
    return ['ApiError', 'KubeError']
  }
}

function accountOf(status: number, { reason, message = '', details }: Status = {}): string {
  // Most messages contain the causes. Some do not, such as that of a refused eviction.
  const causes = (details?.causes ?? []).filter((cause) => cause.message && !message.includes(cause.message))
  const untold = causes.map((cause) => `; ${cause.field ? `${cause.field}: ` : ''}${cause.message}`).join('')
  // For these, the server's message is only the name of the status.
  const isAboutUrl = status === 404 && /requested resource$|page not found/.test(message)
  const advice = isAboutUrl
    ? ' (is its API, or CustomResourceDefinition, installed?)'
    : status === 401
      ? ' (the token is missing or refused)'
      : ''
  return `${reason ? ` ${reason}` : ''}${message && `: ${message}`}${untold}${advice}`
}

/** A field owned by another manager that a server-side apply would have to take over. */
export interface FieldConflict {
  /** The manager that owns the field. */
  readonly manager: string
  /** The path of the field, such as `.spec.replicas`. */
  readonly field: string
}

/**
 * Thrown for HTTP 409 with the reason `Conflict`: the object has changed, or another manager owns a field. Read the object and retry
 * (`updateWithRetry`), or force an apply.
 */
export class ConflictError extends ApiError {
  /** The fields that other managers own, after a server-side apply; otherwise empty. */
  get conflicts(): readonly FieldConflict[] {
    const causes = (this.body?.details?.causes ?? []).filter(({ reason }) => reason === 'FieldManagerConflict')
    return causes.map(({ message = '', field = '' }) => ({ manager: quotedIn(message), field }))
  }
  override get '~kubeflect'(): readonly string[] {
    return ['ConflictError', 'ApiError', 'KubeError']
  }
}

/**
 * Returns the first name that Go quotes in a message (`conflict with "kubectl" using apps/v1 at …`), or the message when it quotes none.
 * Linear in its length.
 */
function quotedIn(message: string): string {
  const start = message.indexOf('"') + 1
  if (start === 0) return message
  let name = ''
  for (let i = start; i < message.length; i++) {
    const character = message[i]
    if (character === '"') return name
    name += character === '\\' ? (message[++i] ?? '') : character
  }
  return message
}

/** Thrown for HTTP 410: the resourceVersion or continue token of a request has expired. List again. */
export class ExpiredError extends ApiError {
  override get '~kubeflect'(): readonly string[] {
    return ['ExpiredError', 'ApiError', 'KubeError']
  }
}

/** Makes the error class that fits a response's status and reason. */
export function apiErrorOf(init: ApiErrorInit): ApiError {
  if (init.status === 410) return new ExpiredError(init)
  return init.status === 409 && init.body?.reason === 'Conflict' ? new ConflictError(init) : new ApiError(init)
}

/**
 * Thrown when a request gets no response, or the response breaks off: no network, DNS, TLS, CORS, a closed connection. The message has the
 * root cause, such as `ECONNREFUSED 127.0.0.1:8001`.
 */
export class ConnectionError extends KubeError {
  readonly request: RequestSummary

  /** @param problem a clause for the message; default `no answer`. */
  constructor(request: RequestSummary, options?: ErrorOptions, problem = 'no answer') {
    const reason = redact(rootCause(options?.cause))
    super(`${request.method} ${request.url}: ${problem}${reason && ` (${reason})`}`, options)
    this.request = request
  }
  override get '~kubeflect'(): readonly string[] {
    return ['ConnectionError', 'KubeError']
  }
}

/** Thrown when a watch ends with an `ERROR` event, or with data that is not a watch event. */
export class WatchError extends KubeError {
  /** The Status in the event, when there was one. */
  readonly status: Status | undefined

  constructor(message: string, { status, ...options }: ErrorOptions & { status?: Status | undefined } = {}) {
    super(message, options)
    this.status = status
  }
  override get '~kubeflect'(): readonly string[] {
    return ['WatchError', 'KubeError']
  }
}

/** Thrown for text that is not JSON, or not the expected Kubernetes object. */
export class ParseError extends KubeError {
  /** The beginning of the text, at most 200 characters. */
  readonly excerpt: string

  constructor(message: string, text: string, options?: ErrorOptions) {
    // Redact before cutting: half a token has no recognizable form.
    const excerpt = cut(redact(cut(text, 1000)), 200)
    super(`${message}: ${excerpt}`, options)
    this.excerpt = excerpt
  }
  override get '~kubeflect'(): readonly string[] {
    return ['ParseError', 'KubeError']
  }
}

const cut = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length)}…` : text)

/**
 * The reason why a snapshot was not stored or not used.
 *
 * - `fenced`: another writer took over the scope, or the scope was cleared.
 * - `quota`: there is no space left.
 * - `unavailable`: the storage cannot be used.
 * - `refused`: the configuration forbids it.
 * - `damaged`: a stored record is invalid.
 */
export type PersistenceErrorCode = 'fenced' | 'quota' | 'unavailable' | 'refused' | 'damaged'

/** Thrown or reported when a snapshot cannot be stored or read. The feed continues from memory. */
export class PersistenceError extends KubeError {
  readonly code: PersistenceErrorCode

  constructor(code: PersistenceErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
  override get '~kubeflect'(): readonly string[] {
    return ['PersistenceError', 'KubeError']
  }
}

/** Whether an error is a {@link KubeError}. */
export const isKubeError = (error: unknown): error is KubeError => hasBrand(error, 'KubeError')
/** Whether an error is an {@link ApiError}, the server's answer to a request. */
export const isApiError = (error: unknown): error is ApiError => hasBrand(error, 'ApiError')
/** Whether an error is a {@link ConflictError}: the object has changed meanwhile, or another manager owns a field. */
export const isConflictError = (error: unknown): error is ConflictError => hasBrand(error, 'ConflictError')
/** Whether an error is an {@link ExpiredError}, an HTTP 410. */
export const isExpiredError = (error: unknown): error is ExpiredError => hasBrand(error, 'ExpiredError')
/** Whether an error is a {@link ConnectionError}: a request without a complete response. */
export const isConnectionError = (error: unknown): error is ConnectionError => hasBrand(error, 'ConnectionError')
/** Whether an error is a {@link WatchError}. */
export const isWatchError = (error: unknown): error is WatchError => hasBrand(error, 'WatchError')
/** Whether an error is a {@link ParseError}. */
export const isParseError = (error: unknown): error is ParseError => hasBrand(error, 'ParseError')
/** Whether an error is a {@link PersistenceError}. */
export const isPersistenceError = (error: unknown): error is PersistenceError => hasBrand(error, 'PersistenceError')

/** Whether an error is of a class of the library, in whatever copy of it the class was loaded. */
export function hasBrand(error: unknown, name: string): boolean {
  return error instanceof Error && '~kubeflect' in error && Array.isArray(error['~kubeflect']) && error['~kubeflect'].includes(name)
}
