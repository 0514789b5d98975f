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

/** How a client reaches its server, and what it does around its requests. */
export interface KubeClientOptions extends KubeReaderOptions {
  /** Functions that run around every request. */
  hooks?: RequestHooks | undefined
  /**
   * How long the server may take to begin its answer, in milliseconds, for each attempt; then the request fails with a ConnectionError and is not
   * repeated. Default: no limit, since the body of an answer has none either: pass a `signal` to bound both. Watches, the requests of a Reflector and
   * `logs` have no limit: they notice a silent server themselves. A write that timed out may still have been carried out.
   */
  timeoutMs?: number | undefined
  /**
   * How many times a read is repeated, from 0 to 10: a GET that got no answer or the status 429, 500, 502, 503 or 504. The client waits as long as
   * `Retry-After` says, or else at random up to 300 ms, 600 ms, 1.2 s and so on; at most 30 seconds. A server that asks for more gets no repetition.
   * Default 0: the first failure reaches the caller at once. Never repeated are writes, watches, the requests of a Reflector and those of `logs`, which
   * have a policy of their own.
   */
  retry?: number | undefined
}

/** More repetitions would hide that a server is down. */
const MAX_RETRIES = 10

/**
 * A Kubernetes API client on `fetch`: typed reads, watches and writes, errors that carry the server's Status. It sends each request once unless `retry`
 * says otherwise, save for a second attempt with a fresh token after 401.
 *
 * @example
 * ```ts
 * const client = new KubeClient({ baseUrl: 'http://127.0.0.1:8001' })
 * const pod = await client.get(Pod, 'web-1', { namespace: 'shop' })
 * ```
 */
export class KubeClient extends KubeReader {
  /** @throws TypeError as `KubeReader` does; RangeError when `timeoutMs` or `retry` is out of its range. */
  constructor(options: KubeClientOptions = {}) {
    super(options, senderOf(options))
  }

  /**
   * Reads one object, or a subresource of it.
   *
   * @throws ApiError (status 404: there is none), ConnectionError, ParseError.
   */
  async get<T extends KubeObject, S extends string = ''>(
    resource: Resource<T>,
    name: string,
    { namespace, subresource, ...options }: ObjectOptions & SubresourceOptions<S> = {},
  ): Promise<SubresourceObject<T, S>> {
    return requestObject(this, resource, { path: objectPath(resource, { namespace, name, subresource }), ...options })
  }

  /**
   * Reads a collection, or one page of it when `limit` is given: `metadata.continue` is the next page's token.
   *
   * @throws ApiError (ExpiredError: the resourceVersion or token is too old), ConnectionError, ParseError.
   */
  async list<T extends KubeObject>(
    resource: Resource<T>,
    options: CollectionOptions & ListOptions & RequestOptions = {},
  ): Promise<KubeList<T>> {
    return listObjects(this, resource, options)
  }

  /**
   * Reads a collection page by page (500 objects each unless `limit` says otherwise). When the server has forgotten the pages' version
   * half way, the rest comes as one page of the newest version, without the objects that were already given.
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
   * Watches a collection until the server ends the watch or the signal is aborted, which ends the loop without an error. For a feed
   * that goes on for ever, use a Reflector.
   *
   * @throws as {@link list}; an `ERROR` event is delivered as such, and the last.
   */
  watch<T extends KubeObject>(
    resource: Resource<T>,
    options: CollectionOptions & WatchOptions & RequestOptions = {},
  ): AsyncGenerator<WatchEvent<T>, void, undefined> {
    return watchEvents<T>(this.watchEntries(resource, { managedFields: 'keep', ...options }), options.signal)
  }

  /**
   * Creates an object and gives what the server made of it. A subresource such as `eviction` or `binding` is created for the object of that name,
   * and answers with a Status.
   *
   * @throws TypeError when it has neither name nor generateName, no namespace, or another than `options`; ApiError (409 `AlreadyExists`,
   * 422 `Invalid`, 429 an eviction that would break a disruption budget), ConnectionError, ParseError.
   */
  async create<T extends KubeObject, S extends string = ''>(
    resource: Resource<T>,
    object: NoInfer<SubresourceObject<T, S>>,
    options: WriteOptions & ObjectOptions & SubresourceOptions<S> = {},
  ): Promise<S extends 'eviction' | 'binding' ? Status : SubresourceObject<T, S>> {
    return requestObject(this, resource, objectRequest('create', resource, object, options))
  }

  /**
   * Replaces an object. With a resourceVersion only that version of it: see `updateWithRetry`.
   *
   * @throws TypeError as {@link create}; ConflictError (the object has another version by now), ApiError, ConnectionError, ParseError.
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
   * @throws TypeError when it is no such patch; ConflictError (it names a resourceVersion, and the object has another), ApiError (422: it does
   * not fit the object), ConnectionError, ParseError.
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
   * Applies what one manager wants an object to be (server-side apply), creating the object where there is none.
   *
   * @throws TypeError as {@link create}; ConflictError whose `conflicts` says which fields others own, ApiError, ConnectionError, ParseError.
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
   * @returns a Status when it is gone; the object, with a deletionTimestamp, when that takes time. Of some resources the last state.
   * @throws ConflictError (the preconditions do not hold), ApiError (404), ConnectionError, ParseError.
   */
  async delete<T extends KubeObject>(
    resource: Resource<T>,
    name: string,
    options: DeleteOptions & ObjectOptions = {},
  ): Promise<T | Status> {
    return requestObject(this, resource, deleteRequest(resource, name, options))
  }

  /**
   * Deletes what is selected of a collection: all of it when nothing is.
   *
   * @returns what was there; a Status from servers that do not say.
   * @throws TypeError without the namespace of a namespaced resource; as {@link delete}.
   */
  async deleteCollection<T extends KubeObject>(
    resource: Resource<T>,
    options: DeleteOptions & ListOptions & ObjectOptions = {},
  ): Promise<KubeList<T> | Status> {
    return requestObject(this, resource, deleteRequest(resource, undefined, options))
  }

  /**
   * Reads a container's log line by line, no faster than the caller takes the lines. A followed log resumes where it was cut, without repeats: after its
   * last line or, before the first one, at the start of the call by the server's clock (the header `Date`; the kubelet counts the elapsed seconds where a
   * page cannot read it). A failure ends it after eight in a row; an attempt that brought a line or was open for ten seconds resets that count. An abort
   * ends the loop without an error.
   *
   * @throws TypeError (`follow` is neither `'run'` nor `'restarts'`), ApiError (404: no such pod; 400: no such container, or it has not begun),
   * ConnectionError, ParseError (a line of over 16 Mi characters).
   */
  async *logs(options: LogOptions): AsyncGenerator<string, void, undefined> {
    // Loaded when it is needed: most of what reads objects never reads a log.
    const { readLogs } = await import('./logs')
    yield* readLogs(this, options)
  }
}

/** What sends a client's requests; undefined: `fetch` alone. ky is loaded with the first request, and only for a client that has a use for it. */
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
