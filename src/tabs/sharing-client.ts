// The client that serves the calls of all tabs from one feed per scope.

import { KubeError } from '../api/errors'
import type { KubeObject } from '../api/object'
import type { Resource } from '../api/resource'
import type { ArrivalOptions, EntryList, WatchEntry } from '../codec/wire'
import type { ListEntriesOptions } from '../http/list'
import type { WatchEntriesOptions } from '../http/watch'
import type { ReadOptions, ScopeRequest, StoredScope } from '../worker/protocol'
import type { HostClient } from '../worker/thread/host-client'
import type { EntryDonor } from './donors'
import { type ScopeOptions, scopeName } from './messages'
import { type FeedStart, ScopeFeed, type ScopeFeedOptions } from './scope-feed'

/** Options of a {@link SharingClient}. */
export interface SharingClientOptions extends Omit<ScopeFeedOptions, 'resource' | 'scope' | 'donor' | 'onUnstored'> {
  /** Makes the function that asks the tabs for the objects of a scope. */
  readonly donorOf: (scope: string) => EntryDonor
  /** Called with the error when the state of a scope is not stored any more. */
  readonly onUnstored: (scope: string, error: unknown) => void
  /** Called after the number of feeds has changed. */
  readonly onFeeds: () => void
}

interface Shared {
  readonly feed: ScopeFeed
  /** The number of open calls. */
  calls: number
  timer: unknown
}

/** The time that a feed goes on without a call, in milliseconds, so that a change of pages costs nothing. */
const LINGER_MS = 10_000
/** The same while the feed fails, in milliseconds: the tabs that need it wait between their calls, for less than this. */
const FAILING_LINGER_MS = 90_000

/** One upstream list and watch for each scope, served again from watch caches. */
export class SharingClient implements HostClient {
  readonly baseUrl: string
  readonly #options: SharingClientOptions
  readonly #feeds = new Map<string, Shared>()
  readonly #stored = new Map<string, StoredScope>()

  constructor(options: SharingClientOptions) {
    this.baseUrl = options.client.baseUrl
    this.#options = options
  }

  /** The number of feeds that are read from the server. */
  get feeds(): number {
    return this.#feeds.size
  }

  /** The storage of each scope. */
  get stored(): readonly StoredScope[] {
    return [...this.#stored.values()]
  }

  async listEntries<T extends KubeObject>(
    resource: Resource<T>,
    {
      namespace,
      managedFields,
      accept,
      maxLineLength: _,
      within,
      ...options
    }: ListEntriesOptions & ArrivalOptions<T> & ScopeOptions & ReadOptions,
  ): Promise<EntryList<T>> {
    const { labelSelector, fieldSelector, ...wire } = options
    const scope = { namespace, managedFields, accept, labelSelector, fieldSelector }
    const call = (feed: ScopeFeed) => feed.list({ ...(wire as ArrivalOptions<KubeObject>), fieldSelector: within })
    const { resourceVersion = '', resourceVersionMatch } = wire
    // A tab that checks the history of its state goes on from there, with a watch.
    const start: FeedStart = resourceVersionMatch === 'Exact' ? { type: 'resume', resourceVersion } : { type: 'state' }
    // A feed is used for one type only, as its name has the resource.
    return (await this.#using(resource as Resource, scope, start, call)) as EntryList<KubeObject> as EntryList<T>
  }

  async *watchEntries<T extends KubeObject>(
    resource: Resource<T>,
    { namespace, managedFields, accept, maxLineLength: _, ...options }: WatchEntriesOptions & ScopeOptions,
  ): AsyncGenerator<readonly WatchEntry<T>[], void, undefined> {
    const { labelSelector, fieldSelector, ...wire } = options
    const scope = { namespace, managedFields, accept, labelSelector, fieldSelector }
    const { resourceVersion = '', sendInitialEvents } = wire
    const isContinued = resourceVersion !== '' && resourceVersion !== '0' && sendInitialEvents === undefined
    const start: FeedStart = isContinued ? { type: 'resume', resourceVersion } : { type: 'state' }
    const shared = this.#take(resource as Resource, scope, start)
    try {
      yield* shared.feed.watch(wire) as AsyncGenerator<readonly WatchEntry<KubeObject>[]> as AsyncGenerator<readonly WatchEntry<T>[]>
    } finally {
      this.#release(shared)
    }
  }

  /** Remembers the storage of a scope, whose feed may not have been made: the watch that makes it decides whether it resumes. */
  async keep({ resource, options, stored }: ScopeRequest): Promise<void> {
    const name = scopeName(resource, options)
    this.#stored.set(name, stored)
    this.#feeds.get(name)?.feed.keep(stored)
  }

  async present(scope: ScopeRequest): Promise<EntryList<KubeObject> | undefined> {
    await this.keep(scope)
    const { resource, options, stored } = scope
    return this.#using(resource, options, { type: 'state', stored }, (feed) => feed.present())
  }

  /** Ends all feeds: every call fails with the reason. */
  async close(reason: Error = new KubeError('the owner of the feeds has ended')): Promise<void> {
    const feeds = [...this.#feeds.values()]
    this.#feeds.clear()
    for (const { timer } of feeds) this.#options.clock.clearTimeout(timer)
    await Promise.all(feeds.map(({ feed }) => feed.close(reason)))
  }

  /** Stores pending changes of all feeds at once. */
  async flush(): Promise<void> {
    await Promise.all(Array.from(this.#feeds.values(), ({ feed }) => feed.flush()))
  }

  async #using<R>(resource: Resource, scope: ScopeOptions, start: FeedStart, call: (feed: ScopeFeed) => Promise<R>): Promise<R> {
    const shared = this.#take(resource, scope, start)
    try {
      return await call(shared.feed)
    } finally {
      this.#release(shared)
    }
  }

  #take(resource: Resource, scope: ScopeOptions, start: FeedStart): Shared {
    const name = scopeName(resource, scope)
    const known = this.#feeds.get(name)
    if (known) {
      if (start.type === 'resume') known.feed.lower(start.resourceVersion)
      known.calls++
      this.#options.clock.clearTimeout(known.timer)
      return known
    }
    const { donorOf, onFeeds, onUnstored, ...options } = this.#options
    const feed = new ScopeFeed(start, { ...options, resource, scope, donor: donorOf(name), onUnstored: (error) => onUnstored(name, error) })
    const stored = this.#stored.get(name)
    if (stored) feed.keep(stored)
    const shared: Shared = { feed, calls: 1, timer: undefined }
    this.#feeds.set(name, shared)
    onFeeds()
    return shared
  }

  #release(shared: Shared): void {
    shared.calls--
    if (shared.calls > 0) return
    const { clock, onFeeds } = this.#options
    shared.timer = clock.setTimeout(
      () => {
        for (const [name, each] of this.#feeds) if (each === shared) this.#feeds.delete(name)
        void shared.feed.close(new KubeError('no tab uses the feed'))
        onFeeds()
      },
      shared.feed.isFailing ? FAILING_LINGER_MS : LINGER_MS,
    )
  }
}
