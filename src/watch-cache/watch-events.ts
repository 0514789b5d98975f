// Converts the events of a collection to the events of a watcher with selectors.

import { compareResourceVersions } from '../api/resource-version'
import { type Entry, entryFromText } from '../codec/entry'
import { forEachMember, STOP, skipSpace, skipValue } from '../codec/scan'
import type { WatchEntry } from '../codec/wire'
import type { CacheEvent } from './event-window'
import type { Matcher } from './matcher'

/**
 * Converts events for one watcher. An object that enters its selector is added. An object that leaves it is deleted, with the last state
 * that was selected and the version of the change.
 *
 * @param after drops events up to this resourceVersion, because a watch may start at a newer version. The empty string drops none.
 * @see apiserver `cacheWatcher.convertToWatchEvent`
 */
export function eventsFor<T>(events: readonly CacheEvent<T>[], matcher: Matcher, after: string): WatchEntry<T>[] {
  const selected: WatchEntry<T>[] = []
  for (const event of events) {
    if (after !== '' && compareResourceVersions(event.entry.resourceVersion, after) <= 0) continue
    const converted = matcher.everything ? event.whole : convert(event, matcher)
    if (converted) selected.push(converted)
  }
  return selected
}

function convert<T>({ type, entry, previous, whole }: CacheEvent<T>, matcher: Matcher): WatchEntry<T> | undefined {
  const was = previous !== undefined && matcher.matches(previous)
  const is = type !== 'DELETED' && matcher.matches(entry)
  if (!was) return is ? { type: 'ADDED', entry } : undefined
  if (is || type === 'DELETED') return whole
  return { type: 'DELETED', entry: withResourceVersion(previous, entry.resourceVersion) }
}

/** Returns the entry with another resourceVersion, also in its text. */
export function withResourceVersion<T>({ text }: Entry<T>, resourceVersion: string): Entry<T> {
  let [from, to] = [0, 0]
  forEachMember(text, skipSpace(text, 0), (key, start) => {
    if (key !== 'metadata') return skipValue(text, start)
    forEachMember(text, start, (name, at) => {
      const end = skipValue(text, at)
      if (name === 'resourceVersion') [from, to] = [at, end]
      return end
    })
    return STOP
  })
  return entryFromText(text.slice(0, from) + JSON.stringify(resourceVersion) + text.slice(to), { managedFields: 'keep' })
}

/** Whether an event is newer than a version; false for events without one. */
export function isAfter(event: WatchEntry<unknown>, resourceVersion: string): boolean {
  return 'entry' in event && compareResourceVersions(event.entry.resourceVersion, resourceVersion) > 0
}
