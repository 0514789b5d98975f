// Keeps the cache of one resource up to date, and knows whether it may be read.

import type { KubeObject } from '../api/object'
import type { Resource } from '../api/resource'
import type { ListEntriesOptions } from '../http/list'
import type { Clock } from '../internal/clock'
import { Waiters } from '../internal/waiters'
import type { Persister } from '../persistence/persister'
import { StorePersistence } from '../persistence/store-persistence'
import type { ReflectorOptions, ReflectorStatus } from '../reflector/options'
import { Reflector } from '../reflector/reflector'
import { type EntryClient, ListWatch } from '../source/list-watch'
import { CacheStore } from '../watch-cache/cache-store'
import type { FieldLabels } from '../watch-cache/matcher'
import { WatchCache } from '../watch-cache/watch-cache'
import type { RelayEvent } from './events'
import { fieldLabelsOf, itemTypesOf } from './field-labels'
import { Freshness } from './freshness'
import type { RelayPacking } from './packing'
import type { PassReason } from './route'
import { VersionAges } from './version-ages'

/** The storage of a relay's caches. */
export interface RelayPersistence {
  /** The storage, such as `sqlPersister(…)`. */
  readonly to: Persister
  /** The name of the cluster that the state belongs to. Default: the base URL of the client. */
  readonly cluster?: string | undefined
  /** The plurals of sensitive resources to store: `['secrets']`. Default: none. */
  readonly sensitive?: readonly string[] | undefined
  /** The time to collect changes before they are stored together, in milliseconds; default 250. */
  readonly flushIntervalMs?: number | undefined
}

/** The limits of a relay's caches. */
export interface CacheLimits {
  /** The number of events kept for watches that resume; default 100,000. */
  readonly windowEvents?: number | undefined
  /** The length of the texts of these events, in characters; default 16 Mi. */
  readonly windowBytes?: number | undefined
  /** The length of the texts of the events that a watcher may fall behind, in characters; default 1 Mi. */
  readonly backlogBytes?: number | undefined
  /** The longest time that a cache is served without a connection to the API server, in milliseconds; default 600,000. */
  readonly maxStaleMs?: number | undefined
}

/** Options of a {@link Feed}. */
export interface FeedOptions
  extends CacheLimits,
    Pick<ReflectorOptions<KubeObject>, 'clock' | 'random' | 'backoff' | 'onError' | 'initialList' | 'proofIntervalMs'> {
  readonly client: EntryClient
  readonly resource: Resource
  readonly clock: Clock
  readonly persist?: RelayPersistence | undefined
  readonly pack?: RelayPacking | undefined
  readonly emit: (event: RelayEvent) => void
}

/** Whether a cache may be read, perhaps with a warning, or requests are passed on. */
export type Availability = { readonly type: 'ready'; readonly isStale: boolean } | { readonly type: 'pass'; readonly why: PassReason }

const METADATA = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'
const DEFAULT_WINDOW_EVENTS = 100_000
const DEFAULT_WINDOW_LENGTH = 16 * 1024 * 1024
const DEFAULT_BACKLOG_LENGTH = 1024 * 1024
const DEFAULT_MAX_STALE_MS = 600_000

/** A reflector that fills a watch cache, with its storage and its proofs. */
export class Feed {
  readonly resource: Resource
  readonly fieldLabels: FieldLabels
  readonly cache: WatchCache
  readonly freshness: Freshness
  readonly #reflector: Reflector<KubeObject>
  readonly #persistence: StorePersistence<KubeObject> | undefined
  readonly #clock: Clock
  readonly #maxStaleMs: number
  readonly #changes: Waiters
  readonly #ages: VersionAges
  #staleSince: number | undefined
  #blocked: PassReason | undefined

  constructor({
    client,
    resource,
    clock,
    persist,
    pack,
    emit,
    windowEvents,
    windowBytes,
    backlogBytes,
    maxStaleMs,
    ...options
  }: FeedOptions) {
    this.resource = resource
    this.fieldLabels = fieldLabelsOf(resource)
    this.#clock = clock
    this.#maxStaleMs = maxStaleMs ?? DEFAULT_MAX_STALE_MS
    this.#changes = new Waiters(clock)
    this.cache = new WatchCache({
      resource,
      clock,
      capacity: windowEvents ?? DEFAULT_WINDOW_EVENTS,
      maxWindowLength: windowBytes ?? DEFAULT_WINDOW_LENGTH,
      maxBacklogLength: backlogBytes ?? DEFAULT_BACKLOG_LENGTH,
      fieldLabels: this.fieldLabels,
      itemTypes: itemTypesOf(resource),
      onSlowWatcher: () => emit({ type: 'slow-watcher', resource }),
    })
    const store = new CacheStore(this.cache)
    this.#ages = new VersionAges(clock)
    store.subscribe(({ resourceVersion }) => {
      this.#ages.note(resourceVersion)
      this.#changes.wakeAll()
    })
    const source = new ListWatch<KubeObject>(pack?.wrap(client) ?? client, resource, { managedFields: 'keep' })
    this.#reflector = new Reflector(source, store, {
      ...options,
      clock,
      expectedType: resource,
      onEvent: (event) => emit({ type: 'feed', resource, event }),
    })
    this.#reflector.subscribe((status) => this.#observe(status))
    const newest: ListEntriesOptions = { accept: METADATA, resourceVersion: '' }
    this.freshness = new Freshness({
      cache: this.cache,
      list: async (onEntries, signal) => {
        // A client that collects the entries nevertheless also passes them on.
        const { resourceVersion } = await client.listEntries(resource, { ...newest, entries: 'pass', onEntries, signal })
        return resourceVersion
      },
      changes: this.#changes,
      clock,
      onProof: (outcome, durationMs) => emit({ type: 'proof', resource, outcome, durationMs }),
    })
    if (persist) {
      const { impersonates = '' } = client
      const scope = { ...source.scope, user: '', version: 'relay', impersonates, cluster: persist.cluster ?? client.baseUrl }
      const { sensitive, flushIntervalMs } = persist
      this.#persistence = new StorePersistence(store, persist.to, scope, {
        clock,
        sensitive,
        flushIntervalMs,
        onError: options.onError,
        events: undefined,
      })
    }
  }

  /** The state of the reflector. */
  get status(): ReflectorStatus {
    return this.#reflector.status
  }

  /** Whether the cache may be read now. */
  get availability(): Availability {
    if (this.#blocked) return { type: 'pass', why: this.#blocked }
    if (this.cache.resourceVersion === '') return { type: 'pass', why: 'filling' }
    const isStale = this.#staleSince !== undefined
    return this.lagMs > this.#maxStaleMs ? { type: 'pass', why: 'stale' } : { type: 'ready', isStale }
  }

  /** Whether the API server may have forgotten a version, so that a list at it is the API server's to answer. */
  isOld(resourceVersion: string): boolean {
    return this.#ages.isOld(resourceVersion)
  }

  /** The time without a connection to the API server, in milliseconds; 0 while the cache follows it. */
  get lagMs(): number {
    return this.#staleSince === undefined ? 0 : this.#clock.now() - this.#staleSince
  }

  /** Resolves when the API server has confirmed or delivered the state. */
  whenSynced(signal: AbortSignal | undefined): Promise<unknown> {
    return this.#reflector.whenSynced({ signal })
  }

  /** Runs until the signal is aborted, and then until the last changes are stored. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#reflector.run({ signal, hydrated: this.#persistence?.start({ signal }) })
    this.cache.disconnect()
    await this.#persistence?.close()
  }

  /** A reflector is `connecting` between two watches, which is no interruption unless it fails. */
  #observe({ state }: ReflectorStatus): void {
    if (state === 'live' || state === 'polling') {
      this.#staleSince = undefined
      this.#blocked = undefined
    } else if (state === 'backoff' || state === 'stale') this.#staleSince ??= this.#clock.now()
    else if (state === 'denied') this.#blocked = 'denied-to-relay'
    else if (state === 'gone') this.#blocked = 'gone'
    else if (state === 'stopped') this.#blocked = 'closed'
    // The objects of a definition that is deleted are gone too, and a caller may see less than a relay that was denied access.
    if (this.#blocked) this.cache.disconnect()
  }
}
