// Finds the events with which a watch begins.

import type { WatchEntry } from '../codec/wire'
import type { CollectionState } from './collection-state'
import { expired } from './failures'
import { selected } from './page'
import type { WatchQuery } from './queries'
import { eventsFor } from './watch-events'

/** The beginning of a watch. */
export interface WatchStart<T> {
  readonly events: readonly WatchEntry<T>[]
  /** The version from which the watch continues; without one it ends. */
  readonly origin?: string
}

/** Returns the first events of a watch of a collection, and the version from which it continues. */
export function startOf<T>(
  collection: CollectionState<T>,
  { matcher, initialEvents, resourceVersion, bookmarks }: WatchQuery,
): WatchStart<T> {
  if (initialEvents === 'none') {
    if (resourceVersion === '') return { events: [], origin: collection.resourceVersion }
    if (!collection.has(resourceVersion)) {
      return { events: [{ type: 'ERROR', status: expired(`too old resource version: ${resourceVersion} (${collection.oldest})`) }] }
    }
    return { events: eventsFor(collection.eventsAfter(resourceVersion), matcher, ''), origin: resourceVersion }
  }
  const { resourceVersion: origin, state } = collection.newest
  const events: WatchEntry<T>[] = selected(state, matcher).map((entry) => ({ type: 'ADDED', entry }))
  if (initialEvents === 'streamed-list' && bookmarks) events.push({ type: 'BOOKMARK', resourceVersion: origin, initialEventsEnd: true })
  return { events, origin }
}
