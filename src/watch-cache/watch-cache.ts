// Serves list and watch from memory, with kube-apiserver's semantics.

import type { RequestSummary } from '../api/errors'
import type { KubeObject } from '../api/object'
import type { ListOptions, RequestOptions, WatchOptions } from '../api/options'
import { type Resource, resourceName } from '../api/resource'
import { compareResourceVersions, isResourceVersion } from '../api/resource-version'
import type { Entry } from '../codec/entry'
import type { ChangeType, EntryList, WatchEntry } from '../codec/wire'
import { type Clock, systemClock } from '../internal/clock'
import type { ListerWatcher } from '../source/lister-watcher'
import { encodeContinue } from './continue-token'
import { type CacheEvent, EventWindow } from './event-window'
import { continueExpired, errorOf, expired, notReady, tooLarge } from './failures'
import type { FieldLabels, Matcher } from './matcher'
import { cutPage, selected, sortedByKey } from './page'
import { type ListAt, listQuery, type QueryRules, versionOf, type WatchQuery, watchQuery } from './queries'
import { Waiters } from './waiters'
import { eventsFor } from './watch-events'

/** Options of a {@link WatchCache}. */
export interface WatchCacheOptions<T extends KubeObject> {
  /** The resource of the cached objects. Named in errors; its kind is used when serving over HTTP. */
  resource: Resource<T>
  /** The number of events kept for watches that resume; default 1,000. */
  capacity?: number | undefined
  /** The number of events a watcher may fall behind before its watch ends; default and maximum `capacity`. */
  watchBufferSize?: number | undefined
  /** The interval of bookmarks, in milliseconds; default 60,000. */
  bookmarkIntervalMs?: number | undefined
  /**
   * The minimum duration of a watch without `timeoutSeconds`, in milliseconds; default 1,800,000. The actual duration is random, up to
   * twice as long.
   */
  minWatchMs?: number | undefined
  /** The fields that selectors may use besides name and namespace; default none. A selector with another field gets a 400. */
  fieldLabels?: FieldLabels | undefined
  /** The initial value of {@link WatchCache.watchList}; default `'supported'`. */
  watchList?: 'supported' | 'refused' | undefined
  /** The clock; default the system clock. */
  clock?: Clock | undefined
  /** Returns numbers in [0, 1); default `Math.random`. */
  random?: (() => number) | undefined
}

/** The scope of a request within a collection. */
export interface CollectionScope {
  /** The namespace; omitted or empty for all namespaces. */
  namespace?: string | undefined
}

/** The maximum time a request waits for a version newer than the cache, in milliseconds. */
const FRESHNESS_TIMEOUT_MS = 3000
/** The time before the end of a watch at which its last bookmark is sent, in milliseconds. */
const LAST_BOOKMARK_MS = 2000

/**
 * Turns a stream of changes into a collection that can be listed and watched, with kube-apiserver's semantics: versions, pages, selectors,
 * streamed lists, bookmarks, and 410 for expired versions. Its input is what a reflector writes to a store.
 *
 * Besides the entries it keeps the last `capacity` events (more during one large `apply`) with the entries they replaced, and one sorted
 * list. A watch that is not read buffers at most `watchBufferSize` events after its last batch; then it ends.
 *
 * @see apiserver `storage/cacher`
 */
export class WatchCache<T extends KubeObject = KubeObject> implements ListerWatcher<T> {
  readonly resource: Resource<T>
  /** Whether watches can begin with the state, ended by an annotated bookmark (KEP-3157), or are refused with 422, as older servers do. */
  watchList: 'supported' | 'refused'
  readonly #clock: Clock
  readonly #random: () => number
  readonly #fieldLabels: FieldLabels
  readonly #minWatchMs: number
  readonly #watchBufferSize: number
  readonly #bookmarkIntervalMs: number
  readonly #window: EventWindow<T>
  // Requests that wait for a version, and watches that wait for a change. Separate, because a bookmark does not concern the watches.
  readonly #versionWaiters: Waiters
  readonly #watchers: Waiters
  #entries = new Map<string, Entry<T>>()
  #resourceVersion = ''
  // Watches of an earlier generation have ended.
  #generation = 0
  // The position of the first event of the last `apply`. Events from there on do not count as falling behind.
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
      if (!(value > 0)) throw new RangeError(`WatchCache: ${name} must be greater than 0, got ${value}`)
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
  /** The number of entries. */
  get size(): number {
    return this.#entries.size
  }

  /** Returns the current entry under a key. */
  get(key: string): Entry<T> | undefined {
    return this.#entries.get(key)
  }

  /**
   * Returns the entry under a key in a state not older than a version. Waits up to three seconds for a newer version.
   *
   * @param resourceVersion `''` and `'0'`: the current state.
   * @throws ApiError 400 for an invalid version, 429 before the first {@link replace}, 504 with cause `ResourceVersionTooLarge`.
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

  /** Returns the current entries, sorted by key. */
  entries(): readonly Entry<T>[] {
    return this.#entriesAt(this.#resourceVersion)
  }

  /**
   * Applies changes, in the order received. Decides itself whether an object is new, whatever the event says. Ignores `ERROR` and `SKIPPED`
   * events. A change that is not newer than the cache ends all watches, because there is no version in between to resume from.
   *
   * @throws TypeError when the version of a change is not a decimal number and so cannot be ordered. Nothing is applied in that case.
   */
  apply(events: readonly WatchEntry<T>[]): void {
    for (const event of events) if ('entry' in event) this.#assertOrdered(event.entry.resourceVersion)
    // Trimmed late: the events of the last call are all kept, so that no watcher that had caught up before falls behind.
    this.#window.trim()
    this.#lastApply = this.#window.end
    for (const event of events) {
      if (event.type === 'BOOKMARK') this.#advance(event.resourceVersion)
      else if ('entry' in event) this.#change(event.type, event.entry)
    }
    this.#wakeAll()
  }

  /**
   * Replaces the complete state. The changes in between are unknown: every watch ends, and none can resume from an earlier version.
   *
   * @throws TypeError when the version is not a decimal number and so cannot be ordered. Nothing is applied in that case.
   */
  replace(entries: readonly Entry<T>[], resourceVersion: string): void {
    this.#assertOrdered(resourceVersion)
    this.#entries = new Map(entries.map((entry) => [entry.key, entry]))
    this.#resourceVersion = resourceVersion
    this.#restart()
    this.#wakeAll()
  }

  /** Advances the version without changes. Watchers learn it from their next bookmark. */
  bookmark(resourceVersion: string): void {
    this.#advance(resourceVersion)
    this.#versionWaiters.wakeAll()
  }

  /** Does nothing: a resync changes no object. */
  resync(): void {}

  /**
   * Removes the events up to a version (default: all). A watch or exact list from an earlier version gets a 410; open watches continue.
   *
   * @throws RangeError when the version is not a decimal number, or newer than the cache.
   */
  compact(resourceVersion: string = this.#resourceVersion): void {
    if (resourceVersion !== '' && !isResourceVersion(resourceVersion))
      throw new RangeError(`WatchCache: cannot compact to ${JSON.stringify(resourceVersion)}, which is not a decimal number`)
    if (compareResourceVersions(resourceVersion, this.#resourceVersion) > 0)
      throw new RangeError(
        `WatchCache: cannot compact to ${resourceVersion}, which is newer than ${this.#resourceVersion || 'an empty cache'}`,
      )
    this.#window.forget(resourceVersion)
  }

  /** Ends all watches, like a server that shuts down. */
  disconnect(): void {
    this.#generation++
    this.#watchers.wakeAll()
  }

  /**
   * Lists entries, sorted by key. Waits up to three seconds for a version newer than the cache.
   *
   * @throws ApiError 400 and 422 for invalid options, 429 before the first {@link replace}, 504 with cause `ResourceVersionTooLarge`;
   *   ExpiredError for an expired version or token.
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
   * Watches entries. As on an API server, an error after validation is an `ERROR` event: 410 for an expired version, 504 for a streamed
   * list from a newer version. The watch ends without an error when the watcher falls too far behind, and after a {@link replace}.
   * Bookmarks are sent at each interval and shortly before the end, once the version is newer than the start of the watch.
   *
   * @throws ApiError 400 and 422 for invalid options, 429 before the first {@link replace}; the signal's reason when aborted.
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

  /** Returns the first batch of a watch, and the position to continue from; without a position the watch ends. */
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

  /** Returns the sorted entries at a version in the window, a superset of those that match. */
  #candidates({ key }: Matcher, resourceVersion: string): readonly Entry<T>[] {
    if (key === undefined || resourceVersion !== this.#resourceVersion) return this.#entriesAt(resourceVersion)
    const entry = this.#entries.get(key)
    return entry ? [entry] : []
  }

  /** Returns the sorted entries at a version in the window. Caches the last list, which serves the pages that follow. */
  #entriesAt(resourceVersion: string): readonly Entry<T>[] {
    if (this.#snapshot?.resourceVersion !== resourceVersion) {
      const state = resourceVersion === this.#resourceVersion ? this.#entries : this.#window.stateAt(resourceVersion, this.#entries)
      this.#snapshot = { resourceVersion, entries: sortedByKey(state) }
    }
    return this.#snapshot.entries
  }

  /** Returns whether the cache has reached a version. Waits for a limited time. */
  async #isFresh(resourceVersion: string, signal: AbortSignal | undefined): Promise<boolean> {
    const until = this.#clock.now() + FRESHNESS_TIMEOUT_MS
    for (;;) {
      signal?.throwIfAborted()
      if (compareResourceVersions(resourceVersion, this.#resourceVersion) <= 0) return true
      if (this.#clock.now() >= until) return false
      await this.#versionWaiters.wait({ until, signal })
    }
  }

  /** @throws ApiError 504 when the version is not reached in time. The empty string is always reached. */
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
    const problem = `cannot order resourceVersion ${JSON.stringify(resourceVersion)}, which is not a decimal number`
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
