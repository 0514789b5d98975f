// The full client: reads, watches, writes and logs.

import type { KubeList, KubeObject, Status } from '../api/object'
import type {
  ApplyOptions,
  CollectionOptions,
  DeleteOptions,
  ListOptions,
  ObjectOptions,
  RequestOptions,
  WatchOptions,
  WriteOptions,
} from '../api/options'
import type { ApplyConfiguration, Patch } from '../api/patch'
import type { Resource } from '../api/resource'
import type { WatchEvent } from '../codec/wire'
import { MAX_TIMEOUT_MS } from '../internal/clock'
import type { RequestHooks } from './hooks'
import { requestObject } from './json'
import { listObjects, listPages } from './list'
import type { LogOptions } from './logs'
import { KubeReader, type KubeReaderOptions } from './reader'
import type { Sender } from './sender'
import { objectPath, type SubresourceObject, type SubresourceOptions } from './subresources'
import { watchEvents } from './watch'
import { deleteRequest, objectRequest, patchRequest } from './write'

/** Options of {@link KubeClient}. */
export interface KubeClientOptions extends KubeReaderOptions {
  /** Functions that run around every request. */
  hooks?: RequestHooks | undefined
  /**
   * The maximum time until an attempt's response begins, in milliseconds. A request that exceeds it fails with a ConnectionError and is not
   * repeated. Default: no limit. The body has no limit either; pass a `signal` to bound both. Does not apply to watches, to the requests of
   * a Reflector or to `logs`, which detect a silent server themselves. A write that timed out may still have been carried out.
   */
  timeoutMs?: number | undefined
  /**
   * The number of times a read is repeated, from 0 to 10; default 0. Repeats a GET without a response, or with status 429, 500, 502, 503 or
   * 504. Waits as long as `Retry-After` says, otherwise a random time up to 300 ms, 600 ms, 1.2 s and so on, at most 30 s. A `Retry-After`
   * of more than 30 s is not repeated. Does not apply to writes, to watches, to the requests of a Reflector or to `logs`, which retry by
   * their own rules.
   */
  retry?: number | undefined
}

/** The maximum of `retry`. More repetitions would hide that a server is down. */
const MAX_RETRIES = 10

/**
 * A Kubernetes API client on `fetch`: typed reads, watches and writes, with errors that carry the server's Status. Sends each request once
 * unless `retry` is set, except for a second attempt with a new token after a 401.
 *
 * @example
 * ```ts
 * const client = new KubeClient({ baseUrl: 'http://127.0.0.1:8001' })
 * const pod = await client.get(Pod, 'web-1', { namespace: 'shop' })
 * ```
 */
export class KubeClient extends KubeReader {
  /** @throws TypeError as `KubeReader` does; RangeError when `timeoutMs` or `retry` is out of range. */
  constructor(options: KubeClientOptions = {}) {
    super(options, senderOf(options))
  }

  /**
   * Reads one object, or a subresource of it.
   *
   * @throws ApiError (status 404 when it does not exist), ConnectionError, ParseError.
   */
  async get<T extends KubeObject, S extends string = ''>(
    resource: Resource<T>,
    name: string,
    { namespace, subresource, ...options }: ObjectOptions & SubresourceOptions<S> = {},
  ): Promise<SubresourceObject<T, S>> {
    return requestObject(this, resource, { path: objectPath(resource, { namespace, name, subresource }), ...options })
  }

  /**
   * Reads a collection, or one page of it when `limit` is set; `metadata.continue` is the token of the next page.
   *
   * @throws ApiError (ExpiredError when the resourceVersion or token is too old), ConnectionError, ParseError.
   */
  async list<T extends KubeObject>(
    resource: Resource<T>,
    options: CollectionOptions & ListOptions & RequestOptions = {},
  ): Promise<KubeList<T>> {
    return listObjects(this, resource, options)
  }

  /**
   * Reads a collection page by page, 500 objects each unless `limit` is set. If the version of the pages expires half way, the last page
   * has the rest of the newest version, without the objects that were already yielded.
   *
   * @throws as {@link list}.
   */
  pages<T extends KubeObject>(
    resource: Resource<T>,
    options: CollectionOptions & ListOptions & RequestOptions = {},
  ): AsyncGenerator<KubeList<T>, void, undefined> {
    return listPages((page) => this.list(resource, { ...options, ...page }), options)
  }

  /**
   * Watches a collection until the server ends the watch or the signal is aborted, which ends the loop without an error. Use a Reflector
   * for a feed that reconnects.
   *
   * @throws as {@link list}. An `ERROR` event is yielded like any other, and is the last one.
   */
  watch<T extends KubeObject>(
    resource: Resource<T>,
    options: CollectionOptions & WatchOptions & RequestOptions = {},
  ): AsyncGenerator<WatchEvent<T>, void, undefined> {
    return watchEvents<T>(this.watchEntries(resource, { managedFields: 'keep', ...options }), options.signal)
  }

  /**
   * Creates an object and returns it as the server stored it. Creating the subresource `eviction` or `binding` of the named object returns
   * a Status.
   *
   * @throws TypeError when the object has neither name nor generateName, lacks a namespace, or has another namespace than `options`;
   *   ApiError (409 `AlreadyExists`, 422 `Invalid`, 429 when an eviction would violate a disruption budget), ConnectionError, ParseError.
   */
  async create<T extends KubeObject, S extends string = ''>(
    resource: Resource<T>,
    object: NoInfer<SubresourceObject<T, S>>,
    options: WriteOptions & ObjectOptions & SubresourceOptions<S> = {},
  ): Promise<S extends 'eviction' | 'binding' ? Status : SubresourceObject<T, S>> {
    return requestObject(this, resource, objectRequest('create', resource, object, options))
  }

  /**
   * Replaces an object. If the new one has a resourceVersion, replaces only that version; see `updateWithRetry`.
   *
   * @throws TypeError as {@link create}; ConflictError when the object has another version, ApiError, ConnectionError, ParseError.
   */
  async replace<T extends KubeObject, S extends string = ''>(
    resource: Resource<T>,
    object: NoInfer<SubresourceObject<T, S>>,
    options: WriteOptions & ObjectOptions & SubresourceOptions<S> = {},
  ): Promise<SubresourceObject<T, S>> {
    return requestObject(this, resource, objectRequest('replace', resource, object, options))
  }

  /**
   * Changes a part of an object: `{ merge }`, `{ json }` or `{ strategic }`.
   *
   * @throws TypeError for any other patch; ConflictError when the patch names another resourceVersion than the object has, ApiError (422
   *   when it does not fit the object), ConnectionError, ParseError.
   */
  async patch<T extends KubeObject, S extends string = ''>(
    resource: Resource<T>,
    name: string,
    patch: Patch<NoInfer<SubresourceObject<T, S>>>,
    options: WriteOptions & ObjectOptions & SubresourceOptions<S> = {},
  ): Promise<SubresourceObject<T, S>> {
    return requestObject(this, resource, patchRequest(resource, name, patch, options))
  }

  /**
   * Applies the fields that one manager owns (server-side apply). Creates the object if it does not exist.
   *
   * @throws TypeError as {@link create}; ConflictError whose `conflicts` names the fields that other managers own, ApiError,
   *   ConnectionError, ParseError.
   * @see KEP-555
   */
  async apply<T extends KubeObject, S extends string = ''>(
    resource: Resource<T>,
    object: NoInfer<ApplyConfiguration<SubresourceObject<T, S>>>,
    options: ApplyOptions & ObjectOptions & SubresourceOptions<S>,
  ): Promise<SubresourceObject<T, S>> {
    return requestObject(this, resource, objectRequest('apply', resource, object, options))
  }

  /**
   * Deletes an object.
   *
   * @returns a Status when the object is gone; the object, with a deletionTimestamp, when deletion takes time. Some resources return the
   *   last state.
   * @throws ConflictError when the preconditions do not hold, ApiError (404 when it does not exist), ConnectionError, ParseError.
   */
  async delete<T extends KubeObject>(
    resource: Resource<T>,
    name: string,
    options: DeleteOptions & ObjectOptions = {},
  ): Promise<T | Status> {
    return requestObject(this, resource, deleteRequest(resource, name, options))
  }

  /**
   * Deletes the selected objects of a collection; all of them without a selector.
   *
   * @returns the deleted objects, or a Status from servers that do not list them.
   * @throws TypeError without the namespace of a namespaced resource; otherwise as {@link delete}.
   */
  async deleteCollection<T extends KubeObject>(
    resource: Resource<T>,
    options: DeleteOptions & ListOptions & ObjectOptions = {},
  ): Promise<KubeList<T> | Status> {
    return requestObject(this, resource, deleteRequest(resource, undefined, options))
  }

  /**
   * Reads a container's log line by line, with backpressure. A followed log resumes after a cut without repeating lines: after its last
   * line or, before the first one, from the start of the call by the server's clock (the header `Date`; where a page cannot read it, the
   * kubelet subtracts the elapsed seconds). Eight consecutive failures end it. An attempt that delivered a line or was open for ten seconds
   * resets that count. Aborting ends the loop without an error.
   *
   * @throws TypeError when `follow` is neither `'run'` nor `'restarts'`, ApiError (404: no such pod; 400: no such container, or it has not
   *   started), ConnectionError, ParseError for a line of more than 16 Mi characters.
   */
  async *logs(options: LogOptions): AsyncGenerator<string, void, undefined> {
    // Loaded on demand, because most pages never read a log.
    const { readLogs } = await import('./logs')
    yield* readLogs(this, options)
  }
}

/** Returns what sends a client's requests; undefined for `fetch` alone. Loads ky with the first request of a client that needs it. */
function senderOf(options: KubeClientOptions): Sender | undefined {
  const { hooks, timeoutMs, retry = 0 } = options
  if (timeoutMs !== undefined && !(timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS))
    throw new RangeError(`KubeClient: timeoutMs must be more than 0 and at most ${MAX_TIMEOUT_MS}, got ${timeoutMs}`)
  if (!Number.isInteger(retry) || retry < 0 || retry > MAX_RETRIES)
    throw new RangeError(`KubeClient: retry must be an integer from 0 to ${MAX_RETRIES}, got ${retry}`)
  if (!hooks && timeoutMs === undefined && retry === 0) return undefined
  let sender: Sender | undefined
  return async (request) => {
    sender ??= (await import('./ky-sender')).kySender(options)
    return sender(request)
  }
}
