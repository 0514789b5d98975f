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
import { MeteredClient, Traffic } from './traffic.ts'

/** Which objects to show. */
export interface Selection {
  readonly resource: Resource
  /** All namespaces when undefined. */
  readonly namespace: string | undefined
  readonly labelSelector: string | undefined
}

/** The objects of a selection, which outlive the page. */
export interface Feed {
  readonly selection: Selection
  readonly informer: SharedInformer<KubeObject>
  /** What was read since the page was loaded, also by informers before this one. */
  readonly traffic: Traffic
  /** Calls back with what has arrived of the first state, while there is none yet; returns how to stop. */
  onArrival(listener: (entries: readonly Entry<KubeObject>[], before: number) => void): () => void
  /** When the attempt after an error is due, in milliseconds since 1970; undefined when that is not known. */
  retryAt(error: unknown): number | undefined
}

/** How long a feed is kept that is not shown any more, in milliseconds. */
export const LINGER_MS = 30_000

interface Held {
  readonly key: string
  readonly feed: Feed
  readonly lease: InformerLease<KubeObject>
}

/**
 * Keeps one feed for what is shown, and for a while the one that was shown before: going back to it costs nothing. After that it resumes from
 * IndexedDB. No more than one lingers, since a browser opens no more than six connections to a server, in all its tabs together.
 */
export class Feeds {
  readonly #persister = idbPersister({ database: 'kubeflect-playground' })
  readonly #stored: SharedInformerFactory
  readonly #unstored: SharedInformerFactory
  readonly #traffic = new Map<string, Traffic>()
  readonly #retries = new WeakMap<object, number>()
  readonly #arrivals = new Map<string, (entries: readonly Entry<KubeObject>[], before: number) => void>()
  #lastError: unknown
  #shown: Held | undefined
  #lingering: Held | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  /** @param cluster names the cluster: what is stored of one is never shown for another. */
  constructor(client: EntryClient, { cluster }: { cluster: string }) {
    const metered = new MeteredClient(client, (resource, namespace) => this.#trafficOf(collectionKey(resource, namespace)))
    // Every error is told before the wait that follows it.
    const onEvent: SharedInformerFactoryOptions['onEvent'] = (event) => {
      if (event.type === 'error') this.#lastError = event.error
      else if (event.type === 'backoff' && this.#lastError instanceof Error) this.#retries.set(this.#lastError, Date.now() + event.ms)
    }
    const onArrival: SharedInformerFactoryOptions['onArrival'] = (entries, before, informer) =>
      this.#arrivals.get(selectionKey(informer))?.(entries, before)
    this.#stored = new SharedInformerFactory(metered, { persist: { to: this.#persister, cluster }, onEvent, onArrival })
    this.#unstored = new SharedInformerFactory(metered, { onEvent, onArrival })
    this.#stored.start()
    this.#unstored.start()
  }

  /** Gives the feed of a selection; the one that was given before is let go. */
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

  /** Lets go of the feed that is not shown any more. */
  drop(): void {
    this.#lingering?.lease.release()
    this.#lingering = undefined
  }

  /** Removes everything that was stored. */
  forget(): Promise<void> {
    return this.#persister.clear()
  }

  #hold(key: string, selection: Selection): Held {
    const lease = this.#lease(selection)
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
    return { key, lease, feed: { selection, informer, traffic, onArrival, retryAt } }
  }

  #lease({ resource, namespace, labelSelector }: Selection): InformerLease<KubeObject> {
    try {
      return this.#stored.lease(resource, { namespace, labelSelector })
    } catch (error) {
      // Secrets are not written to a disk.
      if (isPersistenceError(error) && error.code === 'refused') return this.#unstored.lease(resource, { namespace, labelSelector })
      throw error
    }
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
