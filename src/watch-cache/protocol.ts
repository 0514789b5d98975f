// The HTTP protocol: paths, options in a query, and responses.

import { isApiError, type RequestSummary } from '../api/errors'
import type { ListOptions, ResourceVersionMatch, WatchOptions } from '../api/options'
import { badRequest, errorOf, type WireStatus } from './failures'

/** The resource and operation that a path under `/api` or `/apis` identifies. */
export interface ResourceRequest {
  readonly group: string
  readonly version: string
  readonly plural: string
  /** The namespace; the empty string for a cluster-scoped resource or all namespaces. */
  readonly namespace: string
  /** The name of the object; the empty string for the whole collection. */
  readonly name: string
  /** The subresource, such as `status`; otherwise the empty string. */
  readonly subresource: string
  /** Whether the path itself requests a watch, in the deprecated form `/api/v1/watch/pods`. */
  readonly watch: boolean
}

/**
 * Parses a path such as `/apis/apps/v1/namespaces/shop/deployments/web`; returns undefined when it identifies no resource. An empty
 * namespace means all namespaces, as in `/api/v1/namespaces//pods`.
 *
 * @see apiserver `request.RequestInfoFactory`
 */
export function parseResourcePath(path: string): ResourceRequest | undefined {
  let parts: string[]
  try {
    parts = path.split('/').slice(1).map(decodeURIComponent)
  } catch {
    return undefined
  }
  const [root, ...rest] = parts
  const [group = '', version = ''] = root === 'api' ? ['', rest.shift()] : root === 'apis' ? [rest.shift(), rest.shift()] : []
  if (!version || (root === 'apis' && !group)) return undefined
  const watch = rest[0] === 'watch' && rest.length > 1
  if (watch) rest.shift()
  // The subresources of a namespace look like collections in it.
  const inNamespace = rest[0] === 'namespaces' && rest.length > 2 && !['status', 'finalize'].includes(rest[2] ?? '')
  const namespace = inNamespace ? (rest.splice(0, 2)[1] ?? '') : ''
  const [plural = '', name = '', subresource = '', ...more] = rest
  if (!plural || more.length > 0 || (subresource && (watch || !name))) return undefined
  return { group, version, plural, namespace, name, subresource, watch }
}

/** Returns whether a request is a watch, as opposed to a list or a GET of one object. */
export const isWatch = ({ watch, name }: ResourceRequest, params: URLSearchParams): boolean =>
  watch || (!name && flag(params, 'watch') === true)

/**
 * Parses the options of a LIST or a WATCH, which share one set, from a query. {@link listQuery} and {@link watchQuery} check the values.
 *
 * @throws ApiError 400 for an invalid number.
 */
export function readOptionsOf(params: URLSearchParams, request: RequestSummary): ListOptions & WatchOptions {
  const text = (name: string) => params.get(name) ?? undefined
  return {
    labelSelector: text('labelSelector'),
    fieldSelector: text('fieldSelector'),
    resourceVersion: text('resourceVersion'),
    resourceVersionMatch: (text('resourceVersionMatch') || undefined) as ResourceVersionMatch | undefined,
    limit: integer(params, 'limit', request),
    continue: text('continue'),
    allowWatchBookmarks: flag(params, 'allowWatchBookmarks'),
    sendInitialEvents: flag(params, 'sendInitialEvents'),
    timeoutSeconds: integer(params, 'timeoutSeconds', request),
  }
}

/** @see apimachinery `runtime.Convert_Slice_string_To_bool`: an empty value is true */
function flag(params: URLSearchParams, name: string): boolean | undefined {
  const value = params.get(name)?.toLowerCase()
  return value === undefined ? undefined : value !== '0' && value !== 'false'
}

/** @see apimachinery `runtime.Convert_Slice_string_To_int64` */
function integer(params: URLSearchParams, name: string, request: RequestSummary): number | undefined {
  const value = params.get(name)
  if (value === null) return undefined
  const isInteger = /^[+-]?\d+$/.test(value)
  if (isInteger && Math.abs(Number(value)) < 2 ** 63) return Number(value)
  const problem = isInteger ? 'value out of range' : 'invalid syntax'
  throw errorOf(badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: ${problem}`), request)
}

/** Makes a response from a JSON text. */
export const jsonResponse = (body: BodyInit, status = 200): Response =>
  new Response(body, { status, headers: { 'content-type': 'application/json', 'cache-control': 'no-cache, private' } })

/** Makes a response from a Status. */
export function statusResponse(status: WireStatus): Response {
  const response = jsonResponse(`${JSON.stringify(status)}\n`, status.code ?? 200)
  const seconds = status.details?.retryAfterSeconds
  if (seconds) response.headers.set('retry-after', String(seconds))
  return response
}

/** Makes a response from an ApiError; throws any other error. */
export function errorResponse(error: unknown): Response {
  if (!isApiError(error)) throw error
  return statusResponse(error.body ?? badRequest(error.message))
}
