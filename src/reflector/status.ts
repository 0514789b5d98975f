// Computes the status of a feed from its changes.

import type { ReflectorState, ReflectorStatus } from './options'

/** The states in which the store may lack what the server has by now. */
const STALE: ReadonlySet<ReflectorState> = new Set(['connecting', 'stale', 'backoff', 'denied', 'gone'])

/** The status of a feed that has read nothing yet. */
export function initialStatus(nowMs: number, state: ReflectorState = 'idle'): ReflectorStatus {
  return {
    state,
    isStale: false,
    since: nowMs,
    nextAttemptAt: undefined,
    hasSynced: false,
    source: undefined,
    lastSyncResourceVersion: '',
    error: undefined,
  }
}

/**
 * Changes a status, and brings `isStale`, `since` and `nextAttemptAt` in line with the new state.
 *
 * @param nowMs the time of the change.
 */
export function nextStatus<S extends ReflectorStatus>(before: S, change: Partial<S>, nowMs: number): S {
  const after = { ...before, ...change }
  const { state, hasSynced } = after
  const { nextAttemptAt } = change.state === undefined ? before : change
  return {
    ...after,
    isStale: hasSynced && STALE.has(state),
    since: state === before.state ? before.since : nowMs,
    // A change to `stopped` may bring what the feed waited for.
    nextAttemptAt: state === 'stopped' ? undefined : nextAttemptAt,
  }
}
