import type { RequestSummary } from '../errors'
import { type Clock, systemClock } from '../internal/clock'
import type { Entry } from '../meta/entry'
import type { KubeObject } from '../meta/object'
import { type Resource, resourceName } from '../meta/resource'
import { compareResourceVersions } from '../meta/resource-version'
import type { ChangeType, EntryList, ListOptions, RequestOptions, WatchEntry, WatchOptions } from '../meta/wire'
import type { ListerWatcher } from '../reflector/lister-watcher'
import { encodeContinue } from './continue-token'
import { type CacheEvent, EventWindow } from './event-window'
import { continueExpired, errorOf, expired, notReady, tooLarge } from './failures'
import { cutPage, sortedByKey } from './page'
import { type ListAt, listQuery, type WatchQuery, watchQuery } from './queries'
import { Waiters } from './waiters'
import { eventsFor } from './watch-events'

/** What a {@link WatchCache} can be given. */
export interface WatchCacheOptions<T extends KubeObject> {
  /** What is cached: errors name it, and what is served over HTTP is of its kind. */
  resource: Resource<T>
  /** How many events are remembered for watches that resume; default 1,000. */
  capacity?: number | undefined
  /** How many events a watcher may be behind before its watch is ended; default and at most `capacity`. */
  watchBufferSize?: number | undefined
  /** How often a watch gets a bookmark, in milliseconds; default 60,000. */
  bookmarkIntervalMs?: number | undefined
  /** Default: the runtime's own. */
  clock?: Clock | undefined
}

/** What part of a collection a request is about. */
export interface CollectionScope {
  /** Left out or empty: all namespaces. */
  namespace?: string | undefined
}

/** How long a request for a version from the future waits for it, in milliseconds. */
const FRESHNESS_TIMEOUT_MS = 3000
/** A watch gets its last bookmark so long before it ends, in milliseconds, unless it is shorter than twice that. */
const LAST_BOOKMARK_MS = 2000

/**
 * Turns a stream of changes back into something that can be listed and watched, with kube-apiserver's semantics: versions, pages,
 * selectors, streamed lists, bookmarks, and 410 for what is forgotten. Its input is what a reflector writes to a store.
 *
 * Besides the entries themselves it keeps the last `capacity` events and the entries they replaced, and one sorted list.
 *
 * @see apiserver `storage/cacher`
 */
export class WatchCache<T extends KubeObject = KubeObject> implements ListerWatcher<T> {
  readonly resource: Resource<T>
  readonly #clock: Clock
  readonly #watchBufferSize: number
  readonly #bookmarkIntervalMs: number
  readonly #window: EventWindow<T>
  // Those who wait for a version, and the watches that wait for a change: a bookmark is nothing to the latter.
  readonly #versionWaiters: Waiters
  readonly #watchers: Waiters
  #entries = new Map<string, Entry<T>>()
  #resourceVersion = ''
  // Watches of an earlier generation have ended.
  #generation = 0
  // Where the events of the last `apply` begin: they make no watcher late.
  #lastApply = 0
  #snapshot: { readonly resourceVersion: string; readonly entries: readonly Entry<T>[] } | undefined

  /** @throws RangeError when a size is not a positive number. */
  constructor({
    resource,
    capacity = 1000,
    watchBufferSize = capacity,
    bookmarkIntervalMs = 60_000,
    clock = systemClock,
  }: WatchCacheOptions<T>) {
    for (const [name, value] of Object.entries({ capacity, watchBufferSize, bookmarkIntervalMs })) {
      if (!(value > 0)) throw new RangeError(`WatchCache: ${name} must be greater than 0, not ${value}`)
    }
    this.resource = resource
    this.#clock = clock
    this.#watchBufferSize = Math.min(watchBufferSize, capacity)
    this.#bookmarkIntervalMs = bookmarkIntervalMs
    this.#window = new EventWindow(capacity)
    this.#versionWaiters = new Waiters(clock)
    this.#watchers = new Waiters(clock)
  }

  /** The version up to which every change is known; the empty string before the first {@link replace}. */
  get resourceVersion(): string {
    return this.#resourceVersion
  }
  /** How many entries there are. */
  get size(): number {
    return this.#entries.size
  }

  /** The current entry under a key. */
  get(key: string): Entry<T> | undefined {
    return this.#entries.get(key)
  }

  /** The current entries, sorted by key. */
  entries(): readonly Entry<T>[] {
    return this.#entriesAt(this.#resourceVersion)
  }

  /**
   * Takes over changes, in the order of the wire. Whether an object is new is decided here, whatever an event says; `ERROR` and
   * `SKIPPED` events are not the cache's business. A change that is not newer than the cache ends all watches, for no version lies between.
   */
  apply(events: readonly WatchEntry<T>[]): void {
    // Only now: what came with the last call was kept whole, so that nobody who had caught up before it is late.
    this.#window.trim()
    this.#lastApply = this.#window.end
    for (const event of events) {
      if (event.type === 'BOOKMARK') this.#advance(event.resourceVersion)
      else if ('entry' in event) this.#change(event.type, event.entry)
    }
    this.#wakeAll()
  }

  /** Takes over a complete state. What happened in between is not known: every watch ends, and none can resume before this version. */
  replace(entries: readonly Entry<T>[], resourceVersion: string): void {
    this.#entries = new Map(entries.map((entry) => [entry.key, entry]))
    this.#resourceVersion = resourceVersion
    this.#restart()
    this.#wakeAll()
  }

  /** Notes that there are no more changes up to a version. Watchers hear of it with their next bookmark. */
  bookmark(resourceVersion: string): void {
    this.#advance(resourceVersion)
    this.#versionWaiters.wakeAll()
  }

  /** Does nothing: a resync changes no object. */
  resync(): void {}

  /** Forgets the events so far: a watch that asks for older ones gets 410, open watches go on. */
  compact(): void {
    this.#window.forget(this.#resourceVersion)
  }

  /** Ends all watches, as a server does that shuts down. */
  disconnect(): void {
    this.#generation++
    this.#watchers.wakeAll()
  }

  /**
   * Lists entries, sorted by key. The newest state is what the cache has; a newer version is waited for, up to three seconds.
   *
   * @throws ApiError 400 and 422 for options that make no sense, 429 before the first {@link replace}, 504 with cause
   *   `ResourceVersionTooLarge`; ExpiredError for a version or token that is forgotten.
   */
  async list({ signal, ...options }: ListOptions & RequestOptions & CollectionScope): Promise<EntryList<T>> {
    signal?.throwIfAborted()
    const request = this.#request('LIST')
    const { matcher, limit, at } = listQuery(options, request)
    if (this.#resourceVersion === '') throw errorOf(notReady(), request)
    const wanted = wantedVersion(at)
    if (wanted !== '' && !(await this.#isFresh(wanted, signal))) throw errorOf(tooLarge(wanted, this.#resourceVersion), request)
    const after = at.type === 'continue' ? at.token.after : ''
    const resourceVersion = at.type === 'exact' || at.type === 'continue' ? wanted || this.#resourceVersion : this.#resourceVersion
    if (compareResourceVersions(resourceVersion, this.#window.oldest) < 0) {
      throw errorOf(
        after
          ? continueExpired(encodeContinue({ resourceVersion: '', after }))
          : expired('The resourceVersion for the provided list is too old.'),
        request,
      )
    }
    return cutPage({ entries: this.#entriesAt(resourceVersion), resourceVersion, matcher, limit, after })
  }

  /**
   * Watches entries. What goes wrong after the options were understood is an `ERROR` event, as on an API server: 410 for a version that
   * is forgotten, 504 for a streamed list from the future. A watcher that falls too far behind is ended without a word; so are all after
   * a {@link replace}.
   *
   * @throws ApiError 400 and 422 for options that make no sense, 429 before the first {@link replace}; the signal's reason when aborted.
   */
  async *watch({
    signal,
    ...options
  }: WatchOptions & RequestOptions & CollectionScope): AsyncGenerator<readonly WatchEntry<T>[], void, undefined> {
    signal?.throwIfAborted()
    const request = this.#request('WATCH')
    const query = watchQuery(options, request)
    if (this.#resourceVersion === '') throw errorOf(notReady(), request)
    const started = this.#clock.now()
    const deadline = query.timeoutMs === undefined ? undefined : started + query.timeoutMs
    if (query.initialEvents === 'streamed-list' && !(await this.#isFresh(query.resourceVersion, signal))) {
      yield [{ type: 'ERROR', status: tooLarge(query.resourceVersion, this.#resourceVersion) }]
      return
    }
    const generation = this.#generation
    const start = this.#start(query)
    const after = compareResourceVersions(query.resourceVersion, this.#resourceVersion) > 0 ? query.resourceVersion : ''
    let { position } = start
    let bookmarkAt = this.#nextBookmark(query, deadline)
    yield start.batch
    while (position !== undefined && generation === this.#generation) {
      signal?.throwIfAborted()
      const now = this.#clock.now()
      if (deadline !== undefined && now >= deadline) return
      const events = this.#lastApply - position > this.#watchBufferSize ? undefined : this.#window.from(position)
      if (!events) return
      position = this.#window.end
      const batch = eventsFor(events, query.matcher, after)
      if (bookmarkAt !== undefined && now >= bookmarkAt) {
        // What is dropped up to a version from the future are bookmarks too.
        if (compareResourceVersions(this.#resourceVersion, after) > 0)
          batch.push({ type: 'BOOKMARK', resourceVersion: this.#resourceVersion, initialEventsEnd: false })
        bookmarkAt = this.#nextBookmark(query, deadline)
      }
      if (batch.length > 0) yield batch
      else await this.#watchers.wait({ until: earliest(bookmarkAt, deadline), signal })
    }
  }

  /** What a watch begins with, and where it goes on; no position: it ends there. */
  #start({ matcher, initialEvents, resourceVersion, bookmarks }: WatchQuery): { batch: readonly WatchEntry<T>[]; position?: number } {
    const position = this.#window.end
    if (initialEvents === 'none') {
      if (resourceVersion === '') return { batch: [], position }
      if (compareResourceVersions(resourceVersion, this.#window.oldest) < 0) {
        return { batch: [{ type: 'ERROR', status: expired(`too old resource version: ${resourceVersion} (${this.#window.oldest})`) }] }
      }
      const events = this.#window.from(this.#window.positionAfter(resourceVersion)) ?? []
      return { batch: eventsFor(events, matcher, ''), position }
    }
    const batch: WatchEntry<T>[] = this.entries()
      .filter(matcher.matches)
      .map((entry) => ({ type: 'ADDED', entry }))
    if (initialEvents === 'streamed-list' && bookmarks)
      batch.push({ type: 'BOOKMARK', resourceVersion: this.#resourceVersion, initialEventsEnd: true })
    return { batch, position }
  }

  #nextBookmark({ bookmarks, timeoutMs }: WatchQuery, deadline: number | undefined): number | undefined {
    if (!bookmarks) return undefined
    const now = this.#clock.now()
    const last = deadline === undefined || (timeoutMs ?? 0) <= 2 * LAST_BOOKMARK_MS ? undefined : deadline - LAST_BOOKMARK_MS
    return earliest(now + this.#bookmarkIntervalMs, last !== undefined && last > now ? last : undefined)
  }

  #change(type: ChangeType, entry: Entry<T>): void {
    const previous = this.#entries.get(entry.key)
    const inOrder = this.#resourceVersion !== '' && compareResourceVersions(entry.resourceVersion, this.#resourceVersion) > 0
    this.#advance(entry.resourceVersion)
    if (type === 'DELETED' ? previous === undefined : previous?.resourceVersion === entry.resourceVersion) return
    if (type === 'DELETED') this.#entries.delete(entry.key)
    else this.#entries.set(entry.key, entry)
    if (inOrder) this.#window.push(cacheEvent(type, entry, previous))
    else this.#restart()
  }

  #advance(resourceVersion: string): void {
    if (compareResourceVersions(resourceVersion, this.#resourceVersion) > 0) this.#resourceVersion = resourceVersion
  }

  #wakeAll(): void {
    this.#versionWaiters.wakeAll()
    this.#watchers.wakeAll()
  }

  #restart(): void {
    this.#generation++
    this.#window.reset(this.#resourceVersion)
    this.#snapshot = undefined
  }

  /** The entries of a remembered version, sorted. The last such list is kept: it serves the pages that follow. */
  #entriesAt(resourceVersion: string): readonly Entry<T>[] {
    if (this.#snapshot?.resourceVersion !== resourceVersion) {
      const state = resourceVersion === this.#resourceVersion ? this.#entries : this.#window.stateAt(resourceVersion, this.#entries)
      this.#snapshot = { resourceVersion, entries: sortedByKey(state) }
    }
    return this.#snapshot.entries
  }

  /** Whether the cache has reached a version; waits a while for one that is still to come. */
  async #isFresh(resourceVersion: string, signal: AbortSignal | undefined): Promise<boolean> {
    const until = this.#clock.now() + FRESHNESS_TIMEOUT_MS
    for (;;) {
      signal?.throwIfAborted()
      if (compareResourceVersions(resourceVersion, this.#resourceVersion) <= 0) return true
      if (this.#clock.now() >= until) return false
      await this.#versionWaiters.wait({ until, signal })
    }
  }

  #request(method: string): RequestSummary {
    return { method, url: resourceName(this.resource) }
  }
}

function cacheEvent<T>(type: ChangeType, entry: Entry<T>, previous: Entry<T> | undefined): CacheEvent<T> {
  const actual = type === 'DELETED' ? type : previous ? 'MODIFIED' : 'ADDED'
  return { type: actual, entry, previous, whole: { type: actual, entry } }
}

function wantedVersion(at: ListAt): string {
  if (at.type === 'current') return ''
  return at.type === 'continue' ? at.token.resourceVersion : at.resourceVersion
}

const earliest = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : b === undefined ? a : Math.min(a, b)
