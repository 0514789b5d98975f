// The figures of one feed, from its events and its informer.

import type { KubeObject } from '../api/object'
import { resourceName } from '../api/resource'
import type { InformerEvent } from '../informer/events'
import type { InformerIdentity } from '../informer/factory'
import type { TabsStatus } from '../informer/feed'
import type { SharedInformer } from '../informer/shared-informer'
import type { Clock } from '../internal/clock'
import type { PersistenceStatus } from '../persistence/persistence-options'
import type { ReflectorState, SyncSource } from '../reflector/options'
import type { StepReason } from '../reflector/state'

/** The figures of a feed since the inspector was created. Characters are those of objects' texts. */
export interface FeedCounts {
  /** Events of watches that were applied. */
  readonly events: number
  /** Bytes of bodies, after decompression. */
  readonly bytes: number
  /** Lists and streamed lists that were started. */
  readonly lists: number
  readonly watches: number
  /** Checks beside a watch, each of up to two requests: whether the server has the history of the version, or whether a silent watch is alive. */
  readonly probes: number
  /** The times that the whole state was read again, by reason. */
  readonly relists: Readonly<Partial<Record<StepReason, number>>>
  readonly bookmarks: number
  readonly errors: number
  /** Objects that were parsed. Only informers that the inspector was given are counted. */
  readonly parses: number
  readonly loads: number
  readonly commits: number
  readonly puts: number
  readonly deletes: number
  readonly storedCharacters: number
  /** The time that storage took for loads and commits, in milliseconds. */
  readonly storageMs: number
}

/** A feed: an informer, or the informer of a list of `createLive`. */
export interface InspectedFeed {
  readonly name: string
  readonly state: ReflectorState
  readonly isStale: boolean
  /** The time of the last change of the state, and of the next attempt while the feed waits; in milliseconds since the epoch. */
  readonly since: number
  readonly nextAttemptAt: number | undefined
  readonly source: SyncSource | undefined
  readonly resourceVersion: string
  /** The message of the error that keeps the feed from working. */
  readonly error: string | undefined
  readonly objects: number
  /** The number of subscriptions to a feed of `createLive` (a list has two), and the time at which the feed ends without them. */
  readonly users: number | undefined
  readonly endsAt: number | undefined
  readonly storage: PersistenceStatus | undefined
  /** The part that the tab takes in sharing the feed with other tabs; undefined unless it is shared. */
  readonly tabs: TabsStatus | undefined
  readonly counts: FeedCounts
  /** The events of each of the last 60 seconds, the oldest first. */
  readonly eventsPerSecond: readonly number[]
  /** The changes that wait for each handler. */
  readonly backlogs: Readonly<Record<string, number>>
  /** The sum of the lengths of all texts, when it was measured last. */
  readonly characters: number | undefined
}

/** The users of a feed of `createLive`. */
export interface FeedUsers {
  readonly users: number
  readonly endsAt: number | undefined
}

const SECONDS = 60

/** Collects what an {@link InspectedFeed} shows. */
export class FeedRecord {
  readonly name: string
  informer: SharedInformer<KubeObject> | undefined
  users: FeedUsers | undefined
  characters: number | undefined
  readonly #counts = {
    events: 0,
    bytes: 0,
    lists: 0,
    watches: 0,
    probes: 0,
    bookmarks: 0,
    errors: 0,
    parses: 0,
    loads: 0,
    commits: 0,
    puts: 0,
    deletes: 0,
    storedCharacters: 0,
    storageMs: 0,
  }
  readonly #relists: Partial<Record<StepReason, number>> = {}
  readonly #backlogs: Record<string, number> = {}
  readonly #seconds = new Map<number, number>()

  constructor(name: string) {
    this.name = name
  }

  parsed(): void {
    this.#counts.parses++
  }

  take(event: InformerEvent, clock: Clock): void {
    const counts = this.#counts
    switch (event.type) {
      case 'attempt':
        counts[event.attempt === 'watch' ? 'watches' : 'lists']++
        return
      case 'probe':
        counts.probes++
        return
      case 'applied':
        counts.events += event.events
        this.#count(event.events, clock.now())
        return
      case 'bytes':
        counts.bytes += event.count
        return
      case 'bookmark':
        counts.bookmarks++
        return
      case 'relist':
        this.#relists[event.reason] = (this.#relists[event.reason] ?? 0) + 1
        return
      case 'error':
        counts.errors++
        return
      case 'loaded':
        counts.loads++
        counts.storageMs += event.durationMs
        return
      case 'persisted':
        counts.commits++
        counts.puts += event.puts
        counts.deletes += event.deletes
        counts.storedCharacters += event.size
        counts.storageMs += event.durationMs
        return
      case 'backlog':
        if (event.length > 0) this.#backlogs[event.handler] = event.length
        else delete this.#backlogs[event.handler]
    }
  }

  snapshot(now: number, message: (error: unknown) => string): InspectedFeed {
    const { informer } = this
    const status = informer?.status
    const second = Math.floor(now / 1_000)
    return {
      name: this.name,
      state: status?.state ?? 'idle',
      isStale: status?.isStale ?? false,
      since: status?.since ?? now,
      nextAttemptAt: status?.nextAttemptAt,
      source: status?.source,
      resourceVersion: informer?.indexer.resourceVersion ?? '',
      error: status?.error === undefined ? undefined : message(status.error),
      objects: informer?.indexer.size ?? 0,
      users: this.users?.users,
      endsAt: this.users?.endsAt,
      storage: informer?.persistence?.status,
      tabs: status?.tabs,
      counts: { ...this.#counts, relists: { ...this.#relists } },
      eventsPerSecond: Array.from({ length: SECONDS }, (_, i) => this.#seconds.get(second - SECONDS + 1 + i) ?? 0),
      backlogs: { ...this.#backlogs },
      characters: this.characters,
    }
  }

  #count(events: number, now: number): void {
    const second = Math.floor(now / 1_000)
    this.#seconds.set(second, (this.#seconds.get(second) ?? 0) + events)
    for (const each of this.#seconds.keys()) {
      if (each > second - SECONDS) return
      this.#seconds.delete(each)
    }
  }
}

/** Names a feed by what it selects: `pods in shop, app=web`. */
export function feedName({ resource, namespace, labelSelector, fieldSelector }: InformerIdentity): string {
  const place = namespace ? `${resourceName(resource)} in ${namespace}` : resourceName(resource)
  return [place, labelSelector, fieldSelector].filter(Boolean).join(', ')
}
