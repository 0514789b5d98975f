// The client for reading: lists and watches as entries, on `fetch` alone.

import { apiErrorOf, ConnectionError, isApiError, type RequestSummary } from '../api/errors'
import type { KubeObject } from '../api/object'
import type { CollectionOptions } from '../api/options'
import { checkPath } from '../api/path-segment'
import type { Resource } from '../api/resource'
import type { ArrivalOptions, EntryList, WatchEntry } from '../codec/wire'
import { abortable } from '../internal/abortable'
import { type Clock, systemClock } from '../internal/clock'
import { Opaque } from '../internal/opaque'
import { type Redact, redactError, redactorOf } from '../internal/redact'
import { report } from '../internal/report'
import type { Seams } from '../internal/seams'
import type { OpenSocket } from '../socket/socket'
import { checkBaseUrl, checkHost } from './base-url'
import { Credentials, type TokenSource } from './credentials'
import { failureOf, redirectOf } from './failure'
import type { HandshakeParts } from './handshake'
import { checkHeaders, secretsOf } from './header-value'
import { type Impersonation, impersonated, impersonate as setImpersonation } from './impersonation'
import { type ListEntriesOptions, listEntries } from './list'
import type { PortableClient } from './portable'
import { requestDefaults } from './request-defaults'
import type { HeaderValues, RawRequest, WatchStream } from './requester'
import { type Fetch, fetchSender, type Sender } from './sender'
import { parseWarnings, type ServerWarning } from './warnings'
import { type WatchEntriesOptions, watchEntries } from './watch'
import type { WatchOver } from './watch-over'

/** Options of {@link KubeReader}. */
export interface KubeReaderOptions extends Pick<Seams, 'clock'> {
  /**
   * The server, such as `http://127.0.0.1:8001` (kubectl proxy). A path is kept: `https://gateway/k8s/clusters/c1`. Default: the page's own
   * origin; required outside browsers by the time of the first request. Must not have credentials, a query or a fragment.
   */
  baseUrl?: string | URL | undefined
  /** A bearer token, or a function that returns one. Called when a token is first needed, and again when the server responds with 401. */
  token?: TokenSource | undefined
  /** Replaces the runtime's `fetch`, for service bindings, TLS or tests. Called with a `Request`. */
  fetch?: Fetch | undefined
  /**
   * Opens WebSockets for `kubeflect/streams`, beside `fetch`, for TLS or tests; `loadKubeconfig` sets it. Default: the means of the runtime,
   * which know nothing of `fetch`.
   */
  webSocket?: OpenSocket | undefined
  /**
   * The way in which watches travel: `webSocket()` or `turns()`, for pages whose server speaks HTTP/1.1. Default: each over a connection of
   * its own.
   */
  watchOver?: WatchOver | undefined
  /** The headers of every request. */
  headers?: HeaderValues | undefined
  /** The user to act as. The server must allow it. */
  impersonate?: Impersonation | undefined
  /**
   * Called with every warning that the server sends, including repeated ones. Pages of another origin see them only if the server exposes
   * the header (`Access-Control-Expose-Headers: Warning`).
   *
   * @see client-go `rest.WarningHandler`
   */
  onWarning?: ((warning: ServerWarning, request: RequestSummary) => void) | undefined
}

/**
 * The part of a `KubeClient` that informers, ListWatch and Reflector use: lists and watches as entries, on `fetch` alone. Sends each
 * request once, except for a second attempt with a new token after a 401.
 *
 * @example
 * ```ts
 * const pods = createInformer(new KubeReader({ baseUrl: 'http://127.0.0.1:8001' }), Pod)
 * ```
 */
export class KubeReader extends Opaque {
  /** The server's URL as given, without a trailing slash; the empty string for the page's own origin. */
  readonly baseUrl: string
  /** The impersonated user, groups and uid as one canonical string, which is not secret; undefined without impersonation. */
  readonly impersonates: string | undefined
  readonly #credentials: Credentials
  readonly #headers: Headers
  readonly #send: Sender
  readonly #webSocket: OpenSocket | undefined
  readonly #watchOver: WatchOver | undefined
  readonly #onWarning: KubeReaderOptions['onWarning']
  readonly #clock: Clock
  readonly #portable: PortableClient | undefined
  /** Whether requests carry a token or an `Authorization` header given to the client, so that the server's responses depend on the user. */
  readonly authenticates: boolean
  #defaults: RequestInit | undefined

  /**
   * @param sender sends the requests of a subclass; default `fetch`.
   * @throws TypeError when the base URL is malformed or has credentials; when a header cannot hold the token, a header or the impersonated
   *   user; when the impersonated user is empty, or the groups cannot be impersonated together.
   */
  constructor(options: KubeReaderOptions = {}, sender?: Sender) {
    super()
    const { baseUrl = '', token, fetch, headers, impersonate, onWarning, webSocket, watchOver, clock = systemClock } = options
    const hasHooks = 'hooks' in options && options.hooks !== undefined
    // For callers without types: hooks would be ignored, and may be what signs requests.
    if (hasHooks && !sender) throw new TypeError('KubeReader: hooks need a KubeClient')
    this.baseUrl = checkBaseUrl(String(baseUrl))
    this.#credentials = new Credentials(token)
    this.#onWarning = onWarning
    this.#clock = clock
    this.#headers = checkHeaders(headers, 'KubeClient')
    this.#webSocket = webSocket
    this.#watchOver = watchOver
    this.authenticates = token !== undefined || this.#headers.has('authorization')
    if (impersonate) setImpersonation(this.#headers, impersonate)
    this.impersonates = impersonated(this.#headers)
    if (!fetch && !hasHooks && (!watchOver || (watchOver.portable && !webSocket)))
      this.#portable = {
        baseUrl: this.baseUrl,
        headers: [...this.#headers],
        credentials: this.#credentials,
        watchOver: watchOver?.portable,
        onWarning,
      }
    this.#send = sender ?? fetchSender(fetch)
  }

  /**
   * Hashes the identity of the user: the token (of a JSON web token, its issuer and subject, which survive a renewal) and the impersonated
   * user. Used in keys of state stored for one user. Calls the token function if there is no token yet.
   *
   * @returns 32 hexadecimal digits of a SHA-256; undefined without a token.
   * @throws the error of the token function; TypeError when no header can hold the token.
   */
  async identityHash(): Promise<string | undefined> {
    const token = (await this.#credentials.token()) ?? this.#headers.get('authorization') ?? undefined
    if (token === undefined) return undefined
    // Loaded on demand: most clients store nothing, or store for a named user.
    const { hashIdentity } = await import('./identity')
    return hashIdentity(token, this.impersonates)
  }

  /**
   * The data that a client in another thread needs to make the same requests; undefined for a client with `fetch`, `hooks` or a `watchOver`
   * of its own, which cannot leave this thread.
   */
  get portable(): PortableClient | undefined {
    return this.#portable
  }

  /** The parts of this client that `kubeflect/streams` opens WebSockets with. */
  get handshake(): HandshakeParts {
    return { headers: this.#headers, credentials: this.#credentials, clock: this.#clock, open: this.#webSocket }
  }

  /**
   * Lists a collection for a ListWatch. Cuts the items out of the response as it arrives, without parsing them.
   *
   * @throws ApiError (ExpiredError when the resourceVersion or token is too old), ConnectionError, ParseError; SelectorError before a
   *   request is sent.
   */
  listEntries<T extends KubeObject>(
    resource: Resource<T>,
    options: CollectionOptions & ListEntriesOptions & ArrivalOptions<T> = {},
  ): Promise<EntryList<T>> {
    return listEntries(this, resource, options)
  }

  /**
   * Watches a collection for a ListWatch. Yields events in batches, with objects cut out and not parsed. Aborting rejects with the signal's
   * reason.
   *
   * @throws as {@link listEntries}.
   */
  watchEntries<T extends KubeObject>(
    resource: Resource<T>,
    options: CollectionOptions & WatchEntriesOptions = {},
  ): AsyncGenerator<readonly WatchEntry<T>[], void, undefined> {
    return watchEntries(this, resource, options)
  }

  /**
   * Sends a request. The caller reads the response's body. HTTP caches store nothing, and redirects are not followed.
   *
   * @throws ApiError for a status other than 2xx, and for a redirect; ConnectionError without a response; the signal's reason when it is
   *   aborted; TypeError without a host, when a header cannot hold a value, or when the path leads outside the base URL.
   */
  async request({ path, params, method = 'GET', headers, body, signal, ownPolicy = false }: RawRequest): Promise<Response> {
    checkPath(path)
    checkHost(this.baseUrl)
    const own = new Headers(this.#headers)
    own.set('accept', 'application/json')
    for (const [name, value] of checkHeaders(headers, 'KubeClient')) own.set(name, value)
    const query = params?.toString()
    const summary: RequestSummary = { method, url: `${this.baseUrl}/${path}${query ? `?${query}` : ''}` }
    const tokens: (string | undefined)[] = []
    const send = (token: string | undefined) => {
      tokens.push(token)
      if (token !== undefined) own.set('authorization', `Bearer ${token}`)
      this.#defaults ??= requestDefaults()
      const init = { ...this.#defaults, method, headers: own, ...(body !== undefined && { body }), ...(signal && { signal }) }
      const sent = this.#send({ url: summary.url, init, ownPolicy })
      // A token function or an injected fetch may ignore the abort. A response that arrives later is discarded.
      sent.then((late) => (signal?.aborted ? late.body?.cancel() : undefined)).catch(() => undefined)
      return abortable(sent, signal)
    }
    const clean: Redact = (text) => redactorOf([...tokens, ...secretsOf(this.#headers), ...secretsOf(own)])(text)
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
      const redirect = redirectOf(response, summary)
      if (redirect) {
        void response.body?.cancel().catch(() => undefined)
        throw apiErrorOf(redirect)
      }
      this.#warn(response, summary)
      if (response.ok) return response
      throw apiErrorOf(await failureOf(response, summary, { signal, clock: this.#clock, redact: clean }))
    } catch (cause) {
      signal?.throwIfAborted()
      if (isApiError(cause)) throw cause
      throw new ConnectionError(summary, { cause: redactError(cause, clean) })
    }
  }

  /**
   * Opens a watch in the way that `watchOver` prescribes.
   *
   * @throws as {@link request}.
   */
  async openWatch(request: RawRequest): Promise<WatchStream> {
    return this.#watchOver ? this.#watchOver.open(this, request) : { response: await this.request(request), close() {} }
  }

  #warn({ headers }: Response, request: RequestSummary): void {
    try {
      if (this.#onWarning) for (const warning of parseWarnings(headers.get('warning') ?? '')) this.#onWarning(warning, request)
    } catch (error) {
      report(error)
    }
  }
}
