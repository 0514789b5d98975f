import { expect } from 'vitest'
import { entryFromObject } from '../../src/codec/entry'
import type { KubeClientOptions } from '../../src/http/client'
import { KubeClient } from '../../src/http/client'
import type { Clock } from '../../src/internal/clock'
import type { HydrationResult, StorePersistenceOptions } from '../../src/persistence/persistence-options'
import type { Persister, Scope } from '../../src/persistence/persister'
import { StorePersistence } from '../../src/persistence/store-persistence'
import type { ReflectorEvent, ReflectorOptions } from '../../src/reflector/options'
import { Reflector } from '../../src/reflector/reflector'
import { ConfigMap } from '../../src/resources/core/v1'
import { type EntryClient, ListWatch, type ListWatchOptions } from '../../src/source/list-watch'
import type { StoreUpdate } from '../../src/store/changes'
import { Store } from '../../src/store/store'
import { briefRequest, briefState, briefUpdate, isProbe } from './brief'

export type Fetch = (request: Request) => Promise<Response>

/** Where pages live: a world in virtual time, or the real one. */
export interface PageHost {
  readonly clock: Clock
  readonly baseUrl: string
  readonly fetch: Fetch
  /** Makes the pages' clients; default `new KubeClient`. */
  client?(options: KubeClientOptions): EntryClient
  /** Resolves when nothing more happens without time passing. */
  settle(): Promise<void>
  /** Fails when a page that has ended left a request or a timer behind. */
  expectNothingLeft(): void | Promise<void>
}

/** What a page of a test is told. */
export interface PageOptions extends ReflectorOptions<ConfigMap> {
  listWatch?: ListWatchOptions
  client?: Pick<KubeClientOptions, 'token' | 'hooks'>
  /** Where the page keeps its snapshots; default: nowhere. */
  persister?: Persister
  persistence?: StorePersistenceOptions
  scope?: Partial<Scope>
  /** Stands between the page and the server. */
  fetch?: (request: Request, next: Fetch) => Promise<Response>
}

/** One life of a page: a client, a store and a reflector, perhaps with persistence. It notes all that can be seen from outside. */
export class Page implements AsyncDisposable {
  readonly store: Store<ConfigMap> = new Store()
  readonly reflector: Reflector<ConfigMap>
  readonly persistence: StorePersistence<ConfigMap> | undefined
  readonly updates: StoreUpdate<ConfigMap>[] = []
  readonly events: ReflectorEvent[] = []
  readonly errors: unknown[] = []
  readonly persistenceErrors: unknown[] = []
  /** The states it went through. */
  readonly states: string[] = []
  /** What became of the snapshot. */
  hydration: HydrationResult | undefined
  readonly #requests: { readonly url: URL; readonly at: number }[] = []
  readonly #life: AbortController = new AbortController()
  readonly #host: PageHost
  readonly #pageSize: number | undefined
  readonly #clock: PageClock
  #running: Promise<void> | undefined

  constructor(host: PageHost, options: PageOptions = {}) {
    const { listWatch, client, persister, persistence, scope, fetch = (request, next) => next(request), ...reflectorOptions } = options
    this.#host = host
    this.#pageSize = options.pageSize
    this.#clock = new PageClock(host.clock)
    const source = new ListWatch(this.#client(fetch, client), ConfigMap, { namespace: 'shop', ...listWatch })
    this.reflector = new Reflector(source, this.store, {
      clock: this.#clock,
      random: () => 0.5,
      onWake: () => () => undefined,
      ...reflectorOptions,
      onEvent: (event) => {
        this.events.push(event)
        if (event.type === 'error') this.errors.push(event.error)
        reflectorOptions.onEvent?.(event)
      },
      // What is reported is a part of this; see test/reflector/problems.test.ts.
      onError: reflectorOptions.onError ?? (() => undefined),
    })
    this.reflector.subscribe(({ state }) => this.states.at(-1) !== state && this.states.push(state))
    this.store.subscribe((update) => this.updates.push(update))
    if (persister) {
      const own = { user: '', version: '1', ...source.scope, ...scope }
      this.persistence = new StorePersistence(this.store, persister, own, {
        clock: this.#clock,
        onError: (error) => this.persistenceErrors.push(error),
        ...persistence,
      })
    }
  }

  /** What the server was asked for the feed's sake, in short; see {@link briefRequest}. Without the {@link probes}. */
  get requests(): string[] {
    return this.#asked(false).map(({ url }) => briefRequest(url))
  }
  /** When, by the host's clock. */
  get times(): number[] {
    return this.#asked(false).map(({ at }) => at)
  }
  get urls(): URL[] {
    return this.#asked(false).map(({ url }) => url)
  }
  /** What the server was asked beside the feed: whether it has the store's history, and whether a silent watch is alive. */
  get probes(): string[] {
    return this.#asked(true).map(({ url }) => briefRequest(url))
  }
  /** What the store told, in short; see {@link briefUpdate}. Steps without a change are left out. */
  get changes(): string[] {
    return this.updates.filter(({ type, changes }) => type !== 'apply' || changes.length > 0).map(briefUpdate)
  }
  /** What the store has, in short: `a@101 b@102`. */
  get state(): string {
    return briefState(this.store.list())
  }

  /** Forgets what was noted so far. */
  forget(): void {
    for (const notes of [this.#requests, this.updates, this.events, this.errors, this.states]) notes.length = 0
  }

  /** Puts a state into the store, as a snapshot would. */
  hydrate(objects: readonly ConfigMap[], resourceVersion: string): this {
    this.store.hydrate(
      objects.map((object) => entryFromObject(object)),
      resourceVersion,
    )
    return this
  }

  /** Begins; resolves when nothing more happens without time passing. */
  async open(): Promise<this> {
    this.hydration = await this.persistence?.start()
    this.#running = this.reflector.run({ signal: this.#life.signal })
    await this.#host.settle()
    return this
  }

  /** Ends in order. */
  async close(): Promise<void> {
    this.#life.abort(new Error('the page was closed'))
    await this.#running
    await this.persistence?.close()
  }

  /** Ends as a killed process does: nothing it still meant to do happens. */
  async crash(): Promise<void> {
    this.#clock.stop()
    this.#life.abort(new Error('the page is gone'))
    await this.#host.settle()
  }

  /** Closes it, and sees that no request and no timer is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    const errors = this.errors.length
    await this.close()
    await this.#host.settle()
    await this.#host.expectNothingLeft()
    expect(this.errors.slice(errors)).toEqual([])
  }

  #asked(probing: boolean) {
    return this.#requests.filter(({ url }) => isProbe(url, this.#pageSize) === probing)
  }

  #client(through: NonNullable<PageOptions['fetch']>, options: PageOptions['client']): EntryClient {
    const fetch: Fetch = (request) => {
      this.#requests.push({ url: new URL(request.url), at: this.#host.clock.now() })
      return through(request, this.#host.fetch)
    }
    const clientOptions = { baseUrl: this.#host.baseUrl, fetch, ...options }
    return this.#host.client?.(clientOptions) ?? new KubeClient(clientOptions)
  }
}

/** The world's clock as one page sees it: when the page is gone, so are its timers. */
class PageClock implements Clock {
  readonly #clock: Clock
  readonly #timers = new Set<unknown>()
  #stopped = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  now(): number {
    return this.#clock.now()
  }

  setTimeout(callback: () => void, ms: number): unknown {
    if (this.#stopped) return undefined
    const timer = this.#clock.setTimeout(() => {
      this.#timers.delete(timer)
      callback()
    }, ms)
    this.#timers.add(timer)
    return timer
  }

  clearTimeout(timer: unknown): void {
    this.#timers.delete(timer)
    this.#clock.clearTimeout(timer)
  }

  stop(): void {
    this.#stopped = true
    for (const timer of this.#timers) this.#clock.clearTimeout(timer)
  }
}
