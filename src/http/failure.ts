// Turns failed responses into errors: reads the Status or the error page, names the response, and limits what is read.

import type { ApiErrorInit, RequestSummary } from '../api/errors'
import type { Status } from '../api/object'
import { asStatus } from '../codec/envelopes'
import { type Clock, systemClock } from '../internal/clock'
import { listen } from '../internal/listen'
import { type Redact, redact } from '../internal/redact'

/** The maximum delay that a server can request, in milliseconds. */
export const MAX_RETRY_AFTER_MS: number = 5 * 60_000
/** The maximum number of bytes of an error body that are read. */
export const MAX_ERROR_BODY: number = 64 * 1024
/** The maximum time for reading an error body, in milliseconds. What has arrived by then is used. */
export const ERROR_BODY_TIMEOUT_MS: number = 5_000
/** The maximum length of a quoted error page, in characters: enough to recognize it. */
const MAX_MESSAGE_LENGTH = 500

/** Options of {@link failureOf}. */
export interface FailureOptions {
  /** Stops reading. */
  readonly signal?: AbortSignal | undefined
  /** The clock; default the system clock. */
  readonly clock?: Clock | undefined
  /** Removes secrets from the server's text; default: the patterns of {@link redact}. */
  readonly redact?: Redact | undefined
}

/**
 * Reads the body of a failed request: the Status of the API server, or the text of a proxy. Reads at most {@link MAX_ERROR_BODY} bytes for
 * at most {@link ERROR_BODY_TIMEOUT_MS}.
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
 * Returns the content of the error for a redirect; undefined for any other response. Redirects are never followed: impersonation headers,
 * client certificates and bodies would be sent along, and another server's response would be taken for the cluster's. Their usual target is
 * a login page.
 */
export function redirectOf(response: Response, request: RequestSummary): ApiErrorInit | undefined {
  const { type, status, headers, redirected, url } = response
  const location = status >= 300 && status < 400 ? headers.get('location') : null
  // An injected fetch may follow redirects nevertheless.
  const target = redirected ? finalUrlOf(response, request) : location && withoutQuery(location, url || request.url)
  // Browsers hide the target of a redirect.
  if (!target && location === null && type !== 'opaqueredirect') return undefined
  const where = target ? ` to ${redact(target)}` : ''
  const message = `redirected${where}, and redirects are refused, since credentials would go along: sign in again, or check baseUrl and the gateway`
  return { status, request, body: { message } }
}

/**
 * Names a response in an error message: method, URL, status, content type, and the final URL if it differs.
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

/** Returns the media type of a response without parameters; the empty string when it has none. */
const contentTypeOf = ({ headers }: Response): string => headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase() ?? ''

/** Returns the URL that answered, without its query, if it differs from the requested one. */
function finalUrlOf({ url }: Response, request: RequestSummary): string | undefined {
  if (!url) return undefined
  const answered = withoutQuery(url)
  return answered === withoutQuery(request.url, url) ? undefined : answered
}

/** Removes the query of a URL for use in a message, because it can carry tokens. */
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
  // Cancelling settles a pending read.
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
    // The part that arrived before the connection broke is still useful.
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

/** Parses `Retry-After`, which is in seconds or a date, to milliseconds. Browsers see the header only if the server exposes it to CORS. */
export function retryAfterMs(header: string | null, clock: Clock): number | undefined {
  if (header === null) return undefined
  return bounded(
    /^\s*-?\d+(\.\d+)?\s*$/.test(header) ? Number(header) * 1000 : /GMT\s*$/.test(header) ? Date.parse(header) - clock.now() : undefined,
  )
}

/** Returns the delay that a Status requests, in milliseconds: from 0 to {@link MAX_RETRY_AFTER_MS}. */
export function retryAfterOf(status: Status | undefined): number | undefined {
  const seconds = status?.details?.retryAfterSeconds
  return bounded(typeof seconds === 'number' ? seconds * 1000 : undefined)
}

const bounded = (ms: number | undefined): number | undefined =>
  ms === undefined || Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), MAX_RETRY_AFTER_MS)
