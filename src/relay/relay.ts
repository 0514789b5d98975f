// A relay: serves resources from memory in the Kubernetes protocol, and passes everything else on to the API server.

import type { KubeObject } from '../api/object'
import { checkResource, type Resource } from '../api/resource'
import { compareResourceVersions } from '../api/resource-version'
import type { KubeReaderOptions } from '../http/reader'
import type { Fetch } from '../http/sender'
import { abortable } from '../internal/abortable'
import { type Clock, systemClock } from '../internal/clock'
import { every } from '../internal/interval'
import { Opaque } from '../internal/opaque'
import { guarded, report } from '../internal/report'
import type { Seams } from '../internal/seams'
import type { ReflectorOptions, ReflectorState } from '../reflector/options'
import type { EntryClient } from '../source/list-watch'
import { failure, type WireStatus } from '../watch-cache/failures'
import { serveRead } from '../watch-cache/fetch-handler'
import { statusResponse } from '../watch-cache/protocol'
import { type Authorization, type Caller, selfReviews } from './authorize'
import type { RelayEvent } from './events'
import { type CacheLimits, Feed, type RelayPersistence } from './feed'
import { prefersProtobuf } from './negotiate'
import type { RelayPacking } from './packing'
import { Reviews } from './reviews'
import { type CachedRoute, type PassReason, type Route, routeOf } from './route'
import { UnsendableError, Upstream } from './upstream'

/** Options of {@link createRelay}. */
export interface RelayOptions
  extends CacheLimits,
    Pick<ReflectorOptions<KubeObject>, 'backoff' | 'onError' | 'initialList' | 'proofIntervalMs'>,
    Pick<Seams, 'clock' | 'random'> {
  /** The connection to the API server and the credential of the relay: the options of a KubeClient, such as those of `loadKubeconfig`. */
  readonly client: KubeReaderOptions
  /**
   * Sends requests that carry the credential of their caller, so it must not add the relay's. Default: the runtime's `fetch`, unless the
   * client has a `fetch` of its own.
   */
  readonly callerFetch?: Fetch | undefined
  /**
   * The client that fills the caches. Default: one of the API server. A relay behind another one reads from that: see `unreviewed` of
   * {@link Relay}.
   */
  readonly source?: EntryClient | undefined
  /** The resources to cache. Secrets are cached only if they are named here. */
  readonly resources: readonly Resource[]
  /**
   * Whose rights decide about a read. `'none'` lets everyone who reaches the relay read and write with the relay's own rights, like
   * `kubectl proxy`. Default: {@link selfReviews}.
   */
  readonly authorize?: Authorization | 'none' | undefined
  /** The storage of the caches, so that a restarted relay resumes without a list. Default: memory only. */
  readonly persist?: RelayPersistence | undefined
  /** `packOnArrival()` keeps the objects packed, in about a sixth of the memory. Default: each object is kept as its text. */
  readonly pack?: RelayPacking | undefined
  /**
   * Whether a read without a resourceVersion is the newest state of the API server (`'linearizable'`, as an API server guarantees), or that
   * of the cache (`'eventual'`). Default `'linearizable'`.
   */
  readonly consistency?: 'linearizable' | 'eventual' | undefined
  /** Called with everything that happens, for logs and metrics. Errors that it throws are reported. Default: nothing is called. */
  readonly onEvent?: ((event: RelayEvent) => void) | undefined
}

/** The state of a cached resource. */
export interface RelayResourceStatus {
  readonly resource: Resource
  readonly state: ReflectorState
  readonly resourceVersion: string
  readonly objects: number
  readonly watchers: number
  /** The number of different selections among the watchers. */
  readonly watchClasses: number
  /** The time without a connection to the API server, in milliseconds. */
  readonly lagMs: number
}

/** With the minute for which an answer is remembered, a watch outlives a withdrawn right by five minutes at most. */
const REVIEW_INTERVAL_MS = 4 * 60_000
/** Answers a request that the caches cannot answer. */
type Fallback = (why: PassReason) => Promise<Response>

const STALE_WARNING = '110 - "Response is Stale"'

/**
 * Starts a relay. It holds one watch of each resource, and serves any number of clients from it: kubectl, client-go, kube-rs and this library
 * take it for an API server. Reads that the caches cannot answer exactly, writes, discovery and everything else are passed on.
 *
 * A caller sees what the API server lets it see: by default each read is reviewed with the caller's own credential.
 *
 * @throws TypeError when a resource is not one, or the client is invalid; PersistenceError with code `'refused'` when Secrets would be stored
 *   that `persist.sensitive` does not name.
 * @example
 * ```ts
 * const relay = createRelay({ client: { baseUrl: 'http://127.0.0.1:8001' }, resources: [Pod, Deployment] })
 * Deno.serve({ port: 8002, hostname: '127.0.0.1' }, relay.fetch)
 * ```
 */
export function createRelay(options: RelayOptions): Relay {
  return new Relay(options)
}

/** A running relay. Made by {@link createRelay}. */
export class Relay extends Opaque implements AsyncDisposable {
  readonly #authorization: Authorization | undefined
  readonly #consistency: 'linearizable' | 'eventual'
  readonly #clock: Clock
  readonly #emit: (event: RelayEvent) => void
  readonly #upstream: Upstream
  readonly #reviews: Reviews
  readonly #feeds: readonly Feed[]
  readonly #closing = new AbortController()
  readonly #running: Promise<unknown>

  constructor({
    client,
    callerFetch,
    source,
    resources,
    authorize,
    persist,
    consistency,
    onEvent,
    clock = systemClock,
    ...rest
  }: RelayOptions) {
    super()
    for (const resource of resources) checkResource(resource)
    this.#authorization = authorize === 'none' ? undefined : (authorize ?? selfReviews())
    this.#consistency = consistency ?? 'linearizable'
    this.#clock = clock
    const tell = guarded(onEvent)
    const emit = (event: RelayEvent) => tell?.(event)
    this.#emit = emit
    const upstream = new Upstream({ client, callerFetch, sendsAs: this.#authorization?.sendsAs ?? 'relay' })
    this.#upstream = upstream
    this.#reviews = new Reviews({
      clock,
      ask: (caller, attributes, signal) => upstream.review(caller, caller.review(attributes), signal),
      onReview: (outcome) => emit({ type: 'review', outcome }),
    })
    this.#feeds = resources.map((resource) => new Feed({ ...rest, client: source ?? upstream.client, resource, clock, persist, emit }))
    this.#running = Promise.all(this.#feeds.map((feed) => feed.run(this.#closing.signal).catch(report)))
  }

  /** Answers a request. Bound, so that it works as a handler. Rejects with the signal's reason when the request is aborted. */
  readonly fetch = async (request: Request): Promise<Response> => {
    const caller = await this.#authorization?.identify(request)
    if (this.#authorization && !caller) return statusResponse(failure(401, 'Unauthorized', 'Unauthorized'))
    const pass: Fallback = (why) => this.#pass(request, why, caller)
    const route = this.#route(request)
    if (route.type === 'pass') return pass(route.why)
    if (!caller && [...request.headers.keys()].some((name) => name.startsWith('impersonate-'))) return pass('impersonation')
    return this.#serve(request, route, caller, pass)
  }

  /**
   * Answers a read from the caches without a review, for a part of the same application that reviews its own callers, such as another relay.
   * Passes nothing on: what the caches cannot answer is a 503, or the 403 or 404 of the API server. A watch starts from any state, because
   * its reader proves its own state with lists. Never expose it to other callers.
   */
  readonly unreviewed = async (request: Request): Promise<Response> => {
    const refuse: Fallback = async (why) => statusResponse(refusalOf(why))
    const route = this.#route(request)
    if (route.type === 'pass') return refuse(route.why)
    const isFill = route.attributes.verb === 'watch' && route.reads === 'newest'
    return this.#serve(request, isFill ? { ...route, reads: 'any' } : route, undefined, refuse)
  }

  /** The state of each resource now. */
  get status(): readonly RelayResourceStatus[] {
    return this.#feeds.map(({ resource, status, cache, lagMs }) => ({
      resource,
      state: status.state,
      resourceVersion: cache.resourceVersion,
      objects: cache.size,
      watchers: cache.watchers,
      watchClasses: cache.watchClasses,
      lagMs,
    }))
  }

  /** Resolves when every cache has a state that the API server has confirmed or delivered. @throws the signal's reason */
  async whenSynced({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    await Promise.all(this.#feeds.map((feed) => feed.whenSynced(signal)))
  }

  /**
   * Returns the URL and the headers with which an upgrade (exec, attach, port-forward) is passed on over a connection of its own, for
   * runtimes whose `fetch` cannot; a response refuses it.
   */
  async upgrade(request: Request): Promise<{ readonly url: URL; readonly headers: Headers } | Response> {
    const caller = await this.#authorization?.identify(request)
    if (this.#authorization && !caller) return statusResponse(failure(401, 'Unauthorized', 'Unauthorized'))
    const { pathname, search } = new URL(request.url)
    try {
      const headers = await this.#upstream.headersOf(request, caller)
      return { url: new URL(`${this.#upstream.client.baseUrl}${pathname}${search}`), headers }
    } catch (error) {
      return unsendable(error)
    }
  }

  /** Ends all watches, stores the last changes and stops. Requests are passed on afterwards. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#running
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #route(request: Request): Route<Feed> {
    const { pathname: path, searchParams: params } = new URL(request.url)
    const { method, headers } = request
    const routed = { method, path, params, accept: headers.get('accept'), upgrade: headers.get('upgrade') }
    return routeOf(routed, ({ group, version, plural }) =>
      this.#feeds.find(({ resource }) => resource.group === group && resource.version === version && resource.plural === plural),
    )
  }

  async #serve(request: Request, route: CachedRoute<Feed>, caller: Caller | undefined, fallback: Fallback): Promise<Response> {
    const { to: feed, target, form, attributes } = route
    const { cache, resource } = feed
    const { availability } = feed
    if (availability.type === 'pass') return fallback(availability.why)
    const outcome = caller ? await abortable(this.#reviews.review(caller, attributes), request.signal) : 'allowed'
    if (outcome === 'failed') return statusResponse(unavailable('the relay cannot review the access to the resource'))
    if (outcome === 'denied') return fallback('denied-to-caller')
    // As an API server forgets, so do its relays: a client that waits for its token to expire does not wait forever.
    if (route.exactVersion !== undefined && feed.isOld(route.exactVersion)) return fallback('expired')
    const unproven = await this.#makeFresh(route, request.signal)
    if (unproven) return fallback(unproven)
    const watch = attributes.verb === 'watch' ? this.#watchOf(feed, caller, route) : undefined
    const response = await serveRead(cache, target, request, {
      form,
      metadataTypes: prefersProtobuf(request.headers.get('accept')) ? 'omit' : 'keep',
      onDelivery: (events, bytes = 0) => this.#emit({ type: 'delivered', resource, events, bytes }),
      until: watch?.until,
      onWatchEnd: watch?.end,
    })
    if (watch && !response.ok) watch.end()
    if (response.status === 410 && attributes.verb === 'list') return fallback('expired')
    if (availability.isStale) response.headers.set('warning', STALE_WARNING)
    this.#emit({ type: 'served', resource, verb: attributes.verb, status: response.status })
    return response
  }

  /** Brings the cache to the state that a request asks for. Returns the reason to pass the request on when that is not possible. */
  async #makeFresh({ to: feed, attributes, reads }: CachedRoute<Feed>, signal: AbortSignal): Promise<PassReason | undefined> {
    if (reads === 'any' || (reads === 'newest' && this.#consistency === 'eventual')) return undefined
    if (reads === 'newest') {
      if (attributes.verb === 'get') return 'newest-object'
      return (await abortable(feed.freshness.prove(), signal)) ? undefined : 'unproven'
    }
    // The cache waits for the version; a proof may show that it has that state already.
    if (compareResourceVersions(reads.notOlderThan, feed.cache.resourceVersion) > 0) void feed.freshness.prove()
    return undefined
  }

  /** Reviews an open watch again and again, and ends it when the caller may no longer read. */
  #watchOf({ resource }: Feed, caller: Caller | undefined, { attributes }: CachedRoute<Feed>): { until: AbortSignal; end: () => void } {
    const revoked = new AbortController()
    const again = async (known: Caller) => {
      if ((await this.#reviews.review(known, attributes)) !== 'denied' || revoked.signal.aborted) return
      this.#emit({ type: 'revoked', resource })
      revoked.abort()
    }
    const stop = caller ? every(REVIEW_INTERVAL_MS, this.#clock, () => void again(caller)) : () => undefined
    this.#emit({ type: 'watch-opened', resource })
    let isOpen = true
    const end = () => {
      if (!isOpen) return
      isOpen = false
      stop()
      this.#emit({ type: 'watch-ended', resource })
    }
    return { until: revoked.signal, end }
  }

  async #pass(request: Request, why: PassReason, caller: Caller | undefined): Promise<Response> {
    const { method } = request
    const since = this.#clock.now()
    if (why === 'upgrade' && globalThis.navigator?.userAgent !== 'Cloudflare-Workers')
      return statusResponse(
        failure(501, 'NotImplemented', 'the relay cannot pass on upgrades in this runtime: exec, attach and port-forward'),
      )
    try {
      const response = await this.#upstream.pass(request, caller)
      this.#emit({ type: 'passed', why, method, status: response.status, durationMs: this.#clock.now() - since })
      return response
    } catch (error) {
      this.#emit({ type: 'unreachable', method })
      request.signal.throwIfAborted()
      return unsendable(error)
    }
  }
}

function refusalOf(why: PassReason): WireStatus {
  if (why === 'gone') return failure(404, 'NotFound', 'the server could not find the requested resource', {})
  if (why === 'denied-to-relay') return failure(403, 'Forbidden', 'the relay may not read the resource', {})
  return unavailable(`the caches of the relay cannot answer this now: ${why}`)
}

const unavailable = (message: string): WireStatus => failure(503, 'ServiceUnavailable', message, { retryAfterSeconds: 1 })

/** Does not quote the error: some runtimes quote header values in it. */
function unsendable(error: unknown): Response {
  if (error instanceof UnsendableError) return statusResponse(failure(501, 'NotImplemented', error.message))
  return statusResponse(unavailable('the relay cannot reach the API server'))
}
