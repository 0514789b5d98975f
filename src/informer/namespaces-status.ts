import { compareResourceVersions } from '../meta/resource-version'
import type { ReflectorState, ReflectorStatus, SyncSource } from '../reflector/options'

/** The best first. */
const STATES: readonly ReflectorState[] = ['live', 'polling', 'connecting', 'idle', 'stale', 'backoff', 'gone', 'denied', 'stopped']
const SOURCES: readonly (SyncSource | undefined)[] = [undefined, 'stream', 'list', 'persisted']

/** What several feeds are as one: each property is the worst of theirs. There must be one at least. */
export function worstOf(all: readonly ReflectorStatus[]): ReflectorStatus {
  return {
    state: worst(STATES, all, 'state'),
    hasSynced: all.every(({ hasSynced }) => hasSynced),
    source: worst(SOURCES, all, 'source'),
    lastSyncResourceVersion: lowestOf(all.map(({ lastSyncResourceVersion }) => lastSyncResourceVersion)),
    error: all.find(({ error }) => error !== undefined)?.error,
  }
}

/** The version that all of them have reached: the lowest. The empty string when one has none, or there are none. */
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
