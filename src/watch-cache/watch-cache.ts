import type { RequestSummary } from '../errors'
import { type Clock, systemClock } from '../internal/clock'
import type { Entry } from '../meta/entry'
import type { KubeObject } from '../meta/object'
import { type Resource, resourceName } from '../meta/resource'
import { compareResourceVersions, isResourceVersion } from '../meta/resource-version'
import type { ChangeType, EntryList, ListOptions, RequestOptions, WatchEntry, WatchOptions } from '../meta/wire'
import type { ListerWatcher } from '../reflector/lister-watcher'
import { encodeContinue } from './continue-token'
import { type CacheEvent, EventWindow } from './event-window'
import { continueExpired, errorOf, expired, notReady, tooLarge } from './failures'
import type { FieldLabels, Matcher } from './matcher'
import { cutPage, selected, sortedByKey } from './page'
import { type ListAt, listQuery, type QueryRules, versionOf, type WatchQuery, watchQuery } from './queries'
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
  /** A watch without `timeoutSeconds` ends after this time in milliseconds, or at random up to twice as long; default 1,800,000. */
  minWatchMs?: number | undefined
  /** The fields that selectors can name besides name and namespace; default none. A selector that names another field gets 400. */
  fieldLabels?: FieldLabels | undefined
  /** Initial value of {@link WatchCache.watchList}; default `'supported'`. */
  watchList?: 'supported' | 'refused' | undefined
  /** Default: the runtime's own. */
  clock?: Clock | undefined
  /** Gives numbers of at least 0 and less than 1; default `Math.random`. */
  random?: (() => number) | undefined
}

/** What part of a collection a request is about. */
export interface CollectionScope {
  /** Left out or empty: all namespaces. */
  namespace?: string | undefined
}

/** How long a request for a version from the future waits for it, in milliseconds. */
const FRESHNESS_TIMEOUT_MS = 3000
/** A watch that lasts longer gets its last bookmark this long before it ends, in milliseconds. */
const LAST_BOOKMARK_MS = 2000

/**
 * Turns a stream of changes back into something that can be listed and watched, with kube-apiserver's semantics: versions, pages,
 * selectors, streamed lists, bookmarks, and 410 for what is forgotten. Its input is what a reflector writes to a store.
 *
 * Besides the entries themselves it keeps the last `capacity` events (more while one `apply` brings more) and the entries they replaced,
 * and one sorted list. A watch that is not read holds at most the `watchBufferSize` events after its last batch; then it ends.
 *
 * @see apiserver `storage/cacher`
 */
export class WatchCache<T extends KubeObject = KubeObject> implements ListerWatcher<T> {
  readonly resource: Resource<T>
  /** Whether watches can begin with the state, ended by an annotated bookmark (KEP-3157), or are refused with 422 as by older servers. */
  watchList: 'supported' | 'refused'
  readonly #clock: Clock
  readonly #random: () => number
  readonly #fieldLabels: FieldLabels
  readonly #minWatchMs: number
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
    minWatchMs = 1_800_000,
    fieldLabels = {},
    watchList = 'supported',
    clock = systemClock,
    random = Math.random,
  }: WatchCacheOptions<T>) {
    for (const [name, value] of Object.entries({ capacity, watchBufferSize, bookmarkIntervalMs, minWatchMs })) {
      if (!(value > 0)) throw new RangeError(`WatchCache: ${name} must be greater than 0, not ${value}`)
    }
    this.resource = resource
    this.watchList = watchList
    this.#clock = clock
    this.#random = random
    this.#fieldLabels = fieldLabels
    this.#minWatchMs = minWatchMs
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

  /**
   * The entry under a key in a state that is not older than a version; a newer version is waited for, up to three seconds.
   *
   * @param resourceVersion `''` and `'0'`: the current state.
   * @throws ApiError 400 for a version that is no number, 429 before the first {@link replace}, 504 with cause `ResourceVersionTooLarge`.
   */
  async getNotOlderThan(
    key: string,
    resourceVersion: string,
    { signal }: Pick<RequestOptions, 'signal'> = {},
  ): Promise<Entry<T> | undefined> {
    const request = this.#request('GET')
    const wanted = versionOf(resourceVersion, '', request)
    this.#assertReady(request)
    await this.#reach(wanted, signal, request)
    return this.get(key)
  }

  /** The current entries, sorted by key. */
  entries(): readonly Entry<T>[] {
    return this.#entriesAt(this.#resourceVersion)
  }

  /**
   * Takes over changes, in the order of the wire. Whether an object is new is decided here, whatever an event says; `ERROR` and
   * `SKIPPED` events are not the cache's business. A change that is not newer than the cache ends all watches, for no version lies between.
   *
   * @throws TypeError when the version of a change is no decimal number: it has no place in the order. Nothing is taken over then.
   */
  apply(events: readonly WatchEntry<T>[]): void {
    for (const event of events) if ('entry' in event) this.#assertOrdered(event.entry.resourceVersion)
    // Only now: what came with the last call was kept whole, so that nobody who had caught up before it is late.
    this.#window.trim()
    this.#lastApply = this.#window.end
    for (const event of events) {
      if (event.type === 'BOOKMARK') this.#advance(event.resourceVersion)
      else if ('entry' in event) this.#change(event.type, event.entry)
    }
    this.#wakeAll()
  }

  /**
   * Takes over a complete state. What happened in between is not known: every watch ends, and none can resume before this version.
   *
   * @throws TypeError when the version is no decimal number: it has no place in the order. Nothing is taken over then.
   */
  replace(entries: readonly Entry<T>[], resourceVersion: string): void {
    this.#assertOrdered(resourceVersion)
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

  /**
   * Forgets the events up to a version (default: all of them). A watch or an exact list from before it gets 410, open watches go on.
   *
   * @throws RangeError when the version is no decimal number, or newer than the cache.
   */
  compact(resourceVersion: string = this.#resourceVersion): void {
    if (resourceVersion !== '' && !isResourceVersion(resourceVersion))
      throw new RangeError(`WatchCache: cannot compact to ${JSON.stringify(resourceVersion)}, which is no decimal number`)
    if (compareResourceVersions(resourceVersion, this.#resourceVersion) > 0)
      throw new RangeError(
        `WatchCache: cannot compact to ${resourceVersion}, which is newer than ${this.#resourceVersion || 'an empty cache'}`,
      )
    this.#window.forget(resourceVersion)
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
    const { matcher, limit, at } = listQuery(options, this.#rules(), request)
    this.#assertReady(request)
    const wanted = wantedVersion(at)
    await this.#reach(wanted, signal, request)
    const start = at.type === 'continue' ? at.token.start : ''
    const resourceVersion = at.type === 'exact' || at.type === 'continue' ? wanted || this.#resourceVersion : this.#resourceVersion
    if (compareResourceVersions(resourceVersion, this.#window.oldest) < 0) {
      throw errorOf(
        start
          ? continueExpired(encodeContinue({ resourceVersion: '', start }, matcher.namespace))
          : expired('The resourceVersion for the provided list is too old.'),
        request,
      )
    }
    return cutPage({ entries: this.#candidates(matcher, resourceVersion), resourceVersion, matcher, limit, start })
  }

  /**
   * Watches entries. What goes wrong after the options were understood is an `ERROR` event, as on an API server: 410 for a version that
   * is forgotten, 504 for a streamed list from the future. A watcher that falls too far behind is ended without a word; so are all after
   * a {@link replace}. Bookmarks come each interval and shortly before the end, as soon as something is newer than the watch's start.
   *
   * @throws ApiError 400 and 422 for options that make no sense, 429 before the first {@link replace}; the signal's reason when aborted.
   */
  async *watch({
    signal,
    ...options
  }: WatchOptions & RequestOptions & CollectionScope): AsyncGenerator<readonly WatchEntry<T>[], void, undefined> {
    signal?.throwIfAborted()
    const request = this.#request('WATCH')
    const query = watchQuery(options, this.#rules(), request)
    this.#assertReady(request)
    const deadline = this.#clock.now() + (query.timeoutMs ?? this.#minWatchMs * (1 + this.#random()))
    if (query.initialEvents !== 'none' && !(await this.#isFresh(query.resourceVersion, signal))) {
      yield [{ type: 'ERROR', status: tooLarge(query.resourceVersion, this.#resourceVersion) }]
      return
    }
    const generation = this.#generation
    const start = this.#start(query)
    const origin = query.initialEvents === 'none' && query.resourceVersion !== '' ? query.resourceVersion : this.#resourceVersion
    const after = compareResourceVersions(origin, this.#resourceVersion) > 0 ? origin : ''
    let { position } = start
    let bookmarkAt = this.#nextBookmark(query, deadline)
    yield start.batch
    while (position !== undefined && generation === this.#generation) {
      signal?.throwIfAborted()
      const now = this.#clock.now()
      if (now >= deadline) return
      const events = this.#lastApply - position > this.#watchBufferSize ? undefined : this.#window.from(position)
      if (!events) return
      position = this.#window.end
      const batch = eventsFor(events, query.matcher, after)
      if (bookmarkAt !== undefined && now >= bookmarkAt) {
        if (compareResourceVersions(this.#resourceVersion, origin) > 0)
          batch.push({ type: 'BOOKMARK', resourceVersion: this.#resourceVersion, initialEventsEnd: false })
        bookmarkAt = this.#nextBookmark(query, deadline)
      }
      if (batch.length > 0) yield batch
      else await this.#watchers.wait({ until: Math.min(bookmarkAt ?? deadline, deadline), signal })
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
    const state = selected(this.#candidates(matcher, this.#resourceVersion), matcher)
    const batch: WatchEntry<T>[] = state.map((entry) => ({ type: 'ADDED', entry }))
    if (initialEvents === 'streamed-list' && bookmarks)
      batch.push({ type: 'BOOKMARK', resourceVersion: this.#resourceVersion, initialEventsEnd: true })
    return { batch, position }
  }

  #nextBookmark({ bookmarks }: WatchQuery, deadline: number): number | undefined {
    if (!bookmarks) return undefined
    const now = this.#clock.now()
    const last = deadline - LAST_BOOKMARK_MS
    return last > now ? Math.min(now + this.#bookmarkIntervalMs, last) : undefined
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
    if (isResourceVersion(resourceVersion) && compareResourceVersions(resourceVersion, this.#resourceVersion) > 0)
      this.#resourceVersion = resourceVersion
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

  /** The entries of a remembered version among which those that match are, sorted. */
  #candidates({ key }: Matcher, resourceVersion: string): readonly Entry<T>[] {
    if (key === undefined || resourceVersion !== this.#resourceVersion) return this.#entriesAt(resourceVersion)
    const entry = this.#entries.get(key)
    return entry ? [entry] : []
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

  /** @throws ApiError 504 when a version is not reached in time. The empty string is reached at once. */
  async #reach(resourceVersion: string, signal: AbortSignal | undefined, request: RequestSummary): Promise<void> {
    if (!(await this.#isFresh(resourceVersion, signal))) throw errorOf(tooLarge(resourceVersion, this.#resourceVersion), request)
  }

  #rules(): QueryRules {
    return { resource: this.resource, fieldLabels: this.#fieldLabels, watchList: this.watchList }
  }

  #assertReady(request: RequestSummary): void {
    if (this.#resourceVersion === '') throw errorOf(notReady(), request)
  }

  #assertOrdered(resourceVersion: string): void {
    if (isResourceVersion(resourceVersion)) return
    const problem = `cannot order resourceVersion ${JSON.stringify(resourceVersion)}, which is no decimal number`
    throw new TypeError(`WatchCache: ${resourceName(this.resource)}: ${problem}`)
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
