// Serves watch caches over HTTP, as a `fetch` handler.

import { objectKey } from '../api/keys'
import { nameSelector } from '../api/name-selector'
import type { KubeObject } from '../api/object'
import { listBody, type ObjectForm, objectBody, watchBody } from './body'
import { badRequest, errorOf, failure, methodNotAllowed, notFound } from './failures'
import type { WatchBatch } from './fan-out'
import { selectedName } from './matcher'
import { errorResponse, isWatch, jsonResponse, parseResourcePath, type ResourceRequest, readOptionsOf, statusResponse } from './protocol'
import { textStream } from './text-stream'
import type { WatchCache } from './watch-cache'

/** Finds the cache that serves a resource; undefined makes the response a 404. */
export type CacheLookup = (request: ResourceRequest) => WatchCache<KubeObject> | undefined

/**
 * Makes a `fetch` handler that serves caches like a Kubernetes API server serves collections: GET of an object, LIST and WATCH. Aborting
 * the request, or cancelling the response body, ends it at once.
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
    if (!target || !cache || target.subresource)
      return statusResponse(failure(404, 'NotFound', 'the server could not find the requested resource', {}))
    if (request.method !== 'GET') return statusResponse(methodNotAllowed())
    return serveRead(cache, target, request)
  }
}

/** Options of {@link serveRead}. */
export interface ReadResponseOptions {
  /** The form of the objects; default `'object'`. */
  form?: ObjectForm | undefined
  /** Whether the items of a list of metadata keep `kind` and `apiVersion`; default `'keep'`. */
  metadataTypes?: 'keep' | 'omit' | undefined
  /** Called with the number of events and bytes of each piece of a watch. Bytes are undefined for events that are not shared. */
  onDelivery?: ((events: number, bytes: number | undefined) => void) | undefined
  /** Ends a watch without an error when it is aborted. */
  until?: AbortSignal | undefined
  /** Called once when a watch that was accepted has ended, whatever the reason. */
  onWatchEnd?: (() => void) | undefined
}

/** Serves a GET of an object, a LIST or a WATCH from a cache. Rejects with the signal's reason when the request is aborted. */
export async function serveRead(
  cache: WatchCache<KubeObject>,
  target: ResourceRequest,
  request: Request,
  { form = 'object', ...options }: ReadResponseOptions = {},
): Promise<Response> {
  const params = new URL(request.url).searchParams
  const read: Read = { cache, target, params, request, form, ...options }
  try {
    request.signal.throwIfAborted()
    if (isWatch(target, params)) return await serveWatch(read)
    return await (target.name ? serveObject(read) : serveList(read))
  } catch (error) {
    return errorResponse(error)
  }
}

interface Read extends Omit<ReadResponseOptions, 'form'> {
  readonly cache: WatchCache<KubeObject>
  readonly target: ResourceRequest
  readonly params: URLSearchParams
  readonly request: Request
  readonly form: ObjectForm
}

async function serveObject({ cache, target: { namespace, name }, params, request, form }: Read): Promise<Response> {
  const entry = await cache.getNotOlderThan(objectKey(namespace, name), params.get('resourceVersion') ?? '', request)
  return entry ? jsonResponse(`${objectBody(entry, { form })}\n`) : statusResponse(notFound(cache.resource, name))
}

async function serveList({ cache, target: { namespace }, params, request, form, metadataTypes = 'keep' }: Read): Promise<Response> {
  const list = await cache.list({ ...readOptionsOf(params, request), namespace, signal: request.signal })
  const itemTypes = form === 'object' ? cache.itemTypes : metadataTypes
  const bodies = [listBody(list, { resource: cache.resource, form, itemTypes })]
  return jsonResponse(textStream({ next: async () => bodies.pop(), cancel: () => undefined }, request))
}

async function serveWatch({ cache, target, params, request, form, onDelivery, until, onWatchEnd }: Read): Promise<Response> {
  const closing = new AbortController()
  const options = { ...readOptionsOf(params, request), namespace: target.namespace, signal: closing.signal }
  const batches = cache.watchShared(
    target.name ? { ...options, fieldSelector: ofName(target.name, options.fieldSelector, request) } : options,
  )
  // The first batch means that the watch is accepted; before it, the response may still be an error.
  const abort = () => closing.abort(request.signal.reason)
  request.signal.addEventListener('abort', abort)
  let first: IteratorResult<WatchBatch<KubeObject>, void> | undefined
  try {
    first = await batches.next()
  } finally {
    request.signal.removeEventListener('abort', abort)
  }
  const stop = () => closing.abort(until?.reason)
  until?.addEventListener('abort', stop)
  let isOpen = true
  const end = () => {
    until?.removeEventListener('abort', stop)
    if (isOpen) onWatchEnd?.()
    isOpen = false
  }
  const next = async () => {
    try {
      const { done, value } = first ?? (await batches.next())
      first = undefined
      if (done) {
        end()
        return undefined
      }
      const body = watchBody(value, { resource: cache.resource, form, itemTypes: 'keep' })
      onDelivery?.(value.events.length, body instanceof Uint8Array ? body.length : undefined)
      return body
    } catch (error) {
      end()
      if (until?.aborted) return undefined
      throw error
    }
  }
  const cancel = (reason: unknown) => {
    closing.abort(reason)
    end()
  }
  return jsonResponse(textStream({ next, cancel }, request))
}

/**
 * Returns the field selector of a watch whose path names an object. A selector in the query must select the same name.
 *
 * @see apiserver `handlers.ListResource`
 */
function ofName(name: string, fieldSelector: string | undefined, request: Request): string {
  if (!fieldSelector) return nameSelector(name)
  if (selectedName(fieldSelector) === name) return fieldSelector
  throw errorOf(badRequest("fieldSelector metadata.name doesn't match requested name"), request)
}
