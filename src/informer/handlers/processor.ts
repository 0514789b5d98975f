// Distributes the changes of a store to listeners.

import type { Entry } from '../../codec/entry'
import type { Clock } from '../../internal/clock'
import type { StoreUpdate } from '../../store/changes'
import type { BacklogEvent } from '../events'
import { DEFAULT_MAX_BACKLOG, type HandlerOptions } from './handler'
import { type Notification, Notifications } from './notifications'

/** The minimum resync period, in milliseconds, as in client-go. */
const MIN_RESYNC_PERIOD_MS = 1_000

/** The surroundings of a {@link Processor}, provided by its informer. */
export interface ProcessorDeps<T> {
  readonly clock: Clock
  /** The resync period of listeners without one of their own, in milliseconds. */
  readonly resyncPeriodMs: number
  /** Whether the first complete state is known. */
  isSynced(): boolean
  /** Returns the current entries. */
  list(): readonly Entry<T>[]
  /** Reports the backlog of each listener; undefined without a listener of events. */
  readonly emit: ((event: BacklogEvent) => void) | undefined
}

/** Options of a subscription. Both callbacks are called synchronously and must not throw. */
export interface SubscribeOptions extends HandlerOptions {
  /** Called when an item is waiting. */
  onWork: () => void
  /** Called when no further item will come and none is waiting: the listener was removed, or the informer has stopped. */
  onEnd: () => void
}

/** The subscription of one listener: its backlog and its resync timer. */
export class Subscription<T> {
  readonly waiting: Notifications<T>
  readonly periodMs: number
  /** The time of the next resync, by the clock. */
  dueAt: number = Number.POSITIVE_INFINITY
  /** Whether the listener has received the objects present. From then on it receives changes. */
  joined = false
  #ended = false
  readonly #onWork: () => void
  readonly #onEnd: () => void
  readonly #onBacklog: ((length: number) => void) | undefined
  // The backlog that was reported last.
  #reported = 0

  /**
   * @param onBacklog called with the length of the backlog when it has changed.
   * @throws RangeError for an invalid number.
   */
  constructor(
    { resyncPeriodMs = 0, maxBacklog = DEFAULT_MAX_BACKLOG, onWork, onEnd }: SubscribeOptions,
    onBacklog?: (length: number) => void,
  ) {
    if (!(resyncPeriodMs >= 0)) throw new RangeError(`resyncPeriodMs must be 0 (never) or a number of milliseconds, not ${resyncPeriodMs}`)
    if (!(maxBacklog >= 0)) throw new RangeError(`maxBacklog must be a number of changes, not ${maxBacklog}`)
    this.waiting = new Notifications(maxBacklog)
    this.periodMs = resyncPeriodMs === 0 ? 0 : Math.max(resyncPeriodMs, MIN_RESYNC_PERIOD_MS)
    this.#onWork = onWork
    this.#onEnd = onEnd
    this.#onBacklog = onBacklog
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Announces that added items are waiting. */
  work(): void {
    this.#reportBacklog()
    this.#onWork()
  }

  /** Removes and returns the next item; undefined when none is waiting. */
  shift(): Notification<T> | undefined {
    const next = this.waiting.shift()
    // Reports at each halving, so that a backlog of any length is reported only a few times while it is processed.
    if (this.waiting.length * 2 <= this.#reported) this.#reportBacklog()
    return next
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.waiting.clear()
    this.#reportBacklog()
    this.#onEnd()
  }

  #reportBacklog(): void {
    const { length } = this.waiting
    if (length === this.#reported || !this.#onBacklog) return
    this.#reported = length
    this.#onBacklog(length)
  }
}

/**
 * Distributes the steps of a store to any number of listeners. Each has its own backlog, so that no listener waits for another, and the
 * store waits for none.
 *
 * @see client-go `sharedProcessor`, `processorListener`
 */
export class Processor<T> {
  readonly #deps: ProcessorDeps<T>
  readonly #subscriptions = new Set<Subscription<T>>()
  #state: 'idle' | 'running' | 'stopped' = 'idle'
  #timer: unknown
  #count = 0

  constructor(deps: ProcessorDeps<T>) {
    this.#deps = deps
  }

  /**
   * Adds a listener. It receives the objects present, then changes.
   *
   * @throws Error when the informer has stopped; RangeError for an invalid option.
   */
  subscribe(options: SubscribeOptions): Subscription<T> {
    if (this.#state === 'stopped') throw new Error('the informer has stopped, nothing will happen any more: make another informer')
    const { emit } = this.#deps
    const { resyncPeriodMs = this.#deps.resyncPeriodMs, name: handler = String(++this.#count) } = options
    const onBacklog = emit && ((length: number) => emit({ type: 'backlog', handler, length }))
    const subscription = new Subscription<T>({ ...options, resyncPeriodMs }, onBacklog)
    this.#subscriptions.add(subscription)
    this.#schedule(subscription)
    // The store may be notifying subscribers of a step. Its current objects would then be delivered twice.
    queueMicrotask(() => this.#join(subscription))
    return subscription
  }

  /** Removes a listener. */
  unsubscribe(subscription: Subscription<T>): void {
    this.#subscriptions.delete(subscription)
    subscription.end()
    this.#arm()
  }

  /** Starts the resync timers. */
  start(): void {
    this.#state = 'running'
    for (const subscription of this.#subscriptions) this.#schedule(subscription)
  }

  /** Ends every subscription. */
  stop(): void {
    this.#state = 'stopped'
    for (const subscription of this.#subscriptions) subscription.end()
    this.#subscriptions.clear()
    this.#arm()
  }

  /** Distributes a step of the store. */
  take({ changes }: StoreUpdate<T>): void {
    if (changes.length === 0) return
    const isInInitialList = !this.#deps.isSynced()
    const notifications = changes.map((change) => ({ ...change, isInInitialList }))
    this.#forEachJoined((subscription) => {
      for (const notification of notifications) subscription.waiting.push(notification)
    })
  }

  /** Marks the end of the first complete state, which has been distributed. */
  synced(): void {
    this.#forEachJoined(({ waiting }) => waiting.push({ type: 'synced' }))
  }

  #join(subscription: Subscription<T>): void {
    if (subscription.ended) return
    const { waiting } = subscription
    subscription.joined = true
    for (const entry of this.#deps.list()) waiting.push({ type: 'added', entry, isInInitialList: true })
    if (this.#deps.isSynced()) waiting.push({ type: 'synced' })
    subscription.work()
  }

  #forEachJoined(push: (subscription: Subscription<T>) => void): void {
    for (const subscription of this.#subscriptions) {
      if (!subscription.joined) continue
      push(subscription)
      subscription.work()
    }
  }

  #schedule(subscription: Subscription<T>): void {
    if (subscription.periodMs === 0 || this.#state !== 'running') return
    subscription.dueAt = this.#deps.clock.now() + subscription.periodMs
    this.#arm()
  }

  /** Sets the only timer to the resync that is due first. */
  #arm(): void {
    const { clock } = this.#deps
    clock.clearTimeout(this.#timer)
    const dueAt = Math.min(...Array.from(this.#subscriptions, (subscription) => subscription.dueAt))
    if (dueAt !== Number.POSITIVE_INFINITY) this.#timer = clock.setTimeout(() => this.#resync(), dueAt - clock.now())
  }

  #resync(): void {
    const now = this.#deps.clock.now()
    const due = [...this.#subscriptions].filter(({ dueAt }) => dueAt <= now)
    const entries = due.length > 0 ? this.#deps.list() : []
    for (const subscription of due) {
      if (!subscription.joined) continue
      const { waiting } = subscription
      // A listener with a waiting change of an object does not need a resync of it.
      for (const entry of entries) if (!waiting.has(entry.key)) waiting.push({ type: 'resynced', entry, isInInitialList: false })
      subscription.work()
    }
    for (const subscription of due) subscription.dueAt = now + subscription.periodMs
    this.#arm()
  }
}
