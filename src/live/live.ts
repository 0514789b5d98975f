// What a page of components needs: lists, objects and answers that start when they are shown and end a while after.

import { Access, type AccessQuery } from '../access/access'
import type { KubeObject } from '../api/object'
import { checkResource, type Resource } from '../api/resource'
import type { Requester } from '../http/requester'
import { SharedInformerFactory, type SharedInformerFactoryOptions } from '../informer/factory'
import { systemClock } from '../internal/clock'
import { describeValue } from '../internal/describe-value'
import { Opaque } from '../internal/opaque'
import { guarded } from '../internal/report'
import { logError } from '../reflector/problems'
import type { Event } from '../resources/core/v1'
import type { EntryClient } from '../source/list-watch'
import { field } from '../view/keyed'
import type { ViewQuery } from '../view/query'
import type { Readable } from '../view/readable'
import type { ViewSource } from '../view/view'
import { Feeds, type LiveSelection } from './feeds'
import { atFrame } from './frame'
import type { FeedInspector } from './inspect'
import { type LiveListReadable, SourceList } from './list'
import { FeedObject, type LiveObjectReadable, type ObjectName } from './object'
import { Permission } from './permission'
import { PolledSource } from './poll'
import { collectionSource, type LiveSource, ownedSource } from './source'

/** Options of {@link createLive}. */
export interface LiveOptions extends Omit<SharedInformerFactoryOptions, 'onArrival'> {
  /**
   * The time that a feed goes on after its last listener has left, in milliseconds; default 30,000. A component that comes back within that time finds
   * its rows, and sends no request. A component that was suspended is waited for at least 5,000.
   */
  lingerMs?: number | undefined
  /** Follows the feeds; see `createInspector` of `kubeflect/devtools`. Default: none. */
  inspector?: FeedInspector | undefined
  /** Shows changes together, such as once a frame. Default: `requestAnimationFrame` where there are frames, else 16 ms later. */
  schedule?: ((work: () => void) => void) | undefined
}

/** A list: the part of a collection that the server sends, and the view of it. */
export interface ListRequest<T> extends LiveSelection {
  /** Filters, sorts and cuts what the server sends. Costs no request. */
  view?: ViewQuery<T> | undefined
}

/** A list that is polled. */
export interface PollRequest<T> extends ListRequest<T> {
  /** The time between two lists, in milliseconds; at least 1,000. */
  everyMs: number
}

/** The owner of objects: an entry, or the `metadata` of an object. */
export interface OwnerIdentity {
  readonly uid: string
  /** The namespace of the owner, which is that of what it owns. Left out for cluster-scoped owners: all namespaces. */
  readonly namespace?: string | undefined
}

const EVENTS: Resource<Event> = { group: '', version: 'v1', plural: 'events', kind: 'Event', scope: 'Namespaced' }

/** The shortest interval of a polled list. */
const MIN_POLL_MS = 1_000

/**
 * Lists and objects for the components of a page. Each starts with its first listener; equal requests share one feed; a feed ends
 * {@link LiveOptions.lingerMs} after its last listener has left. What is created and never observed costs nothing, so a component may create
 * it while it renders. Made by {@link createLive}.
 */
export class Live extends Opaque implements AsyncDisposable {
  readonly #client: EntryClient & Requester
  readonly #factory: SharedInformerFactory
  readonly #feeds: Feeds
  readonly #options: LiveOptions
  readonly #namespace: string
  readonly #life = new AbortController()
  readonly #onError: (error: unknown) => void
  #access: Access | undefined

  /** @throws TypeError when the client is not one; RangeError for a negative `lingerMs`. */
  constructor(client: EntryClient & Requester, options: LiveOptions = {}) {
    super()
    const { lingerMs = 30_000, schedule: _, inspector, onEvent, ...shared } = options
    if (typeof client?.listEntries !== 'function' || typeof client.request !== 'function')
      throw new TypeError(`createLive: expected a client, such as a KubeClient, got ${describeValue(client)}`)
    if (!(lingerMs >= 0)) throw new RangeError(`createLive: lingerMs is a number of milliseconds from 0, got ${lingerMs}`)
    this.#client = client
    this.#options = options
    this.#namespace = options.namespace ?? ''
    this.#onError = guarded(options.onError ?? logError) as (error: unknown) => void
    this.#factory = new SharedInformerFactory(client, {
      ...shared,
      onEvent: inspector
        ? (event, identity) => {
            inspector.onEvent(event, identity)
            onEvent?.(event, identity)
          }
        : onEvent,
      onArrival: (entries, before, identity) => this.#feeds.arrive(entries, before, identity),
    })
    this.#feeds = new Feeds(this.#factory, {
      clock: options.clock ?? systemClock,
      lingerMs,
      namespace: this.#namespace,
      onFeed: inspector && ((feed) => inspector.onFeed(feed)),
    })
    this.#factory.start()
  }

  /**
   * A collection, as a view shows it.
   *
   * @throws what `createView` throws for its query.
   * @example
   * ```ts
   * const list = live.list(Pod, { namespace: 'shop', view: { sort: { by: field('status.startTime') }, window: { limit: 50 } } })
   * const stop = list.subscribe(({ rows, isStale }) => draw(rows, isStale))
   * ```
   */
  list<T extends KubeObject>(resource: Resource<T>, request: ListRequest<NoInfer<T>> = {}): LiveListReadable<T> {
    checkResource(resource)
    const { view, ...selection } = request
    return this.#listOf(collectionSource(this.#feeds, resource, selection), view)
  }

  /**
   * A collection as the source of views, of a history or of an owner graph. Has entries while it has a subscriber, and while its feed goes on after that.
   *
   * @example
   * ```ts
   * const graph = createOwnerGraph([live.source(ReplicaSet), live.source(Pod)])
   * ```
   */
  source<T extends KubeObject>(resource: Resource<T>, selection: LiveSelection = {}): ViewSource<T> {
    checkResource(resource)
    return collectionSource(this.#feeds, resource, selection)
  }

  /**
   * One object. Read from a feed that has it; without one, the object is watched alone.
   *
   * @example
   * ```ts
   * const pod = live.object(Pod, { namespace: 'shop', name: 'web-1' })
   * pod.subscribe(({ entry, isMissing }) => draw(entry?.object.status?.phase, isMissing))
   * ```
   */
  object<T extends KubeObject>(resource: Resource<T>, { name, namespace = this.#namespace }: ObjectName): LiveObjectReadable<T> {
    checkResource(resource)
    return new FeedObject(this.#feeds, resource, { name, namespace })
  }

  /**
   * The objects of a kind that name an owner in their `ownerReferences`, through an index: no scan. Shares the feed of the kind.
   *
   * @param owner an entry or the `metadata` of an object.
   */
  related<T extends KubeObject>(owner: OwnerIdentity, resource: Resource<T>, view?: ViewQuery<NoInfer<T>>): LiveListReadable<T> {
    checkResource(resource)
    return this.#listOf(ownedSource(this.#feeds, resource, owner), view)
  }

  /** The Events about an object, the latest first. The server selects them by the object's uid. */
  events({ namespace = this.#namespace, uid }: OwnerIdentity): LiveListReadable<Event> {
    const view = {
      sort: [
        { by: field('lastTimestamp'), descending: true },
        { by: field('eventTime'), descending: true },
      ],
    }
    return this.list(EVENTS, { namespace, fieldSelector: `involvedObject.uid=${uid}`, view })
  }

  /**
   * A collection that the server does not watch, such as PodMetrics: listed at an interval while it has listeners and the page is visible.
   *
   * @throws RangeError when the interval is shorter than a second; what `createView` throws for its query.
   */
  poll<T extends KubeObject>(resource: Resource<T>, { everyMs, view, ...request }: PollRequest<NoInfer<T>>): LiveListReadable<T> {
    checkResource(resource)
    if (!(everyMs >= MIN_POLL_MS)) throw new RangeError(`poll: everyMs is at least ${MIN_POLL_MS} milliseconds, got ${everyMs}`)
    const { clock = systemClock, onWake, namespace } = this.#options
    const selection =
      resource.scope === 'Cluster' ? { ...request, namespace: undefined } : { ...request, namespace: request.namespace ?? namespace }
    return this.#listOf(
      new PolledSource(resource, { client: this.#client, clock, everyMs, selection, onWake, signal: this.#life.signal }),
      view,
    )
  }

  /**
   * Whether the user may do something; undefined until the answer is there. The answers of a minute are shared; see `Access`.
   *
   * @param verb such as `delete`.
   */
  can(verb: string, resource: Resource, query: AccessQuery = {}): Readable<boolean | undefined> {
    this.#access ??= new Access(this.#client, { clock: this.#options.clock })
    return new Permission(this.#access, { verb, resource, query }, this.#onError)
  }

  /** Ends every feed and every poll. Resolves when their last changes are stored. Calling it again is a no-op. */
  async close(): Promise<void> {
    this.#life.abort()
    this.#feeds.end()
    await this.#factory.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #listOf<T extends KubeObject>(source: LiveSource<T>, view: ViewQuery<T> = {}): LiveListReadable<T> {
    const { clock = systemClock, schedule = this.#options.clock ? undefined : atFrame, onError } = this.#options
    return new SourceList(source, view, { clock, schedule, onError })
  }
}

/**
 * Makes what the components of a page share: lists and objects that start when they are shown.
 *
 * @param client a `KubeClient` or `KubeReader`.
 * @throws TypeError when the client is not one; RangeError for a negative `lingerMs`.
 * @example
 * ```ts
 * const live = createLive(new KubeClient({ baseUrl: '/k8s' }), { namespaces: eachAllowed() })
 * const running = live.list(Pod, { view: { filter: { where: keyed('running', (pod) => pod.object.status?.phase === 'Running') } } })
 * running.subscribe(({ rows, total }) => draw(rows, total))
 * ```
 */
export function createLive(client: EntryClient & Requester, options?: LiveOptions): Live {
  return new Live(client, options)
}
