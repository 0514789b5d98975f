import { isApiError } from '../errors'
import type { KubeObject } from '../meta/object'
import { apiVersionOf, type Resource } from '../meta/resource'
import {
  type EntryList,
  INITIAL_EVENTS_END,
  type ListOptions,
  type ResourceVersionMatch,
  type WatchEntry,
  type WatchOptions,
} from '../meta/wire'
import { badRequest, type WireStatus } from './failures'

// What goes over HTTP: options out of a query, bodies out of entries. An entry's text is written as it is.

/** What a path under `/api` or `/apis` names. */
export interface ResourceRequest {
  readonly group: string
  readonly version: string
  readonly plural: string
  /** The empty string: the resource is cluster-scoped, or all namespaces are meant. */
  readonly namespace: string
  /** The empty string: the whole collection. */
  readonly name: string
  /** Such as `status`; usually the empty string. */
  readonly subresource: string
}

/** Understands a path such as `/apis/apps/v1/namespaces/shop/deployments/web`; undefined when it names no resource. */
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
  // A namespace's own subresources look like collections in it.
  const inNamespace = rest[0] === 'namespaces' && rest.length > 2 && !['status', 'finalize'].includes(rest[2] ?? '')
  const namespace = inNamespace ? (rest.splice(0, 2)[1] ?? '') : ''
  const [plural = '', name = '', subresource = '', ...more] = rest
  return plural && more.length === 0 ? { group, version, plural, namespace, name, subresource } : undefined
}

/** Whether a query asks for a watch rather than a list. */
export const isWatch = (params: URLSearchParams): boolean => flag(params, 'watch') === true

/** The options of a LIST in a query. */
export function listOptionsOf(params: URLSearchParams): ListOptions {
  return { ...commonOptions(params), limit: count(params, 'limit'), continue: params.get('continue') ?? undefined }
}

/** The options of a WATCH in a query. */
export function watchOptionsOf(params: URLSearchParams): WatchOptions {
  return {
    ...commonOptions(params),
    allowWatchBookmarks: flag(params, 'allowWatchBookmarks'),
    sendInitialEvents: flag(params, 'sendInitialEvents'),
    timeoutSeconds: count(params, 'timeoutSeconds'),
  }
}

function commonOptions(
  params: URLSearchParams,
): Pick<ListOptions, 'labelSelector' | 'fieldSelector' | 'resourceVersion' | 'resourceVersionMatch'> {
  return {
    labelSelector: params.get('labelSelector') ?? undefined,
    fieldSelector: params.get('fieldSelector') ?? undefined,
    resourceVersion: params.get('resourceVersion') ?? undefined,
    // What it may be is checked with the other options.
    resourceVersionMatch: (params.get('resourceVersionMatch') || undefined) as ResourceVersionMatch | undefined,
  }
}

function flag(params: URLSearchParams, name: string): boolean | undefined {
  const value = params.get(name)?.toLowerCase()
  return value === undefined ? undefined : value !== '' && value !== '0' && value !== 'false'
}

function count(params: URLSearchParams, name: string): number | undefined {
  const value = params.get(name)
  return value === null || !/^\d{1,15}$/.test(value) ? undefined : Number(value)
}

/** Writes a list, in pieces. */
export function* listBody(list: EntryList<unknown>, resource: Resource): Generator<string, void, undefined> {
  const metadata = {
    resourceVersion: list.resourceVersion,
    ...(list.continue && { continue: list.continue }),
    ...(list.remainingItemCount !== undefined && { remainingItemCount: list.remainingItemCount }),
  }
  yield `{"kind":"${resource.kind}List","apiVersion":"${apiVersionOf(resource)}","metadata":${JSON.stringify(metadata)},"items":[`
  let separator = ''
  for (const entry of list.entries) {
    yield separator
    yield entry.text
    separator = ','
  }
  yield ']}\n'
}

/** Writes the events of a batch, one per line, in pieces. */
export function* watchBody(batch: readonly WatchEntry<unknown>[], resource: Resource): Generator<string, void, undefined> {
  for (const event of batch) {
    switch (event.type) {
      case 'BOOKMARK': {
        const annotations = event.initialEventsEnd ? { annotations: { [INITIAL_EVENTS_END]: 'true' } } : {}
        const object: KubeObject = {
          kind: resource.kind,
          apiVersion: apiVersionOf(resource),
          metadata: { resourceVersion: event.resourceVersion, ...annotations },
        }
        yield `${JSON.stringify({ type: event.type, object })}\n`
        break
      }
      case 'ERROR':
        yield `${JSON.stringify({ type: event.type, object: event.status })}\n`
        break
      case 'SKIPPED':
        break
      default:
        yield `{"type":"${event.type}","object":`
        yield event.entry.text
        yield '}\n'
    }
  }
}

/** Answers with a JSON text. */
export const jsonResponse = (body: BodyInit, status = 200): Response =>
  new Response(body, { status, headers: { 'content-type': 'application/json', 'cache-control': 'no-cache, private' } })

/** Answers with a Status. */
export function statusResponse(status: WireStatus): Response {
  const response = jsonResponse(`${JSON.stringify(status)}\n`, status.code ?? 200)
  const seconds = status.details?.retryAfterSeconds
  if (seconds) response.headers.set('retry-after', String(seconds))
  return response
}

/** Answers with what an error says; one that is no answer is thrown on. */
export function errorResponse(error: unknown): Response {
  if (!isApiError(error)) throw error
  return statusResponse(error.body ?? badRequest(error.message))
}
