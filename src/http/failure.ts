import type { ApiErrorInit, RequestSummary } from '../api/errors'
import type { Status } from '../api/object'
import { asStatus } from '../codec/envelopes'
import { type Clock, systemClock } from '../internal/clock'
import { listen } from '../internal/listen'
import { type Redact, redact } from '../internal/redact'

/** The longest wait that a server can ask for, in milliseconds. */
export const MAX_RETRY_AFTER_MS: number = 5 * 60_000
/** Bytes of an error page that are read, at most. */
export const MAX_ERROR_BODY: number = 64 * 1024
/** Time that an error page may take, in milliseconds: after it, what has arrived counts. */
export const ERROR_BODY_TIMEOUT_MS: number = 5_000
/** Enough of an error page to recognise it. */
const MAX_MESSAGE_LENGTH = 500

/** Options of {@link failureOf}. */
export interface FailureOptions {
  /** Ends reading at once. */
  readonly signal?: AbortSignal | undefined
  /** Default: the runtime's clock. */
  readonly clock?: Clock | undefined
  /** Removes secrets from the text of the server; default: the patterns of {@link redact}. */
  readonly redact?: Redact | undefined
}

/**
 * Reads the body of a failed request: the Status of the API server, or the text of a proxy. At most {@link MAX_ERROR_BODY} bytes and
 * {@link ERROR_BODY_TIMEOUT_MS} are spent on it.
 *
 * @throws the signal's reason when it is aborted.
 */
export async function failureOf(
  response: Response,
  request: RequestSummary,
  { signal, clock = systemClock, redact: clean = redact }: FailureOptions = {},
): Promise<ApiErrorInit> {
  const text = await readStart(response, clock, signal)
  signal?.throwIfAborted()
  const status = statusFrom(text, clean)
  const quoted = clean(titleOf(response, text) ?? text.trim()).slice(0, MAX_MESSAGE_LENGTH)
  const body = status ?? (quoted ? { message: quoted } : undefined)
  return {
    status: response.status,
    request,
    body,
    retryAfterMs: retryAfterMs(response.headers.get('retry-after'), clock) ?? retryAfterOf(body),
    contentType: contentTypeOf(response),
    finalUrl: finalUrlOf(response, request),
  }
}

/**
 * Refuses a redirect. It is never followed: headers that impersonate, client certificates and bodies would go along, and what another server
 * answers would be taken for the cluster's. Login pages are the usual target.
 *
 * @returns What the error is made of; undefined for any other answer.
 */
export function redirectOf(response: Response, request: RequestSummary): ApiErrorInit | undefined {
  const { type, status, headers, redirected, url } = response
  const location = status >= 300 && status < 400 ? headers.get('location') : null
  // An injected fetch may follow redirects all the same.
  const target = redirected ? finalUrlOf(response, request) : location && withoutQuery(location, url || request.url)
  // Browsers hide where an answer leads.
  if (!target && location === null && type !== 'opaqueredirect') return undefined
  const where = target ? ` to ${redact(target)}` : ''
  const message = `redirected${where}, and redirects are refused, since credentials would go along: sign in again, or check baseUrl and the gateway`
  return { status, request, body: { message } }
}

/**
 * Names a response in an error's message: method, URL, status, content type, and the final URL when it differs.
 *
 * @example
 * ```
 * throw new ParseError(`${describeResponse(response, request)}, not JSON`, text)
 * // GET http://kube/api/v1/pods answered 200 text/html from https://login.example/, not JSON: <html>…
 * ```
 */
export function describeResponse(response: Response, request: RequestSummary): string {
  const finalUrl = finalUrlOf(response, request)
  const type = contentTypeOf(response) || 'without a content type'
  return `${request.method} ${request.url} answered ${response.status} ${type}${finalUrl ? ` from ${finalUrl}` : ''}`
}

/** The media type of a response without its parameters; the empty string when it names none. */
const contentTypeOf = ({ headers }: Response): string => headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase() ?? ''

/** The URL that answered, without its query, when it is another than the one that was asked. */
function finalUrlOf({ url }: Response, request: RequestSummary): string | undefined {
  if (!url) return undefined
  const answered = withoutQuery(url)
  return answered === withoutQuery(request.url, url) ? undefined : answered
}

/** The part of a URL that may stand in a message: a query can carry tokens. */
export function withoutQuery(url: string, base?: string): string {
  try {
    const { protocol, host, pathname } = new URL(url, base)
    return `${protocol}//${host}${pathname}`
  } catch {
    return ''
  }
}

function titleOf(response: Response, text: string): string | undefined {
  if (contentTypeOf(response) !== 'text/html') return undefined
  return /<title[^>]*>([^<]*)/i.exec(text)?.[1]?.replace(/\s+/g, ' ').trim() || undefined
}

async function readStart({ body }: Response, clock: Clock, signal: AbortSignal | undefined): Promise<string> {
  if (!body) return ''
  const reader = body.getReader()
  // Cancelling settles a read that waits.
  const end = () => void reader.cancel().catch(() => undefined)
  const timer = clock.setTimeout(end, ERROR_BODY_TIMEOUT_MS)
  const unlisten = listen(signal, 'abort', end)
  const decoder = new TextDecoder()
  let text = ''
  try {
    for (let left = MAX_ERROR_BODY; left > 0; ) {
      const { value } = await reader.read()
      if (!value) break
      text += decoder.decode(value.subarray(0, left), { stream: true })
      left -= value.byteLength
    }
  } catch {
    // What arrived before the connection broke still helps.
  } finally {
    clock.clearTimeout(timer)
    unlisten()
    end()
  }
  return text
}

function statusFrom(text: string, clean: Redact): Status | undefined {
  try {
    return asStatus(JSON.parse(text, (_, value) => (typeof value === 'string' ? clean(value) : value)))
  } catch {
    return undefined
  }
}

/** Reads `Retry-After`: seconds or a date. CORS hides the header from browsers unless it is exposed. */
export function retryAfterMs(header: string | null, clock: Clock): number | undefined {
  if (header === null) return undefined
  return bounded(
    /^\s*-?\d+(\.\d+)?\s*$/.test(header) ? Number(header) * 1000 : /GMT\s*$/.test(header) ? Date.parse(header) - clock.now() : undefined,
  )
}

/** The wait that a Status asks for, in milliseconds: from 0 to {@link MAX_RETRY_AFTER_MS}. */
export function retryAfterOf(status: Status | undefined): number | undefined {
  const seconds = status?.details?.retryAfterSeconds
  return bounded(typeof seconds === 'number' ? seconds * 1000 : undefined)
}

const bounded = (ms: number | undefined): number | undefined =>
  ms === undefined || Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), MAX_RETRY_AFTER_MS)
