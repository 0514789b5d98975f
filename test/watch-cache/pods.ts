// Creates entries and events of pods for the tests of the watch cache.

import type { KubeObject } from '../../src/api/object'
import { defineResource } from '../../src/api/resource'
import { type Entry, entryFromObject } from '../../src/codec/entry'
import type { ChangeType, WatchEntry } from '../../src/codec/wire'

export const Pod = defineResource({ version: 'v1', plural: 'pods', kind: 'Pod' })

/** Creates an entry, such as `shop/web-1` at version 5. */
export function pod(key: string, resourceVersion: number | string, labels?: Record<string, string>): Entry<KubeObject> {
  const [namespace = '', name = ''] = key.split('/')
  return entryFromObject({
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name, namespace, uid: `uid-of-${key}`, resourceVersion: String(resourceVersion), ...(labels && { labels }) },
  })
}

export const change = (type: ChangeType, entry: Entry<KubeObject>): WatchEntry<KubeObject> => ({ type, entry })

/** Formats an event: `ADDED shop/web-1@5`, `BOOKMARK 7`, `BOOKMARK 7 end`, `ERROR 410`. */
export function brief(event: WatchEntry<KubeObject>): string {
  switch (event.type) {
    case 'BOOKMARK':
      return `BOOKMARK ${event.resourceVersion}${event.initialEventsEnd ? ' end' : ''}`
    case 'ERROR':
      return `ERROR ${event.status.code}`
    case 'SKIPPED':
      return `SKIPPED ${event.error.message}`
    default:
      return `${event.type} ${event.entry.key}@${event.entry.resourceVersion}`
  }
}

/** Reads a watch in the background and collects its formatted events. */
export function follow(watch: AsyncIterable<readonly WatchEntry<KubeObject>[]>): {
  events: string[]
  batches: number
  ended: boolean
  error: unknown
  done: Promise<void>
} {
  const seen = { events: [] as string[], batches: 0, ended: false, error: undefined as unknown, done: Promise.resolve() }
  const run = async () => {
    try {
      for await (const batch of watch) {
        seen.batches++
        seen.events.push(...batch.map(brief))
      }
    } catch (error) {
      seen.error = error
    }
    seen.ended = true
  }
  seen.done = run()
  return seen
}
