// Opens and keeps the informers of the page.
import {
  type Entry,
  type EntryClient,
  type InformerIdentity,
  type InformerLease,
  isPersistenceError,
  type KubeObject,
  type Resource,
  resourceName,
  type SharedInformer,
  SharedInformerFactory,
  type SharedInformerFactoryOptions,
} from 'kubeflect'
import { idbPersister } from 'kubeflect/idb'
import { forget } from 'kubeflect/tabs'
import { Inspection } from './inspection.ts'
import type { TabsFeed } from './tabs.ts'
import { Rewindable } from './time/rewindable.ts'
import { MeteredClient, Traffic } from './traffic.ts'

/** A selection of objects. */
export interface Selection {
  readonly resource: Resource
  /** The namespace; undefined for all namespaces. */
  readonly namespace: string | undefined
  readonly labelSelector: string | undefined
}

/** The informer of a selection, with its traffic. */
export interface Feed {
  readonly selection: Selection
  readonly informer: SharedInformer<KubeObject>
  /** The objects that are shown: those of now, or of the past. */
  readonly source: Rewindable
  /** The traffic since the page was loaded, including earlier informers of the selection. */
  readonly traffic: Traffic
  /** Calls back with batches of the initial list while it is loading; returns an unsubscribe function. */
  onArrival(listener: (entries: readonly Entry<KubeObject>[], before: number) => void): () => void
  /** When the retry after an error is due, in milliseconds since 1970; undefined when unknown. */
  retryAt(error: unknown): number | undefined
}

/** How long a hidden feed is kept, in milliseconds. */
export const LINGER_MS = 30_000

interface Held {
  readonly key: string
  readonly feed: Feed
  readonly lease: InformerLease<KubeObject>
}

/**
 * Keeps the visible feed, and for a while the previous one, so that going back costs nothing. Older feeds resume from IndexedDB. At most
 * one lingers, because a browser opens at most six connections to a server across all tabs.
 */
export class Feeds {
  /** Shows the informers to the devtools. */
  readonly inspection = new Inspection()
  readonly #persister = idbPersister({ database: 'kubeflect-playground' })
  readonly #forget: () => Promise<void>
  readonly #stored: SharedInformerFactory
  readonly #unstored: SharedInformerFactory
  readonly #traffic = new Map<string, Traffic>()
  readonly #rewindables = new WeakMap<SharedInformer<KubeObject>, Rewindable>()
  readonly #retries = new WeakMap<object, number>()
  readonly #arrivals = new Map<string, (entries: readonly Entry<KubeObject>[], before: number) => void>()
  #lastError: unknown
  #shown: Held | undefined
  #lingering: Held | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  /**
   * @param options `cluster` identifies the cluster: the stored state of one is never shown for another. `shared`: the feed that the tabs of
   *   the browser share; without one, the page reads for itself.
   */
  constructor(client: EntryClient, { cluster, shared }: { cluster: string; shared: TabsFeed | undefined }) {
    const meter = (inner: EntryClient) =>
      new MeteredClient(inner, (resource, namespace) => this.#trafficOf(collectionKey(resource, namespace)))
    this.#forget = () => (shared ? forget(client, { user: shared.user, cluster, persister: this.#persister }) : this.#persister.clear())
    // Counts what a shared tab asks of the owner of the feeds.
    const feed: TabsFeed | undefined = shared && {
      ...shared,
      open(...how) {
        const opened = shared.open(...how)
        return { ...opened, client: meter(opened.client) }
      },
    }
    const source = feed ? client : meter(client)
    // Every error is reported before the wait that follows it.
    const onEvent: SharedInformerFactoryOptions['onEvent'] = (event, identity) => {
      this.inspection.onEvent(event, identity)
      if (event.type === 'error') this.#lastError = event.error
      else if (event.type === 'backoff' && this.#lastError instanceof Error) this.#retries.set(this.#lastError, Date.now() + event.ms)
    }
    const onArrival: SharedInformerFactoryOptions['onArrival'] = (entries, before, informer) =>
      this.#arrivals.get(selectionKey(informer))?.(entries, before)
    this.#stored = new SharedInformerFactory(source, { feed, persist: { to: this.#persister, cluster }, onEvent, onArrival })
    this.#unstored = new SharedInformerFactory(source, { feed, onEvent, onArrival })
    this.#stored.start()
    this.#unstored.start()
  }

  /** Returns the feed of a selection, and releases the previous one. */
  open(selection: Selection): Feed {
    const key = selectionKey(selection)
    if (this.#shown?.key === key) return this.#shown.feed
    const back = this.#lingering?.key === key ? this.#lingering : undefined
    if (!back) this.drop()
    clearTimeout(this.#timer)
    this.#lingering = this.#shown
    this.#shown = back ?? this.#hold(key, selection)
    this.#timer = setTimeout(() => this.drop(), LINGER_MS)
    return this.#shown.feed
  }

  /** Stops the hidden feed. */
  drop(): void {
    this.#lingering?.lease.release()
    this.#lingering = undefined
  }

  /** Stops the visible feed and the hidden one, until the next call of `open`. */
  rest(): void {
    this.drop()
    this.#shown?.lease.release()
    this.#shown = undefined
  }

  /** Removes all stored state. Other tabs that share the feeds start over. */
  forget(): Promise<void> {
    return this.#forget()
  }

  #hold(key: string, selection: Selection): Held {
    const lease = this.lease(selection)
    const { informer } = lease
    const traffic = this.#trafficOf(collectionKey(selection.resource, selection.namespace))
    informer.indexer.subscribe(({ type, changes }) => {
      if (type === 'apply') traffic.note(changes.length)
    })
    const retryAt = (error: unknown) => (error instanceof Error ? this.#retries.get(error) : undefined)
    const onArrival: Feed['onArrival'] = (listener) => {
      this.#arrivals.set(key, listener)
      return () => void this.#arrivals.delete(key)
    }
    return { key, lease, feed: { selection, informer, source: this.rewindable(informer), traffic, onArrival, retryAt } }
  }

  /** Returns the informer of a selection, which a table may show as well. The caller releases the lease. */
  lease(selection: Selection): InformerLease<KubeObject> {
    return this.inspection.count(selection, this.#lease(selection))
  }

  #lease({ resource, namespace, labelSelector }: Selection): InformerLease<KubeObject> {
    try {
      return this.#stored.lease(resource, { namespace, labelSelector })
    } catch (error) {
      // Do not write Secrets to disk.
      if (isPersistenceError(error) && error.code === 'refused') return this.#unstored.lease(resource, { namespace, labelSelector })
      throw error
    }
  }

  /** Returns the objects of an informer as the views read them; the same for each view. */
  rewindable(informer: SharedInformer<KubeObject>): Rewindable {
    const rewindable = this.#rewindables.get(informer) ?? new Rewindable(informer)
    this.#rewindables.set(informer, rewindable)
    return rewindable
  }

  #trafficOf(key: string): Traffic {
    const traffic = this.#traffic.get(key) ?? new Traffic()
    this.#traffic.set(key, traffic)
    return traffic
  }
}

function selectionKey({ resource, namespace, labelSelector }: Selection | InformerIdentity): string {
  return JSON.stringify([collectionKey(resource, namespace), labelSelector])
}

function collectionKey(resource: Resource, namespace: string | undefined): string {
  return `${resourceName(resource)}/${resource.version} ${resource.scope === 'Cluster' ? '' : (namespace ?? '')}`
}
