// The feeds of a page: equal requests share one.

import type { KubeObject } from '../api/object'
import type { Resource } from '../api/resource'
import type { Entry } from '../codec/entry'
import type { InformerIdentity, SharedInformerFactory } from '../informer/factory'
import type { SharedInformer } from '../informer/shared-informer'
import type { Clock } from '../internal/clock'
import { LiveFeed } from './feed'
import type { FeedInspector } from './inspect'

/** The part of a collection that the server is asked for. */
export interface LiveSelection {
  /** Default: the namespace given to `createLive`; the empty string: all namespaces. Cluster-scoped resources have none. */
  namespace?: string | undefined
  /** Such as `app=web,tier!=db`. */
  labelSelector?: string | undefined
  /** Such as `spec.nodeName=n1`. */
  fieldSelector?: string | undefined
}

/** The dependencies of {@link Feeds}. */
export interface FeedsOptions {
  readonly clock: Clock
  readonly lingerMs: number
  /** The namespace of selections that name none. */
  readonly namespace: string
  /** Called when a feed has started. Returns the function to call when it has ended. */
  readonly onFeed?: FeedInspector['onFeed'] | undefined
}

/** The running feeds, by what they select. */
export class Feeds {
  readonly #factory: SharedInformerFactory
  readonly #options: FeedsOptions
  readonly #feeds = new Map<string, LiveFeed<KubeObject>>()

  constructor(factory: SharedInformerFactory, options: FeedsOptions) {
    this.#factory = factory
    this.#options = options
  }

  /** The running feed of a selection. */
  find<T extends KubeObject>(resource: Resource<T>, selection: LiveSelection): LiveFeed<T> | undefined {
    return this.#feeds.get(this.#keyOf(resource, selection)) as LiveFeed<T> | undefined
  }

  /** The running feed that has every object of a namespace: of that namespace, or of all. */
  covering<T extends KubeObject>(resource: Resource<T>, namespace: string | undefined): LiveFeed<T> | undefined {
    return this.find(resource, { namespace: '' }) ?? this.find(resource, { namespace })
  }

  /** The feed of a selection, which is started unless it runs. */
  start<T extends KubeObject>(resource: Resource<T>, selection: LiveSelection): LiveFeed<T> {
    const key = this.#keyOf(resource, selection)
    const known = this.#feeds.get(key)
    if (known) return known as unknown as LiveFeed<T>
    const { clock, lingerMs, onFeed } = this.#options
    const lease = this.#factory.lease(resource, selection)
    let ended: (() => void) | undefined
    const onEnd = () => {
      this.#feeds.delete(key)
      ended?.()
    }
    const feed = new LiveFeed<T>(lease, { clock, lingerMs, onEnd })
    // A key leads only to callers that gave the same resource.
    this.#feeds.set(key, feed as unknown as LiveFeed<KubeObject>)
    const { namespace, labelSelector, fieldSelector } = selection
    const identity = {
      resource: resource as unknown as Resource,
      namespace: resource.scope === 'Cluster' ? undefined : (namespace ?? this.#options.namespace),
      labelSelector,
      fieldSelector,
    }
    ended = onFeed?.({ identity, informer: lease.informer as unknown as SharedInformer<KubeObject>, users: feed })
    return feed
  }

  /** Called with each batch of an initial list. */
  arrive(entries: readonly Entry<KubeObject>[], before: number, { resource, ...selection }: InformerIdentity): void {
    this.find(resource, selection)?.arrive(entries, before)
  }

  /** Ends every feed. */
  end(): void {
    for (const feed of this.#feeds.values()) feed.end()
  }

  #keyOf<T extends KubeObject>({ group, version, plural, scope }: Resource<T>, selection: LiveSelection): string {
    const { namespace = this.#options.namespace, labelSelector = '', fieldSelector = '' } = selection
    return JSON.stringify([group, version, plural, scope === 'Cluster' ? '' : namespace, labelSelector, fieldSelector])
  }
}
