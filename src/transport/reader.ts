import ky, { type Hooks, isNetworkError, type KyInstance } from 'ky'
import { apiErrorOf, ConnectionError, isApiError, type RequestSummary } from '../errors'
import { abortable } from '../internal/abortable'
import { report } from '../internal/report'
import type { KubeList, KubeObject } from '../meta/object'
import type { Resource } from '../meta/resource'
import type {
  ArrivalOptions,
  CollectionOptions,
  EntryList,
  ListOptions,
  ObjectOptions,
  RequestOptions,
  WatchEntry,
  WatchEvent,
  WatchOptions,
} from '../meta/wire'
import { checkBaseUrl } from './base-url'
import { Credentials, type TokenSource } from './credentials'
import { failureOf } from './failure'
import { requestObject } from './json'
import { type ListEntriesOptions, listEntries, listObjects, listPages } from './list'
import type { PortableClient } from './portable'
import type { RawRequest } from './requester'
import { objectPath, type SubresourceObject, type SubresourceOptions } from './subresources'
import { parseWarnings, type ServerWarning } from './warnings'
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
  /**
   * Told every warning the server sends along, the same ones again and again. Pages of another origin see them only where the server exposes
   * the header (`Access-Control-Expose-Headers: Warning`).
   *
   * @see client-go `rest.WarningHandler`
   */
  onWarning?: ((warning: ServerWarning, request: RequestSummary) => void) | undefined
}

/**
 * The part of a {@link KubeClient} that reads: all that informers need. For bundles in which every kilobyte counts.
 *
 * @example
 * ```ts
 * const pods = createInformer(new KubeReader({ baseUrl: 'http://127.0.0.1:8001' }), Pod)
 * ```
 */
export class KubeReader {
  /** The server's URL as given, without a trailing slash; the empty string is the page's own origin. */
  readonly baseUrl: string
  readonly #credentials: Credentials
  readonly #ky: KyInstance
  readonly #onWarning: KubeClientOptions['onWarning']
  readonly #portable: PortableClient | undefined

  /** @throws TypeError when the base URL is missing outside a browser, or is none; when groups cannot be impersonated together. */
  constructor({ baseUrl = '', token, fetch, headers, hooks, impersonate, onWarning }: KubeClientOptions = {}) {
    this.baseUrl = checkBaseUrl(String(baseUrl))
    this.#credentials = new Credentials(token)
    this.#onWarning = onWarning
    const common = new Headers(headers)
    if (impersonate) {
      const { user, uid, groups = [] } = impersonate
      if (groups.length > 1)
        throw new TypeError(`KubeClient: impersonate.groups can have one group, since fetch cannot repeat a header, not ${groups.length}`)
      common.set('Impersonate-User', user)
      if (uid !== undefined) common.set('Impersonate-Uid', uid)
      for (const group of groups) common.set('Impersonate-Group', group)
    }
    if (!fetch && !hooks) this.#portable = { baseUrl: this.baseUrl, headers: [...common], credentials: this.#credentials, onWarning }
    this.#ky = ky.create({
      headers: common,
      timeout: false,
      retry: 0,
      throwHttpErrors: false,
      ...(hooks && { hooks }),
      ...(fetch && { fetch: (input) => fetch(input as Request) }),
    })
  }

  /** What a client in another thread needs to make the same requests; undefined when this one was given `fetch` or `hooks`, which work only here. */
  get portable(): PortableClient | undefined {
    return this.#portable
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

  /** As {@link list}, but the items are cut out of the response and not parsed: what a ListWatch uses. */
  listEntries<T extends KubeObject>(
    resource: Resource<T>,
    options: CollectionOptions & ListEntriesOptions & ArrivalOptions<T> = {},
  ): Promise<EntryList<T>> {
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
      this.#warn(response, summary)
      if (response.ok) return response
      throw apiErrorOf(await failureOf(response, summary, { signal }))
    } catch (cause) {
      signal?.throwIfAborted()
      if (isApiError(cause)) throw cause
      throw new ConnectionError(summary, { cause: isNetworkError(cause) ? cause.cause : cause })
    }
  }

  #warn({ headers }: Response, request: RequestSummary): void {
    try {
      if (this.#onWarning) for (const warning of parseWarnings(headers.get('warning') ?? '')) this.#onWarning(warning, request)
    } catch (error) {
      report(error)
    }
  }
}
