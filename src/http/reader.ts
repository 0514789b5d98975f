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
import { checkBaseUrl, checkHost } from './base-url'
import { Credentials, type TokenSource } from './credentials'
import { failureOf, redirectOf } from './failure'
import { checkHeaders, secretsOf } from './header-value'
import { type Impersonation, impersonated, impersonate as setImpersonation } from './impersonation'
import { type ListEntriesOptions, listEntries } from './list'
import type { PortableClient } from './portable'
import { requestDefaults } from './request-defaults'
import type { HeaderValues, RawRequest } from './requester'
import { type Fetch, fetchSender, type Sender } from './sender'
import { parseWarnings, type ServerWarning } from './warnings'
import { type WatchEntriesOptions, watchEntries } from './watch'

/** How a client reaches its server. */
export interface KubeReaderOptions {
  /**
   * The server, such as `http://127.0.0.1:8001` (kubectl proxy). A path is kept: `https://gateway/k8s/clusters/c1`. Default: the page's own
   * origin; outside browsers it must be given, at the latest when the first request is made. It has no credentials, query or fragment.
   */
  baseUrl?: string | URL | undefined
  /** A bearer token, or a function that gives one: asked when first needed and once again when the server answers 401. */
  token?: TokenSource | undefined
  /** In place of the runtime's `fetch`: service bindings, TLS, tests. It is given a `Request`. */
  fetch?: Fetch | undefined
  /** Sent with every request. */
  headers?: HeaderValues | undefined
  /** The user to act as; the server must allow it. */
  impersonate?: Impersonation | undefined
  /**
   * Told every warning the server sends along, the same ones again and again. Pages of another origin see them only where the server exposes
   * the header (`Access-Control-Expose-Headers: Warning`).
   *
   * @see client-go `rest.WarningHandler`
   */
  onWarning?: ((warning: ServerWarning, request: RequestSummary) => void) | undefined
  /** Where time comes from; default: the runtime's clock. */
  clock?: Clock | undefined
}

/**
 * The part of a `KubeClient` that informers, ListWatch and Reflector need: lists and watches as entries, on `fetch` alone. It sends each request once,
 * save for a second attempt with a fresh token after 401.
 *
 * @example
 * ```ts
 * const pods = createInformer(new KubeReader({ baseUrl: 'http://127.0.0.1:8001' }), Pod)
 * ```
 */
export class KubeReader extends Opaque {
  /** The server's URL as given, without a trailing slash; the empty string is the page's own origin. */
  readonly baseUrl: string
  /** The impersonated user, groups and uid in one canonical string, not secret; undefined when nobody is impersonated. */
  readonly impersonates: string | undefined
  readonly #credentials: Credentials
  readonly #headers: Headers
  readonly #send: Sender
  readonly #onWarning: KubeReaderOptions['onWarning']
  readonly #clock: Clock
  readonly #portable: PortableClient | undefined
  /** Whether requests carry a token or an `Authorization` header that the client was given: then the server's answers depend on the user. */
  readonly authenticates: boolean
  #defaults: RequestInit | undefined

  /**
   * @param sender Sends the requests of a subclass; default: `fetch`.
   * @throws TypeError when the base URL is malformed or has credentials; when no header can hold the token, a header or the impersonated user; when
   * that is empty, or groups cannot be impersonated together.
   */
  constructor(options: KubeReaderOptions = {}, sender?: Sender) {
    super()
    const { baseUrl = '', token, fetch, headers, impersonate, onWarning, clock = systemClock } = options
    const hasHooks = 'hooks' in options && options.hooks !== undefined
    // Without types they would be ignored, and hooks may be what signs requests.
    if (hasHooks && !sender) throw new TypeError('KubeReader: hooks need a KubeClient')
    this.baseUrl = checkBaseUrl(String(baseUrl))
    this.#credentials = new Credentials(token)
    this.#onWarning = onWarning
    this.#clock = clock
    this.#headers = checkHeaders(headers, 'KubeClient')
    this.authenticates = token !== undefined || this.#headers.has('authorization')
    if (impersonate) setImpersonation(this.#headers, impersonate)
    this.impersonates = impersonated(this.#headers)
    if (!fetch && !hasHooks)
      this.#portable = { baseUrl: this.baseUrl, headers: [...this.#headers], credentials: this.#credentials, onWarning }
    this.#send = sender ?? fetchSender(fetch)
  }

  /**
   * Hashes who asks: the token, or of a JSON web token its issuer and subject, which stay the same when it is renewed; and whom it impersonates. For
   * keys of what is stored for one user. The token function is asked when there is no token yet.
   *
   * @returns 32 hexadecimal digits of a SHA-256; undefined without a token.
   * @throws what the token function throws; TypeError when no header can hold the token.
   */
  async identityHash(): Promise<string | undefined> {
    const token = (await this.#credentials.token()) ?? this.#headers.get('authorization') ?? undefined
    if (token === undefined) return undefined
    // Loaded when it is needed: most clients store nothing, or for a user who has a name.
    const { hashIdentity } = await import('./identity')
    return hashIdentity(token, this.impersonates)
  }

  /** What a client in another thread needs to make the same requests; undefined when this one was given `fetch` or `hooks`, which work only here. */
  get portable(): PortableClient | undefined {
    return this.#portable
  }

  /**
   * Lists a collection for a ListWatch: the items are cut out of the response as it arrives, and not parsed.
   *
   * @throws ApiError (ExpiredError: the resourceVersion or token is too old), ConnectionError, ParseError; SelectorError before anything is sent.
   */
  listEntries<T extends KubeObject>(
    resource: Resource<T>,
    options: CollectionOptions & ListEntriesOptions & ArrivalOptions<T> = {},
  ): Promise<EntryList<T>> {
    return listEntries(this, resource, options)
  }

  /**
   * Watches a collection for a ListWatch: events come in batches, their objects cut out and not parsed. An abort rejects with the signal's reason.
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
   * Sends a request; the response's body is the caller's. Nothing is kept in an HTTP cache, and no redirect is followed.
   *
   * @throws ApiError when the status is not 2xx, or the answer is a redirect; ConnectionError when there is no answer; the signal's reason when it is
   * aborted; TypeError when there is no host to ask, no header can hold a value, or the path would lead elsewhere than below the base URL.
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
      // Neither a token provider nor an injected fetch is trusted to end on abort. An answer that comes too late is thrown away.
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

  #warn({ headers }: Response, request: RequestSummary): void {
    try {
      if (this.#onWarning) for (const warning of parseWarnings(headers.get('warning') ?? '')) this.#onWarning(warning, request)
    } catch (error) {
      report(error)
    }
  }
}
