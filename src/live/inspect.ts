// The interface between createLive and an inspector.

import type { KubeObject } from '../api/object'
import type { InformerEvent } from '../informer/events'
import type { InformerIdentity } from '../informer/factory'
import type { SharedInformer } from '../informer/shared-informer'

/** Receives what the feeds of `createLive` do. `createInspector` of `kubeflect/devtools` makes one. */
export interface FeedInspector {
  /** Called with each event of a feed. */
  onEvent(event: InformerEvent, identity: InformerIdentity): void
  /** Called when a feed starts. Returns the function to call when it has ended. */
  onFeed(feed: InspectableFeed): () => void
}

/** A feed of `createLive`. */
export interface InspectableFeed {
  readonly identity: InformerIdentity
  readonly informer: SharedInformer<KubeObject>
  /** The present users: reading it again gives the number at that time. */
  readonly users: {
    /** The number of subscriptions; a list has two, to its objects and to its status. */
    readonly users: number
    /** The time at which a feed without users ends, in milliseconds since the epoch. */
    readonly endsAt: number | undefined
  }
}
