// A collection that is kept up to date while it has users, and for a while longer.

import type { KubeObject } from '../api/object'
import type { Entry } from '../codec/entry'
import type { InformerLease } from '../informer/factory'
import type { SharedInformer } from '../informer/shared-informer'
import type { Clock } from '../internal/clock'
import { Listeners } from '../internal/listeners'
import { once } from '../internal/once'
import type { StoreChange, StoreUpdate } from '../store/changes'
import { closedError, isSameStatus, type LiveStatus, liveStatus } from './status'

/** The dependencies of a {@link LiveFeed}. */
export interface LiveFeedOptions {
  readonly clock: Clock
  /** The time that the feed goes on after its last user, in milliseconds. */
  readonly lingerMs: number
  /** Called when the lingering ends. */
  readonly onEnd: () => void
}

/** The least time that a feed waits for a component which was suspended: React holds such a component back for about 300 ms. */
const SUSPENDED_LINGER_MS = 5_000

/**
 * A leased informer, with a count of its users. Beside the informer's own objects it lists those of a first state that is still loading, and calls
 * listeners of single objects.
 */
export class LiveFeed<T extends KubeObject> {
  readonly informer: SharedInformer<T>
  readonly #lease: InformerLease<T>
  readonly #options: LiveFeedOptions
  readonly #updates = new Listeners<StoreUpdate<T>>()
  readonly #statuses = new Listeners<void>()
  readonly #byKey = new Map<string, Set<() => void>>()
  readonly #stops: readonly (() => void)[]
  /** The objects of a first state that is not complete. */
  readonly #arrived = new Map<string, Entry<T>>()
  #arrivedList: readonly Entry<T>[] | undefined
  #status: LiveStatus
  #ready: Promise<void> | undefined
  #users = 0
  #timer: unknown
  #endsAt: number | undefined
  #ended = false

  constructor(lease: InformerLease<T>, options: LiveFeedOptions) {
    this.#lease = lease
    this.informer = lease.informer
    this.#options = options
    this.#status = this.#computed()
    this.#stops = [this.informer.indexer.subscribe((update) => this.#take(update)), this.informer.subscribe(() => this.#look())]
  }

  /** The present status; the same object until a page would show another. */
  get status(): LiveStatus {
    return this.#status
  }

  /** The number of users. */
  get users(): number {
    return this.#users
  }

  /** The time at which the lingering ends, in milliseconds since the epoch; undefined while there are users. */
  get endsAt(): number | undefined {
    return this.#endsAt
  }

  /** Keeps the feed running until the function it returns is called. */
  hold(minLingerMs = 0): () => void {
    this.#options.clock.clearTimeout(this.#timer)
    this.#endsAt = undefined
    this.#users++
    return once(() => {
      this.#users--
      if (this.#users > 0 || this.#ended) return
      const { clock, lingerMs } = this.#options
      const rest = Math.max(lingerMs, minLingerMs)
      this.#endsAt = clock.now() + rest
      this.#timer = clock.setTimeout(() => this.end(), rest)
    })
  }

  /** Ends the feed now. Calling it again is a no-op. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#options.clock.clearTimeout(this.#timer)
    for (const stop of this.#stops) stop()
    this.#lease.release()
    this.#options.onEnd()
    this.#status = { ...this.#status, state: 'stopped' }
    this.#statuses.notify()
  }

  list(): readonly Entry<T>[] {
    if (this.#arrived.size === 0) return this.informer.indexer.list()
    this.#arrivedList ??= [...this.#arrived.values()]
    return this.#arrivedList
  }

  get(key: string): Entry<T> | undefined {
    return this.informer.indexer.get(key) ?? this.#arrived.get(key)
  }

  /** Calls back after each step. */
  subscribe(listener: (update: StoreUpdate<T>) => void): () => void {
    return this.#updates.add(listener)
  }

  /** Calls back after each change of {@link status}. */
  subscribeStatus(listener: () => void): () => void {
    return this.#statuses.add(listener)
  }

  /** Calls back after each change of one object: a step costs its changes, not the number of listeners. */
  subscribeKey(key: string, listener: () => void): () => void {
    const listeners = this.#byKey.get(key) ?? new Set()
    this.#byKey.set(key, listeners)
    const own = () => listener()
    listeners.add(own)
    return () => {
      listeners.delete(own)
      if (listeners.size === 0 && this.#byKey.get(key) === listeners) this.#byKey.delete(key)
    }
  }

  /**
   * Resolves when there is a complete state. The same promise until the feed ends; the feed runs until it settles.
   *
   * @throws the server's error when it denies access or lacks the resource; an Error when the feed is closed first.
   */
  whenReady(): Promise<void> {
    this.#ready ??= this.#waitUntilReady()
    return this.#ready
  }

  /** Called with each batch of the first state; `before` is 0 when it begins again. */
  arrive(entries: readonly Entry<T>[], before: number): void {
    if (this.informer.indexer.resourceVersion !== '') return
    const changes: StoreChange<T>[] = before === 0 ? this.#forget() : []
    for (const entry of entries) {
      const key = this.informer.indexer.keyOf(entry)
      const previous = this.#arrived.get(key)
      this.#arrived.set(key, entry)
      changes.push(previous ? { type: 'updated', entry, previous } : { type: 'added', entry })
    }
    this.#arrivedList = undefined
    this.#tell({ type: 'apply', changes, resourceVersion: '' })
    this.#look()
  }

  #take(update: StoreUpdate<T>): void {
    const { indexer } = this.informer
    const lost = this.#forget().filter(({ entry }) => !indexer.get(indexer.keyOf(entry)))
    this.#tell(lost.length === 0 ? update : { ...update, changes: [...lost, ...update.changes] })
  }

  #forget(): StoreChange<T>[] {
    const changes = Array.from(this.#arrived.values(), (entry) => ({ type: 'deleted' as const, entry }))
    this.#arrived.clear()
    this.#arrivedList = undefined
    return changes
  }

  #tell(update: StoreUpdate<T>): void {
    this.#updates.notify(update)
    if (this.#byKey.size === 0) return
    const keys = new Set<string>()
    for (const { type, entry } of update.changes) if (type !== 'resynced') keys.add(this.informer.indexer.keyOf(entry))
    for (const key of keys) for (const listener of this.#byKey.get(key) ?? []) listener()
  }

  #computed(): LiveStatus {
    const { informer } = this
    return liveStatus(informer.status, informer.indexer.resourceVersion, this.#arrived.size)
  }

  #look(): void {
    const status = this.#computed()
    if (isSameStatus(status, this.#status)) return
    this.#status = status
    this.#statuses.notify()
  }

  async #waitUntilReady(): Promise<void> {
    const release = this.hold(SUSPENDED_LINGER_MS)
    let stop = () => {}
    try {
      await new Promise<void>((resolve, reject) => {
        const look = () => {
          const { isReady, state, error } = this.#status
          if (isReady) resolve()
          else if (state === 'denied' || state === 'gone') reject(error)
          else if (state === 'stopped') reject(closedError())
        }
        stop = this.subscribeStatus(look)
        look()
      })
    } finally {
      stop()
      release()
    }
  }
}
