import ky, { type Hooks, isNetworkError, type KyInstance } from 'ky'
import { ApiError, ConnectionError, ExpiredError, ParseError, type RequestSummary } from '../errors'
import { abortable } from '../internal/abortable'
import { checkSchema } from '../meta/check'
import type { KubeList, KubeObject } from '../meta/object'
import { type Resource, resourcePath } from '../meta/resource'
import { asList } from '../meta/schemas'
import type { EntryList, ListOptions, RequestOptions, WatchEntry, WatchEvent, WatchOptions } from '../meta/wire'
import { readText } from './body'
import { Credentials, type TokenSource } from './credentials'
import { failureOf } from './failure'
import { type ListEntriesOptions, listEntries, listPages } from './list'
import { searchParams } from './params'
import { type WatchEntriesOptions, watchEntries, watchEvents } from './watch'

/** How a client reaches its server. */
export interface KubeClientOptions {
  /**
   * The server, such as `http://127.0.0.1:8001` (kubectl proxy). A path is kept: `https://gateway/k8s/clusters/c1`. Default: the page's own
   * origin; outside browsers it must be given.
   */
  baseUrl?: string | URL | undefined
  /** A bearer token, or a function that gives one: asked when first needed and once again when the server answers 401. */
  token?: TokenSource | undefined
  /** In place of the runtime's `fetch`: service bindings, TLS, tests. It is given a `Request`. */
  fetch?: ((request: Request) => Promise<Response>) | undefined
  /** Sent with every request. */
  headers?: HeadersInit | undefined
  /** ky's hooks, run around every request. */
  hooks?: Hooks | undefined
  /**
   * Act as somebody else (the server must allow it). At most one group: `fetch` joins headers of the same name with a comma, and the server would
   * take the two for one group's name.
   */
  impersonate?: { user: string; groups?: readonly string[]; uid?: string } | undefined
}

/** Where an object is. */
export interface ObjectOptions extends RequestOptions {
  /** Needed for namespaced resources. */
  namespace?: string | undefined
}

/** What a LIST reads. */
export interface CollectionOptions {
  /** All namespaces when left out. */
  namespace?: string | undefined
}

/** One request, below the resources' methods. */
export interface RawRequest extends RequestOptions {
  /** Below the base URL, without a leading slash. */
  path: string
  params?: URLSearchParams | undefined
  method?: string | undefined
  headers?: HeadersInit | undefined
  body?: string | undefined
}

/**
 * A Kubernetes API client on `fetch`: typed reads and watches, errors that carry the server's Status. It never retries by itself,
 * save once with a fresh token after 401: a reflector has its own policy, and a script wants to know.
 *
 * @example
 * ```ts
 * const client = new KubeClient({ baseUrl: 'http://127.0.0.1:8001' })
 * const pod = await client.get(Pod, 'web-1', { namespace: 'shop' })
 * ```
 */
export class KubeClient {
  /** The server's URL as given, without a trailing slash; the empty string is the page's own origin. */
  readonly baseUrl: string
  readonly #credentials: Credentials
  readonly #ky: KyInstance

  /** @throws TypeError when the base URL is missing outside a browser, or is none; when groups cannot be impersonated together. */
  constructor({ baseUrl = '', token, fetch, headers, hooks, impersonate }: KubeClientOptions = {}) {
    this.baseUrl = checkBaseUrl(String(baseUrl))
    this.#credentials = new Credentials(token)
    const common = new Headers(headers)
    if (impersonate) {
      const { user, uid, groups = [] } = impersonate
      if (groups.length > 1)
        throw new TypeError(`KubeClient: impersonate.groups can have one group, since fetch cannot repeat a header, not ${groups.length}`)
      common.set('Impersonate-User', user)
      if (uid !== undefined) common.set('Impersonate-Uid', uid)
      for (const group of groups) common.set('Impersonate-Group', group)
    }
    this.#ky = ky.create({
      headers: common,
      timeout: false,
      retry: 0,
      throwHttpErrors: false,
      ...(hooks && { hooks }),
      ...(fetch && { fetch: (input) => fetch(input as Request) }),
    })
  }

  /**
   * Reads one object.
   *
   * @throws ApiError (status 404: there is none), ConnectionError, ParseError.
   */
  async get<T extends KubeObject>(resource: Resource<T>, name: string, { namespace, ...options }: ObjectOptions = {}): Promise<T> {
    const object = await this.#json<T>({ path: resourcePath(resource, { namespace, name }), ...options })
    checkSchema(resource.schema, object)
    return object
  }

  /**
   * Reads a collection, or one page of it when `limit` is given: `metadata.continue` is the next page's token.
   *
   * @throws ApiError (ExpiredError: the resourceVersion or token is too old), ConnectionError, ParseError.
   */
  async list<T extends KubeObject>(
    resource: Resource<T>,
    { namespace, signal, onBytes, ...options }: CollectionOptions & ListOptions & RequestOptions = {},
  ): Promise<KubeList<T>> {
    const list = await this.#json<KubeList<T>>({
      path: resourcePath(resource, { namespace }),
      params: searchParams(options),
      signal,
      onBytes,
    })
    if (!asList(list))
      throw new ParseError(`${resourcePath(resource, { namespace })}: the answer is not a Kubernetes list`, JSON.stringify(list))
    list.items ??= []
    for (const item of list.items) checkSchema(resource.schema, item)
    return list
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

  /** As {@link list}, but the items are cut out of the response and not parsed: what a ListWatch uses. */
  listEntries<T extends KubeObject>(resource: Resource<T>, options: CollectionOptions & ListEntriesOptions = {}): Promise<EntryList<T>> {
    return listEntries(this, resource, options)
  }

  /** As {@link watch}, in batches, the objects cut out and not parsed: what a ListWatch uses. An abort rejects with the signal's reason. */
  watchEntries<T extends KubeObject>(
    resource: Resource<T>,
    options: CollectionOptions & WatchEntriesOptions = {},
  ): AsyncGenerator<readonly WatchEntry<T>[], void, undefined> {
    return watchEntries(this, resource, options)
  }

  /**
   * Sends a request; the response's body is the caller's.
   *
   * @throws ApiError when the status is not 2xx; ConnectionError when there is no answer; the signal's reason when it is aborted.
   */
  async request({ path, params, method = 'GET', headers, body, signal }: RawRequest): Promise<Response> {
    const query = params?.toString()
    const summary: RequestSummary = { method, url: `${this.baseUrl}/${path}${query ? `?${query}` : ''}` }
    const send = (token: string | undefined) => {
      const all = new Headers(headers)
      if (!all.has('accept')) all.set('accept', 'application/json')
      if (token !== undefined) all.set('authorization', `Bearer ${token}`)
      const sent = this.#ky(summary.url, { method, headers: all, ...(body !== undefined && { body }), ...(signal && { signal }) })
      // Neither a token provider nor an injected fetch is trusted to end on abort. An answer that comes too late is thrown away.
      sent.then((late) => (signal?.aborted ? late.body?.cancel() : undefined)).catch(() => undefined)
      return abortable(sent, signal)
    }
    try {
      signal?.throwIfAborted()
      const token = await abortable(this.#credentials.token(), signal)
      let response = await send(token)
      if (response.status === 401) {
        const fresh = await abortable(this.#credentials.replace(token), signal)
        if (fresh !== undefined) {
          void response.body?.cancel().catch(() => undefined)
          response = await send(fresh)
        }
      }
      if (response.ok) return response
      const failure = await failureOf(response, summary, { signal })
      throw failure.status === 410 ? new ExpiredError(failure) : new ApiError(failure)
    } catch (cause) {
      signal?.throwIfAborted()
      if (cause instanceof ApiError) throw cause
      throw new ConnectionError(summary, { cause: isNetworkError(cause) ? cause.cause : cause })
    }
  }

  async #json<T>(request: RawRequest): Promise<T> {
    const text = await readText(
      await this.request(request),
      { method: request.method ?? 'GET', url: `${this.baseUrl}/${request.path}` },
      request,
    )
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch (cause) {
      throw new ParseError(`${request.path}: the answer is not JSON`, text, { cause })
    }
    if (typeof value !== 'object' || value === null) throw new ParseError(`${request.path}: the answer is not an object`, text)
    return value as T
  }
}

function checkBaseUrl(baseUrl: string): string {
  const trimmed = baseUrl.replace(/\/+$/, '')
  if (/[?#]/.test(trimmed)) throw new TypeError(`KubeClient: baseUrl must have no query and no fragment, not ${JSON.stringify(baseUrl)}`)
  if (/^https?:\/\//i.test(trimmed)) return trimmed
  if (/^[a-z][a-z0-9+.-]*:/i.test(trimmed)) throw new TypeError(`KubeClient: baseUrl must be http or https, not ${JSON.stringify(baseUrl)}`)
  if (typeof globalThis.location === 'undefined') {
    throw new TypeError(
      `KubeClient: outside a browser baseUrl must be absolute, such as http://127.0.0.1:8001, not ${JSON.stringify(baseUrl)}`,
    )
  }
  return trimmed && `/${trimmed.replace(/^\/+/, '')}`
}
