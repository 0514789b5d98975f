// Merges the statuses of namespaces.

import { compareResourceVersions } from '../../api/resource-version'
import type { ReflectorState, ReflectorStatus, SyncSource } from '../../reflector/options'

/** The states from best to worst. */
const STATES: readonly ReflectorState[] = ['live', 'polling', 'connecting', 'idle', 'stale', 'backoff', 'gone', 'denied', 'stopped']
const SOURCES: readonly (SyncSource | undefined)[] = [undefined, 'stream', 'list', 'persisted']

/** Merges the statuses of at least one feed. Each property is the worst one, and the next attempt is the earliest. */
export function worstOf(all: readonly ReflectorStatus[]): ReflectorStatus {
  const state = worst(STATES, all, 'state')
  const inState = all.filter((status) => status.state === state)
  const attempts = inState.flatMap(({ nextAttemptAt }) => nextAttemptAt ?? [])
  return {
    state,
    isStale: all.some(({ isStale }) => isStale),
    since: Math.min(...inState.map(({ since }) => since)),
    nextAttemptAt: attempts.length > 0 ? Math.min(...attempts) : undefined,
    hasSynced: all.every(({ hasSynced }) => hasSynced),
    source: worst(SOURCES, all, 'source'),
    lastSyncResourceVersion: lowestOf(all.map(({ lastSyncResourceVersion }) => lastSyncResourceVersion)),
    error: all.find(({ error }) => error !== undefined)?.error,
  }
}

/** Returns the lowest of several versions, which all of them have reached. The empty string when one has none, or for no versions. */
export function lowestOf(versions: readonly string[]): string {
  return versions.reduce((low, version) => (compareResourceVersions(version, low) < 0 ? version : low), versions[0] ?? '')
}

function worst<K extends 'state' | 'source'>(
  order: readonly ReflectorStatus[K][],
  all: readonly ReflectorStatus[],
  property: K,
): ReflectorStatus[K] {
  return order[Math.max(...all.map((status) => order.indexOf(status[property])))] as ReflectorStatus[K]
}
