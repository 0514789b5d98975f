import type { KubeObject } from '../meta/object'
import { objectKey } from '../meta/keys'
import type { WatchEntry } from '../meta/wire'
import { failure, methodNotAllowed, notFound } from './failures'
import { errorResponse, isWatch, jsonResponse, listBody, listOptionsOf, parseResourcePath, type ResourceRequest, statusResponse, watchBody, watchOptionsOf } from './protocol'
import { textStream } from './text-stream'
import type { WatchCache } from './watch-cache'

/** Finds the cache that serves a resource; undefined: there is none, the answer is 404. */
export type CacheLookup = (request: ResourceRequest) => WatchCache<KubeObject> | undefined

/**
 * Makes a `fetch` handler that serves caches as a Kubernetes API server serves collections: GET of an object, LIST and WATCH. Aborting
 * the request, or leaving its body, ends it at once.
 *
 * @example
 * ```ts
 * const handler = createFetchHandler(({ plural }) => (plural === 'pods' ? pods : undefined))
 * const response = await handler(new Request('http://relay/api/v1/namespaces/shop/pods?watch=true'))
 * ```
 */
export function createFetchHandler(lookup: CacheLookup): (request: Request) => Promise<Response> {
  return async (request) => {
    const target = parseResourcePath(new URL(request.url).pathname)
    const cache = target && lookup(target)
    if (!target || !cache || target.subresource) return statusResponse(failure(404, 'NotFound', 'the server could not find the requested resource', {}))
    if (request.method !== 'GET') return statusResponse(methodNotAllowed())
    return serveRead(cache, target, request)
  }
}

/** Serves a GET of an object, a LIST or a WATCH out of a cache. An aborted request rejects with the signal's reason. */
export async function serveRead(cache: WatchCache<KubeObject>, target: ResourceRequest, request: Request): Promise<Response> {
  const { signal } = request
  const params = new URL(request.url).searchParams
  try {
    signal.throwIfAborted()
    if (target.name) return serveObject(cache, target)
    return await (isWatch(params) ? serveWatch(cache, target, params, signal) : serveList(cache, target, params, signal))
  } catch (error) {
    return errorResponse(error)
  }
}

function serveObject(cache: WatchCache<KubeObject>, { namespace, name }: ResourceRequest): Response {
  const entry = cache.get(objectKey(namespace, name))
  return entry ? jsonResponse(`${entry.text}\n`) : statusResponse(notFound(cache.resource, name))
}

async function serveList(cache: WatchCache<KubeObject>, { namespace }: ResourceRequest, params: URLSearchParams, signal: AbortSignal): Promise<Response> {
  const list = await cache.list({ ...listOptionsOf(params), namespace, signal })
  let body: Iterator<string> | undefined = listBody(list, cache.resource)
  const next = async () => {
    signal.throwIfAborted()
    const pieces = body
    body = undefined
    return pieces
  }
  return jsonResponse(textStream({ next, cancel: () => undefined }))
}

async function serveWatch(cache: WatchCache<KubeObject>, { namespace }: ResourceRequest, params: URLSearchParams, signal: AbortSignal): Promise<Response> {
  const closing = new AbortController()
  const abort = () => closing.abort(signal.reason)
  signal.addEventListener('abort', abort)
  const batches = cache.watch({ ...watchOptionsOf(params), namespace, signal: closing.signal })
  let first: IteratorResult<readonly WatchEntry<KubeObject>[], void> | undefined = await batches.next()
  const next = async () => {
    closing.signal.throwIfAborted()
    const { done, value } = first ?? (await batches.next())
    first = undefined
    if (!done) return watchBody(value, cache.resource)
    signal.removeEventListener('abort', abort)
    return undefined
  }
  return jsonResponse(textStream({ next, cancel: (reason) => closing.abort(reason) }))
}
