import { redact, redactError } from './internal/redact'
import { rootCause } from './internal/root-cause'
import type { Status } from './meta/object'

// Each error has a guard that survives two copies of the package on one page: it reads a property rather than the class.
// Abort is not among the errors: what was aborted just ends.

/**
 * The base class of the library's errors. A cause of another library that holds a credential, recognised by its form, is replaced by a cleaned copy:
 * such errors quote headers and carry whole requests.
 */
export class KubeError extends Error {
  constructor(message?: string, options?: ErrorOptions) {
    super(message, options && 'cause' in options ? { cause: redactError(options.cause) } : undefined)
  }
  /** The class names this error answers to, its own first; read by the guards. */
  get '~kubeflect'(): readonly string[] {
    return ['KubeError']
  }
  override get name(): string {
    return this['~kubeflect'][0] ?? 'KubeError'
  }
}

/** The request an error belongs to. */
export interface RequestSummary {
  readonly method: string
  readonly url: string
}

/** What an {@link ApiError} is made of. */
export interface ApiErrorInit extends ErrorOptions {
  /** The HTTP status. */
  status: number
  request: RequestSummary
  /** The server's own account, when it sent one. */
  body?: Status | undefined
  /** How long the server asked to wait, from `Retry-After` or its Status, in milliseconds. */
  retryAfterMs?: number | undefined
  /** The media type of the answer, without parameters. */
  contentType?: string | undefined
  /** The URL that answered, when it is another than the one that was asked. */
  finalUrl?: string | undefined
}

/** The server answered a request with an error. The message names the request, quotes the server, and says what may help. */
export class ApiError extends KubeError {
  /** The HTTP status; 0 for a redirect in a browser, which hides it. */
  readonly status: number
  /** The reason in the server's Status (`NotFound`, `Conflict`, …), or the empty string. */
  readonly reason: string
  /** The server's Status, when it sent one. */
  readonly body: Status | undefined
  readonly request: RequestSummary
  /** How long the server asked to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined
  /** The media type of the answer, without parameters; undefined when it is not known. */
  readonly contentType: string | undefined
  /** The URL that answered, when it is another than the one that was asked. */
  readonly finalUrl: string | undefined

  constructor({ status, request, body, retryAfterMs, contentType, finalUrl, ...options }: ApiErrorInit) {
    // An API server answers with a Status, or in plain text. Any other answer is described.
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
  // Most messages tell the causes; some, such as that of an eviction which is refused, do not.
  const causes = (details?.causes ?? []).filter((cause) => cause.message && !message.includes(cause.message))
  const untold = causes.map((cause) => `; ${cause.field ? `${cause.field}: ` : ''}${cause.message}`).join('')
  // Of these two the server says no more than its name for the status.
  const isAboutUrl = status === 404 && /requested resource$|page not found/.test(message)
  const advice = isAboutUrl
    ? ' (is its API, or CustomResourceDefinition, installed?)'
    : status === 401
      ? ' (the token is missing or refused)'
      : ''
  return `${reason ? ` ${reason}` : ''}${message && `: ${message}`}${untold}${advice}`
}

/** A field that a server-side apply would have to take from somebody else. */
export interface FieldConflict {
  /** Whose it is. */
  readonly manager: string
  /** Such as `.spec.replicas`. */
  readonly field: string
}

/**
 * The object is not what the request takes it for: HTTP 409 with the reason `Conflict`. Read it again and decide anew (`updateWithRetry`), or force
 * an apply.
 */
export class ConflictError extends ApiError {
  /** Of a server-side apply: what others own. Otherwise empty. */
  get conflicts(): readonly FieldConflict[] {
    const causes = (this.body?.details?.causes ?? []).filter(({ reason }) => reason === 'FieldManagerConflict')
    return causes.map(({ message = '', field = '' }) => ({ manager: quotedIn(message), field }))
  }
  override get '~kubeflect'(): readonly string[] {
    return ['ConflictError', 'ApiError', 'KubeError']
  }
}

/** The first name that Go quotes in a message (`conflict with "kubectl" using apps/v1 at …`); the message, when it quotes none. Looks at each character once. */
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

/** The resourceVersion or continue token of a request is too old: HTTP 410. List again. */
export class ExpiredError extends ApiError {
  override get '~kubeflect'(): readonly string[] {
    return ['ExpiredError', 'ApiError', 'KubeError']
  }
}

/** The error that fits an answer's status and reason. */
export function apiErrorOf(init: ApiErrorInit): ApiError {
  if (init.status === 410) return new ExpiredError(init)
  return init.status === 409 && init.body?.reason === 'Conflict' ? new ConflictError(init) : new ApiError(init)
}

/**
 * A request got no answer, or its answer broke off: no network, DNS, TLS, CORS, a closed connection. The message has the root cause, such as
 * `ECONNREFUSED 127.0.0.1:8001`.
 */
export class ConnectionError extends KubeError {
  readonly request: RequestSummary

  constructor(request: RequestSummary, options?: ErrorOptions) {
    const reason = redact(rootCause(options?.cause))
    super(`${request.method} ${request.url}: no answer${reason && ` (${reason})`}`, options)
    this.request = request
  }
  override get '~kubeflect'(): readonly string[] {
    return ['ConnectionError', 'KubeError']
  }
}

/** The server ended a watch with an `ERROR` event, or sent something that is no watch event. */
export class WatchError extends KubeError {
  /** The Status of the event, when there was one. */
  readonly status: Status | undefined

  constructor(message: string, { status, ...options }: ErrorOptions & { status?: Status | undefined } = {}) {
    super(message, options)
    this.status = status
  }
  override get '~kubeflect'(): readonly string[] {
    return ['WatchError', 'KubeError']
  }
}

/** Text that was to be JSON, or a Kubernetes object, is not. */
export class ParseError extends KubeError {
  /** The beginning of the text, at most 200 characters. */
  readonly excerpt: string

  constructor(message: string, text: string, options?: ErrorOptions) {
    // What is secret is removed before the text is cut: half a token has no form.
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
 * Why a snapshot is not stored or not used: `fenced`, another writer took the scope over, or it was cleared; `quota`, there is no space;
 * `unavailable`, the storage cannot be used; `refused`, the configuration does not allow it; `damaged`, a stored record is not what it should be.
 */
export type PersistenceErrorCode = 'fenced' | 'quota' | 'unavailable' | 'refused' | 'damaged'

/** A snapshot could not be stored or read. The feed goes on from memory. */
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

/** Whether an error is one of the library's. */
export const isKubeError = (error: unknown): error is KubeError => hasBrand(error, 'KubeError')
/** Whether an error is the server's answer to a request. */
export const isApiError = (error: unknown): error is ApiError => hasBrand(error, 'ApiError')
/** Whether an error is an HTTP 409 with the reason `Conflict`: the object changed meanwhile, or somebody else owns a field. */
export const isConflictError = (error: unknown): error is ConflictError => hasBrand(error, 'ConflictError')
/** Whether an error is an HTTP 410. */
export const isExpiredError = (error: unknown): error is ExpiredError => hasBrand(error, 'ExpiredError')
/** Whether an error is a request that got no (whole) answer. */
export const isConnectionError = (error: unknown): error is ConnectionError => hasBrand(error, 'ConnectionError')
/** Whether an error is one a watch ended with. */
export const isWatchError = (error: unknown): error is WatchError => hasBrand(error, 'WatchError')
/** Whether an error is about text that does not parse. */
export const isParseError = (error: unknown): error is ParseError => hasBrand(error, 'ParseError')
/** Whether an error is the storage's. */
export const isPersistenceError = (error: unknown): error is PersistenceError => hasBrand(error, 'PersistenceError')

/** Whether an error is of a class of the library, in whatever copy of it the class was loaded. */
export function hasBrand(error: unknown, name: string): boolean {
  return error instanceof Error && '~kubeflect' in error && Array.isArray(error['~kubeflect']) && error['~kubeflect'].includes(name)
}
