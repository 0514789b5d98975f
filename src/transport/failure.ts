import type { ApiErrorInit, RequestSummary } from '../errors'
import type { Status } from '../meta/object'
import { asStatus } from '../meta/schemas'
import type { RequestOptions } from '../meta/wire'
import { readText } from './body'

// Enough of an error page to recognise it.
const MAX_MESSAGE_LENGTH = 500

/**
 * Reads what a server says of a failed request: its Status, or the text of whatever stands between.
 *
 * @throws the signal's reason when it is aborted.
 */
export async function failureOf(response: Response, request: RequestSummary, { signal }: RequestOptions): Promise<ApiErrorInit> {
  const text = await readText(response, request, { signal }).catch(() => '')
  signal?.throwIfAborted()
  const body = statusFrom(text) ?? (text ? { message: text.trim().slice(0, MAX_MESSAGE_LENGTH) } : undefined)
  return { status: response.status, request, body, retryAfterMs: retryAfterMs(response.headers.get('retry-after'), body) }
}

function statusFrom(text: string): Status | undefined {
  try {
    return asStatus(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** How long a server asks to wait. CORS hides the header from browsers unless it is exposed; the Status often has the figure too. */
function retryAfterMs(header: string | null, body: Status | undefined): number | undefined {
  const seconds = header === null ? Number.NaN : Number(header)
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000)
  const date = header === null ? Number.NaN : Date.parse(header)
  if (Number.isFinite(date)) return Math.max(0, date - Date.now())
  return retryAfterOf(body)
}

/**
 * Says which answer an error is about: method, URL, status and content type, and where redirects led. Queries of other URLs than the one asked are left
 * out, since those of login pages carry secrets.
 */
export function describeResponse({ status, headers, url }: Response, request: RequestSummary): string {
  const type = headers.get('content-type') ?? 'no content type'
  const final = url.replace(/[?#].*$/s, '')
  const redirected = final && final !== request.url.replace(/[?#].*$/s, '') ? `, from ${final}` : ''
  return `${request.method} ${request.url}: ${status} (${type}${redirected})`
}

/** How long a Status asks to wait, in milliseconds. */
export function retryAfterOf(status: Status | undefined): number | undefined {
  const seconds = status?.details?.retryAfterSeconds
  return seconds === undefined ? undefined : seconds * 1000
}
