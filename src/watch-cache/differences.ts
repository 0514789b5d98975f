// Turns two states of a collection into the events between them.

import { compareResourceVersions, isResourceVersion } from '../api/resource-version'
import type { Entry } from '../codec/entry'
import { type CacheEvent, cacheEvent } from './event-window'
import type { EntrySnapshot } from './sorted-entries'
import { withResourceVersion } from './watch-events'

/** A state at its version, and the entries of a later one. */
export interface StatePair<T> {
  readonly from: EntrySnapshot<T>
  readonly fromVersion: string
  readonly to: readonly Entry<T>[]
  readonly toVersion: string
}

/**
 * Returns the events that lead from a state to a later one: changed objects in the order of their versions, and deletions. The versions of
 * deletions are unknown. Only the last event of all may have the version of the later state, because a watcher that received it can resume
 * there and must have everything; deletions before it have the version before that.
 *
 * @returns undefined when the second state is not a later state of the same history.
 */
export function differences<T>({ from, fromVersion, to, toVersion }: StatePair<T>): CacheEvent<T>[] | undefined {
  const isBetween = ({ resourceVersion }: Entry<T>) =>
    isResourceVersion(resourceVersion) &&
    compareResourceVersions(resourceVersion, fromVersion) > 0 &&
    compareResourceVersions(resourceVersion, toVersion) <= 0
  const changed = to.filter(({ key, resourceVersion }) => from.get(key)?.resourceVersion !== resourceVersion)
  const remaining = new Set(to.map(({ key }) => key))
  const deleted = from.all().filter(({ key }) => !remaining.has(key))
  if (!changed.every(isBetween)) return undefined
  // Each change has a version of its own.
  const versions = BigInt(toVersion) - BigInt(fromVersion)
  if (versions < BigInt(changed.length + deleted.length)) return undefined
  changed.sort((a, b) => compareResourceVersions(a.resourceVersion, b.resourceVersion))
  const last = changed.at(-1)?.resourceVersion === toVersion ? changed.pop() : undefined
  return [
    ...changed.flatMap((entry) => changesTo(entry, from.get(entry.key))),
    ...deleted.map((entry, at) => deletionAt(last || at < deleted.length - 1 ? versionBefore(toVersion) : toVersion, entry)),
    ...(last ? changesTo(last, from.get(last.key)) : []),
  ]
}

/** An object with another uid was deleted and created again. */
function changesTo<T>(entry: Entry<T>, previous: Entry<T> | undefined): CacheEvent<T>[] {
  if (!previous) return [cacheEvent('ADDED', entry, undefined)]
  if (previous.uid === entry.uid) return [cacheEvent('MODIFIED', entry, previous)]
  return [deletionAt(versionBefore(entry.resourceVersion), previous), cacheEvent('ADDED', entry, undefined)]
}

const deletionAt = <T>(resourceVersion: string, previous: Entry<T>): CacheEvent<T> =>
  cacheEvent('DELETED', withResourceVersion(previous, resourceVersion), previous)

const versionBefore = (resourceVersion: string): string => String(BigInt(resourceVersion) - 1n)
