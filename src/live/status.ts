// The status that a page shows beside rows.

import type { InformerStatus } from '../informer/feed'
import type { ReflectorState, SyncSource } from '../reflector/options'

/** The number of objects that have arrived of a state that is still loading. */
export interface LiveProgress {
  /** The number of objects so far. */
  readonly objects: number
}

/** The status of what a component shows. */
export interface LiveStatus {
  /** The feed's activity. `idle`: not started, because the readable has no listener yet. */
  readonly state: ReflectorState
  /** Whether there is a complete state, from storage or from the server. Stays true when the connection is lost. */
  readonly isReady: boolean
  /** Whether there is a complete state that may lack changes: it comes from storage, or the feed is not connected. */
  readonly isStale: boolean
  /** Whether the rows are the first of a state that is still loading. */
  readonly isPartial: boolean
  /** The progress of the first state; undefined before it begins and once it is complete. */
  readonly progress: LiveProgress | undefined
  /** The origin of the state: storage, a list or a streamed list. Undefined while there is none. */
  readonly source: SyncSource | undefined
  /** The error that keeps the feed from working; undefined once it works. Objects that are there stay. */
  readonly error: unknown
  /** The version that the state has reached. A change of this alone makes no new snapshot. */
  readonly resourceVersion: string
}

/** The status before anything has started. */
export const IDLE: LiveStatus = Object.freeze({
  state: 'idle',
  isReady: false,
  isStale: false,
  isPartial: false,
  progress: undefined,
  source: undefined,
  error: undefined,
  resourceVersion: '',
})

/**
 * Derives the status of a page from that of an informer.
 *
 * @param arrived the number of objects of the first state that have arrived, while it is not complete.
 */
export function liveStatus({ state, source, error, hasSynced }: InformerStatus, resourceVersion: string, arrived: number): LiveStatus {
  const isReady = source !== undefined
  const isConnected = state === 'live' || state === 'polling'
  return {
    state,
    isReady,
    isStale: isReady && !(isConnected && hasSynced),
    isPartial: !isReady && arrived > 0,
    progress: isReady || arrived === 0 ? undefined : { objects: arrived },
    source,
    error,
    resourceVersion,
  }
}

/** Whether a page would show two statuses alike. */
export function isSameStatus(a: LiveStatus, b: LiveStatus): boolean {
  return (
    a.state === b.state &&
    a.isReady === b.isReady &&
    a.isStale === b.isStale &&
    a.progress?.objects === b.progress?.objects &&
    a.source === b.source &&
    a.error === b.error
  )
}

/** The error of waiting for the first state of a feed that is closed. */
export function closedError(): Error {
  return new Error('the feed was closed before it had a complete state')
}
