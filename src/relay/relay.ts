// A relay: serves resources from memory in the Kubernetes protocol, and passes everything else on to the API server.

import { checkResource } from '../api/resource'
import { compareResourceVersions } from '../api/resource-version'
import { abortable } from '../internal/abortable'
import { type Clock, systemClock } from '../internal/clock'
import { every } from '../internal/interval'
import { Opaque } from '../internal/opaque'
import { guarded, report } from '../internal/report'
import { serveRead } from '../watch-cache/fetch-handler'
import { type Authorization, type Caller, selfReviews } from './authorize'
import type { RelayEvent } from './events'
import { Feed } from './feed'
import { prefersProtobuf } from './negotiate'
import { noUpgrades, unanswerable, unauthenticated, unreviewable, unsendable } from './refusals'
import type { RelayOptions, RelayResourceStatus } from './relay-options'
import { Reviews } from './reviews'
import { type CachedRoute, type PassReason, type Route, routeOf } from './route'
import { passesUpgrades, Upstream } from './upstream'

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
    if (this.#authorization && !caller) return unauthenticated()
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
    const refuse: Fallback = async (why) => unanswerable(why)
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
    if (this.#authorization && !caller) return unauthenticated()
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
    if (outcome === 'failed') return unreviewable()
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
    if (why === 'upgrade' && !passesUpgrades()) return noUpgrades()
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
