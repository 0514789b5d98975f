// Shows the informers of the page to an inspector, once there is one.
import type { InformerEvent, InformerIdentity, InformerLease, KubeObject, SharedInformer } from 'kubeflect'
import type { FeedInspector, InspectableFeed } from 'kubeflect/live'

interface Leased {
  readonly feed: InspectableFeed
  /** The number of leases of the informer. */
  readonly users: { users: number; readonly endsAt: undefined }
  /** Ends the inspector's part. */
  stop: () => void
}

/** The leased informers of the page. Costs nothing but a count until the devtools are opened. */
export class Inspection {
  readonly #leased = new Map<SharedInformer<KubeObject>, Leased>()
  #inspector: FeedInspector | undefined

  /** Passes an event of an informer on. Bound. */
  readonly onEvent = (event: InformerEvent, identity: InformerIdentity): void => this.#inspector?.onEvent(event, identity)

  /** Shows the leased informers, and all later ones, to an inspector. */
  start(inspector: FeedInspector): void {
    this.#inspector = inspector
    for (const leased of this.#leased.values()) leased.stop = inspector.onFeed(leased.feed)
  }

  /** Counts a lease until it is released. Returns the lease that does. */
  count(identity: InformerIdentity, lease: InformerLease<KubeObject>): InformerLease<KubeObject> {
    const { informer } = lease
    const leased = this.#leased.get(informer) ?? this.#add(identity, informer)
    leased.users.users++
    let isHeld = true
    const release = () => {
      if (!isHeld) return
      isHeld = false
      lease.release()
      if (--leased.users.users > 0) return
      this.#leased.delete(informer)
      leased.stop()
    }
    return { informer, release, [Symbol.dispose]: release }
  }

  #add(identity: InformerIdentity, informer: SharedInformer<KubeObject>): Leased {
    const users = { users: 0, endsAt: undefined }
    const feed = { identity, informer, users }
    const leased = { feed, users, stop: this.#inspector?.onFeed(feed) ?? (() => undefined) }
    this.#leased.set(informer, leased)
    return leased
  }
}
