// The owner's feed of one scope: one list and watch upstream, served to all tabs from a watch cache.

import { isExpiredError } from '../api/errors'
import type { KubeObject } from '../api/object'
import type { ListOptions, RequestOptions, WatchOptions } from '../api/options'
import type { Resource } from '../api/resource'
import { compareResourceVersions } from '../api/resource-version'
import { type ArrivalOptions, CAUSE_LOCAL, type EntryList, type WatchEntry } from '../codec/wire'
import type { Clock } from '../internal/clock'
import { delay } from '../internal/delay'
import { Waiters } from '../internal/waiters'
import type { Wake } from '../internal/wake'
import type { Persister } from '../persistence/persister'
import { StorePersistence } from '../persistence/store-persistence'
import type { ReflectorStatus, ReflectorStore } from '../reflector/options'
import { Reflector } from '../reflector/reflector'
import { type EntryClient, ListWatch } from '../source/list-watch'
import type { ListerWatcher } from '../source/lister-watcher'
import { metadataListWatch } from '../source/metadata'
import { CacheStore } from '../watch-cache/cache-store'
import { WatchCache } from '../watch-cache/watch-cache'
import type { StoredScope } from '../worker/protocol'
import type { EntryDonor } from './donors'
import { readsMetadata, type ScopeOptions } from './messages'

/** Options of a {@link ScopeFeed}. */
export interface ScopeFeedOptions {
  readonly client: EntryClient
  readonly resource: Resource
  readonly scope: ScopeOptions
  readonly clock: Clock
  readonly random?: (() => number) | undefined
  readonly onWake: (listener: (wake: Wake) => void) => () => void
  /** Asks the tabs for the objects after a takeover. */
  readonly donor: EntryDonor
  /** Makes the persister of a database. */
  readonly persisterOf: (stored: StoredScope) => Persister
  /** Called with the error when the feed's state is not stored any more. */
  readonly onUnstored: (error: unknown) => void
  /** Called when the feed is live again after a failure. */
  readonly onRecovered: () => void
}

/** The need of a feed's first call: the state, or the continuation of a watch of an earlier owner. */
export type FeedStart =
  | { readonly type: 'state'; readonly stored?: StoredScope }
  | { readonly type: 'resume'; readonly resourceVersion: string }

/** The events kept for tabs that watch on; a tab further behind lists from the owner. */
const WINDOW_EVENTS = 5_000
const WINDOW_LENGTH = 64 * 1024 * 1024
/** The interval of bookmarks, in milliseconds. */
const BOOKMARK_MS = 15_000
/** The time that a new owner waits for the versions of all tabs before it resumes at the lowest, in milliseconds. */
const GATHER_MS = 30
/** The time after which a new owner asks for the objects, in milliseconds: events come first. */
const FILL_AFTER_MS = 100
/** The waits between attempts to list the objects, in milliseconds. */
const FIRST_RETRY_MS = 1_000
const MAX_RETRY_MS = 30_000

/** A reflector that fills a watch cache, with its storage. */
export class ScopeFeed {
  readonly #options: ScopeFeedOptions
  readonly #cache: WatchCache
  readonly #store: CacheStore
  readonly #source: ListerWatcher<KubeObject>
  readonly #reflector: Reflector<KubeObject>
  readonly #life = new AbortController()
  /** The calls that wait until the server has confirmed the state. */
  readonly #waiting: Waiters
  readonly #started: Promise<void>
  #persistence: StorePersistence<KubeObject> | undefined
  #stored: StoredScope | undefined
  #isKeeping = false
  #hydrated: Promise<unknown> = Promise.resolve()
  /** The lowest version of the tabs that resume; undefined once the feed has resumed, or if it never does. */
  #lowest: string | undefined
  /** Aborted with the error while the feed fails, so that every call fails with it. */
  #failing = new AbortController()

  constructor(start: FeedStart, options: ScopeFeedOptions) {
    this.#options = options
    const { client, resource, scope, clock, random, onWake } = options
    this.#waiting = new Waiters(clock)
    this.#cache = new WatchCache({
      resource,
      clock,
      random,
      capacity: WINDOW_EVENTS,
      maxWindowLength: WINDOW_LENGTH,
      bookmarkIntervalMs: BOOKMARK_MS,
    })
    this.#store = new CacheStore(this.#cache)
    const { namespace, labelSelector, fieldSelector, managedFields } = scope
    const select = { namespace, labelSelector, fieldSelector, managedFields }
    this.#source = readsMetadata(scope)
      ? (metadataListWatch(client, resource, select) as ListerWatcher<KubeObject>)
      : new ListWatch<KubeObject>(client, resource, select)
    this.#reflector = new Reflector<KubeObject>(this.#source, this.#sink(), { clock, random, onWake, onError: () => undefined })
    this.#reflector.subscribe((status) => this.#observe(status))
    if (start.type === 'resume') this.#lowest = start.resourceVersion
    else if (start.stored) this.keep(start.stored)
    this.#started = this.#start()
  }

  /** Whether calls fail with an error of the server. */
  get isFailing(): boolean {
    return this.#failing.signal.aborted
  }

  /** Resolves when nothing of the feed runs any more. */
  async close(reason: Error): Promise<void> {
    this.#life.abort(reason)
    this.#failing.abort(reason)
    this.#cache.disconnect()
    await this.#persistence?.close()
  }

  /** Stores pending changes at once. */
  async flush(): Promise<void> {
    await this.#persistence?.flush()
  }

  /** Stores the feed's state from now on. Only the first call has an effect. */
  keep(stored: StoredScope): void {
    if (this.#stored) return
    this.#stored = stored
    const { storage: _, scope, sensitive } = stored
    const { clock } = this.#options
    this.#persistence = new StorePersistence(this.#store, this.#options.persisterOf(stored), scope, { clock, sensitive, events: undefined })
    const persistence = this.#persistence
    persistence.subscribe(() => {
      if (persistence.error !== undefined) this.#options.onUnstored(persistence.error)
    })
    // An incomplete state is never stored.
    if (this.#lowest === undefined && this.#cache.isComplete) this.#beginKeeping()
  }

  /** Takes part in the choice of the version at which a new owner resumes. */
  lower(resourceVersion: string): void {
    if (this.#lowest !== undefined && compareResourceVersions(resourceVersion, this.#lowest) < 0) this.#lowest = resourceVersion
  }

  /** Returns the present state, which may be a stored one; undefined without one. */
  async present(): Promise<EntryList<KubeObject> | undefined> {
    await this.#hydrated
    const { resourceVersion, isComplete } = this.#cache
    return resourceVersion && isComplete ? { resourceVersion, continue: '', entries: this.#cache.entries() } : undefined
  }

  /** Lists from the cache, once the server has confirmed it. @throws the server's error while the feed fails */
  async list({
    signal,
    onBytes,
    onEntries,
    ...options
  }: ListOptions & RequestOptions & ArrivalOptions<KubeObject>): Promise<EntryList<KubeObject>> {
    const either = await this.#ready(signal)
    const list = await this.#cache.list({ ...options, signal: either })
    onBytes?.(list.entries.reduce((sum, { text }) => sum + text.length, 1))
    onEntries?.(list.entries)
    return list
  }

  /** Watches the cache, once the server has confirmed it. @throws the server's error as soon as the feed fails */
  async *watch({
    signal,
    onBytes,
    ...options
  }: WatchOptions & RequestOptions): AsyncGenerator<readonly WatchEntry<KubeObject>[], void, undefined> {
    const either = await this.#ready(signal)
    for await (const batch of this.#cache.watch({ ...options, signal: either })) {
      // Shows the tab that the connection is alive.
      onBytes?.(batch.reduce((sum, event) => sum + ('entry' in event ? event.entry.text.length : 1), 0))
      yield batch.map(markLocal)
    }
  }

  async #start(): Promise<void> {
    const { clock } = this.#options
    const { signal } = this.#life
    if (this.#lowest !== undefined) {
      await delay(GATHER_MS, { clock, signal })
      this.#cache.resume(this.#lowest)
      this.#lowest = undefined
      void this.#fill()
    }
    if (!signal.aborted) void this.#reflector.run({ signal, hydrated: this.#hydrated })
  }

  /** Asks the tabs for the objects; without an answer, lists them from the server. */
  async #fill(): Promise<void> {
    const { clock, donor } = this.#options
    const { signal } = this.#life
    await delay(FILL_AFTER_MS, { clock, signal })
    for await (const { entries, resourceVersion } of donor(signal)) {
      // A tab that is ahead of the owner is reached soon, unless nothing follows; the next one may not be.
      if (this.#cache.isComplete || this.#cache.fill(entries, resourceVersion)) break
    }
    if (signal.aborted) return
    if (!this.#cache.isComplete) await this.#list(signal)
    this.#beginKeeping()
  }

  #beginKeeping(): void {
    if (!this.#persistence || this.#isKeeping || this.#life.signal.aborted) return
    this.#isKeeping = true
    this.#hydrated = this.#persistence.start()
  }

  /** Lists from the server in place of the tabs' objects: one list for all who wait. */
  async #list(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    for (let ms = FIRST_RETRY_MS; !signal.aborted && !this.#cache.isComplete; ms = Math.min(2 * ms, MAX_RETRY_MS)) {
      try {
        const { resourceVersion } = this.#cache
        const { entries } = await this.#source.list({ resourceVersion, resourceVersionMatch: 'Exact', signal })
        if (this.#cache.fill(entries, resourceVersion)) return
      } catch (error) {
        if (isExpiredError(error)) await this.#replace(signal).catch(() => undefined)
        // The reflector meets any other failure too, and reports it.
      }
      if (!this.#cache.isComplete) await delay(ms, { clock, signal })
    }
  }

  /** Every watch ends, and the tabs list from the owner. */
  async #replace(signal: AbortSignal): Promise<void> {
    const { entries, resourceVersion } = await this.#source.list({ signal })
    if (!this.#cache.isComplete) this.#store.replace(entries, resourceVersion)
  }

  /** The store as its reflector sees it: without objects there is nothing to compare with the server. */
  #sink(): ReflectorStore<KubeObject> {
    const store = this.#store
    const cache = this.#cache
    return {
      get resourceVersion() {
        return store.resourceVersion
      },
      apply: (changes, resourceVersion) => store.apply(changes, resourceVersion),
      replace: (entries, resourceVersion) => store.replace(entries, resourceVersion),
      bookmark: (resourceVersion) => store.bookmark(resourceVersion),
      resync: () => store.resync(),
      list: () => (cache.isComplete ? store.list() : undefined),
    }
  }

  /** @returns a signal that is aborted with the caller's, and with the error when the feed fails. */
  async #ready(signal: AbortSignal | undefined): Promise<AbortSignal> {
    await this.#started
    const signals = () => AbortSignal.any(signal ? [signal, this.#failing.signal] : [this.#failing.signal])
    for (;;) {
      const either = signals()
      either.throwIfAborted()
      if (isReady(this.#reflector.status)) return either
      await this.#waiting.wait({ until: undefined, signal: either })
    }
  }

  #observe(status: ReflectorStatus): void {
    if (this.#life.signal.aborted) return
    this.#waiting.wakeAll()
    if (isFailing(status)) {
      // Later calls fail with the newest error.
      if (this.#failing.signal.aborted && this.#failing.signal.reason !== status.error) this.#failing = new AbortController()
      this.#failing.abort(status.error)
    } else if (this.#failing.signal.aborted && isReady(status)) {
      this.#failing = new AbortController()
      this.#options.onRecovered()
    }
  }
}

/** Marks an end of the cache's own: the tab lists from the owner at once. */
function markLocal(event: WatchEntry<KubeObject>): WatchEntry<KubeObject> {
  if (event.type !== 'ERROR') return event
  return { ...event, status: { ...event.status, details: { ...event.status.details, causes: [{ reason: CAUSE_LOCAL }] } } }
}

/** A reflector is `connecting` between two watches, which is no interruption unless it fails. */
function isReady({ state, hasSynced, error }: ReflectorStatus): boolean {
  return state === 'live' || state === 'polling' || (state === 'connecting' && hasSynced && error === undefined)
}

function isFailing({ state, error }: ReflectorStatus): boolean {
  if (state === 'denied' || state === 'gone') return true
  return state === 'backoff' && error !== undefined && !isExpiredError(error)
}
