// Serves list and watch from memory, with kube-apiserver's semantics.

import type { RequestSummary } from '../api/errors'
import type { KubeObject } from '../api/object'
import type { ListOptions, RequestOptions, WatchOptions } from '../api/options'
import { type Resource, resourceName } from '../api/resource'
import { compareResourceVersions, isResourceVersion } from '../api/resource-version'
import type { Entry } from '../codec/entry'
import type { EntryList, WatchEntry } from '../codec/wire'
import { type Clock, systemClock } from '../internal/clock'
import type { ListerWatcher } from '../source/lister-watcher'
import { Bookmarks } from './bookmarks'
import type { WatchCacheOptions } from './cache-options'
import { CollectionState, type Effect } from './collection-state'
import { encodeContinue } from './continue-token'
import { continueExpired, errorOf, expired, notReady, tooLarge } from './failures'
import { type Cursor, FanOut, type WatchBatch } from './fan-out'
import type { FieldLabels } from './matcher'
import { cutPage } from './page'
import { type ListAt, listQuery, type QueryRules, versionOf, watchQuery } from './queries'
import { StateWaiters } from './state-waiters'
import { isAfter } from './watch-events'
import { startOf } from './watch-start'

/** The scope of a request within a collection. */
export interface CollectionScope {
  /** The namespace; omitted or empty for all namespaces. */
  namespace?: string | undefined
}

/** A watch whose first events were sent. Holds nothing of them: they may be the whole state. */
interface AcceptedWatch<T> {
  readonly cursor: Cursor<T>
  /** The version at which the watch started. */
  readonly origin: string
  /** Events up to this version are not sent; the empty string when the cache has reached `origin`. */
  readonly after: string
  readonly bookmarkAt: number | undefined
  readonly deadline: number
}

/**
 * Turns a stream of changes into a collection that can be listed and watched, with kube-apiserver's semantics: versions, pages, selectors,
 * streamed lists, bookmarks, and 410 for expired versions. Its input is what a reflector writes to a store.
 *
 * Besides the entries it keeps the last `capacity` events (more during one large `apply`) with the entries they replaced. A watch that is
 * not read keeps at most `watchBufferSize` events after its last batch; then it ends. Watches that select the same objects share their
 * events.
 *
 * @see apiserver `storage/cacher`
 */
export class WatchCache<T extends KubeObject = KubeObject> implements ListerWatcher<T> {
  readonly resource: Resource<T>
  /** Whether watches can begin with the state, ended by an annotated bookmark (KEP-3157), or are refused with 422, as older servers do. */
  watchList: 'supported' | 'refused'
  /** Whether the items of a list served over HTTP keep `kind` and `apiVersion`. */
  readonly itemTypes: 'keep' | 'omit'
  readonly #clock: Clock
  readonly #random: () => number
  readonly #fieldLabels: FieldLabels
  readonly #minWatchMs: number
  readonly #bookmarks: Bookmarks<T>
  readonly #collection: CollectionState<T>
  readonly #fanOut: FanOut<T>
  readonly #waiting: StateWaiters

  /** @throws RangeError when a size is not a positive number. */
  constructor({
    resource,
    capacity = 1000,
    maxWindowLength = Number.POSITIVE_INFINITY,
    watchBufferSize = capacity,
    maxBacklogLength = Number.POSITIVE_INFINITY,
    bookmarkIntervalMs = 60_000,
    minWatchMs = 1_800_000,
    fieldLabels = {},
    watchList = 'supported',
    itemTypes = 'keep',
    onSlowWatcher,
    clock = systemClock,
    random = Math.random,
  }: WatchCacheOptions<T>) {
    const sizes = { capacity, maxWindowLength, watchBufferSize, maxBacklogLength, bookmarkIntervalMs, minWatchMs }
    for (const [name, value] of Object.entries(sizes)) {
      if (!(value > 0)) throw new RangeError(`WatchCache: ${name} must be greater than 0, got ${value}`)
    }
    this.resource = resource
    this.watchList = watchList
    this.itemTypes = itemTypes
    this.#clock = clock
    this.#random = random
    this.#fieldLabels = fieldLabels
    this.#minWatchMs = minWatchMs
    this.#bookmarks = new Bookmarks(clock, bookmarkIntervalMs)
    this.#collection = new CollectionState({ capacity, maxLength: maxWindowLength })
    const maxEvents = Math.min(watchBufferSize, capacity)
    this.#fanOut = new FanOut({ clock, maxEvents, maxLength: maxBacklogLength, onSlow: onSlowWatcher })
    this.#waiting = new StateWaiters(this.#collection, clock)
  }

  /** The version up to which every change is known; the empty string before the first {@link replace}. */
  get resourceVersion(): string {
    return this.#collection.resourceVersion
  }
  /** The number of entries. */
  get size(): number {
    return this.#collection.size
  }
  /** The number of open watches. */
  get watchers(): number {
    return this.#fanOut.watchers
  }
  /** The number of different selections among the open watches. */
  get watchClasses(): number {
    return this.#fanOut.classes
  }

  /** Returns the current entry under a key. */
  get(key: string): Entry<T> | undefined {
    return this.#collection.get(key)
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
    return this.#collection.newest.state.get(key)
  }

  /** Returns the current entries, sorted by key. */
  entries(): readonly Entry<T>[] {
    return this.#collection.at(this.resourceVersion).all()
  }

  /**
   * Applies changes, in the order received. Decides itself whether an object is new, whatever the event says. Ignores `ERROR` and `SKIPPED`
   * events. A change that is not newer than the cache ends all watches, because there is no version in between to resume from.
   *
   * @throws TypeError when the version of a change is not a decimal number and so cannot be ordered. Nothing is applied in that case.
   */
  apply(events: readonly WatchEntry<T>[]): void {
    for (const event of events) if ('entry' in event) this.#assertOrdered(event.entry.resourceVersion)
    this.#distribute(this.#collection.apply(events))
  }

  /**
   * Replaces the complete state, as after an expired watch. Watches continue with the differences: changed objects in the order of their
   * versions, and deletions. A watch cannot resume from a version in between, because objects that were created and deleted there are
   * unknown. A state that is older than the cache, or has changes that are, belongs to another history: every watch ends with a 410.
   *
   * @throws TypeError when the version is not a decimal number and so cannot be ordered. Nothing is applied in that case.
   */
  replace(entries: readonly Entry<T>[], resourceVersion: string): void {
    this.#assertOrdered(resourceVersion)
    this.#distribute(this.#collection.replace(entries, resourceVersion))
  }

  /**
   * Starts over with a state, like a server that restarts: every watch ends, and none can resume from an earlier version.
   *
   * @throws TypeError as {@link replace} does.
   */
  reset(entries: readonly Entry<T>[], resourceVersion: string): void {
    this.#assertOrdered(resourceVersion)
    this.#distribute(this.#collection.reset(entries, resourceVersion))
  }

  /**
   * Starts over at a version whose entries are unknown until {@link fill}. Watches without selectors continue from it: changes and deletions
   * of unknown objects pass as they are. Lists and streamed lists wait up to three seconds. A {@link replace} before that ends every watch
   * with a 410, because the deletions in between are unknown.
   *
   * @throws TypeError as {@link replace} does.
   */
  resume(resourceVersion: string): void {
    this.#assertOrdered(resourceVersion)
    this.#distribute(this.#collection.resume(resourceVersion))
  }

  /**
   * Supplies the entries after {@link resume}, as they were at a version.
   *
   * @returns false, and changes nothing, when the cache has its entries already or cannot follow from that version.
   */
  fill(entries: readonly Entry<T>[], resourceVersion: string): boolean {
    if (!this.#collection.fill(entries, resourceVersion)) return false
    this.#waiting.wakeAll()
    return true
  }

  /** Whether the entries are known: false between {@link resume} and {@link fill}. */
  get isComplete(): boolean {
    return this.#collection.isComplete
  }

  /** Advances the version without changes. Watchers learn it from their next bookmark. */
  bookmark(resourceVersion: string): void {
    this.#collection.advance(resourceVersion)
    this.#waiting.wakeAll()
  }

  /**
   * Records that the server has the current state at a newer version. Lists show that version from now on; watches still get the events up
   * to it, which can only be of objects that were created and deleted in between.
   */
  prove(resourceVersion: string): void {
    this.#collection.prove(resourceVersion)
    this.#waiting.wakeAll()
  }

  /** Does nothing: a resync changes no object. */
  resync(): void {}

  /**
   * Removes the events up to a version (default: all). A watch or exact list from an earlier version gets a 410; open watches continue.
   *
   * @throws RangeError when the version is not a decimal number, or newer than the cache.
   */
  compact(resourceVersion: string = this.resourceVersion): void {
    if (resourceVersion !== '' && !isResourceVersion(resourceVersion))
      throw new RangeError(`WatchCache: cannot compact to ${JSON.stringify(resourceVersion)}, which is not a decimal number`)
    if (compareResourceVersions(resourceVersion, this.resourceVersion) > 0)
      throw new RangeError(
        `WatchCache: cannot compact to ${resourceVersion}, which is newer than ${this.resourceVersion || 'an empty cache'}`,
      )
    this.#collection.forget(resourceVersion)
  }

  /** Ends all watches, like a server that shuts down. */
  disconnect(): void {
    this.#fanOut.endAll()
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
    const { newest } = this.#collection
    const isPast = (at.type === 'exact' || at.type === 'continue') && wanted !== '' && wanted !== newest.resourceVersion
    if (isPast && !this.#collection.hasStateAt(wanted)) {
      throw errorOf(
        start
          ? continueExpired(encodeContinue({ resourceVersion: '', start }, matcher.namespace))
          : expired('The resourceVersion for the provided list is too old.'),
        request,
      )
    }
    const resourceVersion = isPast ? wanted : newest.resourceVersion
    return cutPage({ state: isPast ? this.#collection.at(wanted) : newest.state, resourceVersion, matcher, limit, start })
  }

  /**
   * Watches entries. As on an API server, an error after validation is an `ERROR` event: 410 for an expired version, 504 for a streamed
   * list from a newer version. The watch ends without an error when the watcher falls too far behind.
   * Bookmarks are sent at each interval and shortly before the end, once the version is newer than the start of the watch.
   *
   * @throws ApiError 400 and 422 for invalid options, 429 before the first {@link replace}; the signal's reason when aborted.
   */
  async *watch(options: WatchOptions & RequestOptions & CollectionScope): AsyncGenerator<readonly WatchEntry<T>[], void, undefined> {
    for await (const { events } of this.watchShared(options)) yield events
  }

  /** Watches entries as {@link watch} does. Watches that select the same objects get the same batches. */
  async *watchShared({
    signal,
    ...options
  }: WatchOptions & RequestOptions & CollectionScope): AsyncGenerator<WatchBatch<T>, void, undefined> {
    signal?.throwIfAborted()
    const accepted = yield* this.#begin(options, signal)
    if (!accepted) return
    try {
      yield* this.#follow(accepted, signal)
    } finally {
      accepted.cursor.close()
    }
  }

  /**
   * Sends the first events. A generator of its own, because a suspended one keeps all its variables: a watch would hold the state with which
   * it began until it ends.
   */
  async *#begin(
    options: WatchOptions & CollectionScope,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<WatchBatch<T>, AcceptedWatch<T> | undefined, undefined> {
    const request = this.#request('WATCH')
    const query = watchQuery(options, this.#rules(), request)
    this.#assertReady(request)
    const deadline = this.#clock.now() + (query.timeoutMs ?? this.#minWatchMs * (1 + this.#random()))
    if (query.initialEvents !== 'none' && !(await this.#waiting.reaches(query.resourceVersion, signal))) {
      if (!this.isComplete) throw errorOf(notReady(), request)
      yield { events: [{ type: 'ERROR', status: tooLarge(query.resourceVersion, this.#collection.newest.resourceVersion) }] }
      return undefined
    }
    const { events, origin } = startOf(this.#collection, query)
    if (origin === undefined) {
      yield { events }
      return undefined
    }
    const cursor = this.#fanOut.open(query.matcher, signal)
    // A watch may start at a version that the cache has not reached.
    const after = compareResourceVersions(origin, this.resourceVersion) > 0 ? origin : ''
    const accepted = { cursor, origin, after, deadline, bookmarkAt: query.bookmarks ? this.#bookmarks.next(deadline) : undefined }
    let isAccepted = false
    try {
      yield { events }
      isAccepted = true
      return accepted
    } finally {
      if (!isAccepted) cursor.close()
    }
  }

  async *#follow(
    { cursor, origin, deadline, ...start }: AcceptedWatch<T>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<WatchBatch<T>, void, undefined> {
    let { after, bookmarkAt } = start
    while (cursor.isOpen) {
      signal?.throwIfAborted()
      const now = this.#clock.now()
      if (now >= deadline) return
      const batch = cursor.take()
      if (batch) {
        const events = after === '' ? batch.events : batch.events.filter((event) => isAfter(event, after))
        if (events.length === batch.events.length) {
          after = ''
          yield batch
        } else if (events.length > 0) yield { events }
      } else if (bookmarkAt !== undefined && now >= bookmarkAt) {
        bookmarkAt = this.#bookmarks.next(deadline)
        if (compareResourceVersions(this.resourceVersion, origin) > 0) yield this.#bookmarks.at(this.resourceVersion)
      } else await cursor.wait(Math.min(bookmarkAt ?? deadline, deadline))
    }
    signal?.throwIfAborted()
    if (cursor.farewell) yield { events: [cursor.farewell] }
  }

  #distribute(effect: Effect<T>): void {
    if (effect.type === 'changed') this.#fanOut.append(effect.events)
    else {
      const status = expired(`the collection has another history since resourceVersion ${this.resourceVersion}`)
      this.#fanOut.endAll(effect.type === 'other-history' ? { type: 'ERROR', status } : undefined)
    }
    this.#waiting.wakeAll()
  }

  /** @throws ApiError 504 when the version is not reached in time, 429 when the entries are not known in time. The empty string is always reached. */
  async #reach(resourceVersion: string, signal: AbortSignal | undefined, request: RequestSummary): Promise<void> {
    if (await this.#waiting.reaches(resourceVersion, signal)) return
    if (!this.isComplete) throw errorOf(notReady(), request)
    throw errorOf(tooLarge(resourceVersion, this.#collection.newest.resourceVersion), request)
  }

  #rules(): QueryRules {
    return { resource: this.resource, fieldLabels: this.#fieldLabels, watchList: this.watchList }
  }

  #assertReady(request: RequestSummary): void {
    if (this.resourceVersion === '') throw errorOf(notReady(), request)
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

function wantedVersion(at: ListAt): string {
  if (at.type === 'current') return ''
  return at.type === 'continue' ? at.token.resourceVersion : at.resourceVersion
}
