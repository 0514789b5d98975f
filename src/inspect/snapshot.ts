// The state of an inspector as data.

import type { InformerEvent } from '../informer/events'
import type { InspectedChange } from './changes'
import type { InspectedFeed } from './feed-record'
import type { InspectedRequest } from './traffic'

/** A line of the log. */
export interface InspectedEvent {
  readonly feed: string
  /** In milliseconds since the epoch. */
  readonly time: number
  readonly type: InformerEvent['type']
  /** The event in words. Errors are without credentials. */
  readonly text: string
}

/** The state of an inspector. Immutable. */
export interface InspectorSnapshot {
  /** The feeds, those with trouble first. */
  readonly feeds: readonly InspectedFeed[]
  /** The events that explain the state of a feed, the oldest first. */
  readonly log: readonly InspectedEvent[]
  /** The last changes of objects, the oldest first. */
  readonly changes: readonly InspectedChange[]
  /** The requests of `inspector.fetch`. */
  readonly requests: {
    readonly total: number
    readonly failed: number
    readonly isCut: boolean
    /** The last 200, the oldest first. */
    readonly recent: readonly InspectedRequest[]
  }
}
