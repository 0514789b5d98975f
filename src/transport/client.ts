import type { KubeList, KubeObject, Status } from '../meta/object'
import type { Resource } from '../meta/resource'
import type { ApplyOptions, DeleteOptions, ListOptions, ObjectOptions, WriteOptions } from '../meta/wire'
import { requestObject } from './json'
import type { LogOptions } from './logs'
import type { ApplyConfiguration, Patch } from './patch'
import { KubeReader } from './reader'
import type { SubresourceObject, SubresourceOptions } from './subresources'
import { deleteRequest, objectRequest, patchRequest } from './write'

/**
 * A Kubernetes API client on `fetch`: typed reads, watches and writes, errors that carry the server's Status. It never retries by itself,
 * save once with a fresh token after 401: a reflector has its own policy, and a script wants to know.
 *
 * @example
 * ```ts
 * const client = new KubeClient({ baseUrl: 'http://127.0.0.1:8001' })
 * const pod = await client.get(Pod, 'web-1', { namespace: 'shop' })
 * ```
 */
export class KubeClient extends KubeReader {
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
