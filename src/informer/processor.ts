import type { Clock } from '../internal/clock'
import type { Entry } from '../meta/entry'
import type { StoreUpdate } from '../store/changes'
import type { HandlerOptions } from './handler'
import { Notifications } from './notifications'

/** As in client-go: a handler that is told of everything more often is a mistake. */
const MIN_RESYNC_PERIOD_MS = 1_000

/** What a {@link Processor} needs of its informer. */
export interface ProcessorHost<T> {
  readonly clock: Clock
  /** The period of listeners that do not say one. */
  readonly resyncPeriodMs: number
  /** Whether the first complete state is there. */
  isSynced(): boolean
  /** What there is. */
  list(): readonly Entry<T>[]
}

/** What a listener brings along. Both are called synchronously, and must not throw. */
export interface SubscribeOptions extends HandlerOptions {
  /** Something waits. */
  onWork: () => void
  /** Nothing will come any more, and nothing waits: the listener was removed, or the informer has stopped. */
  onEnd: () => void
}

/** One listener's place: what waits for it, and when it is to be told of everything. */
export class Subscription<T> {
  readonly waiting: Notifications<T>
  readonly periodMs: number
  readonly onWork: () => void
  /** When the next resync is due, by the clock. */
  dueAt: number = Number.POSITIVE_INFINITY
  /** Whether it was told of what there is; from then on it is told of what changes. */
  joined = false
  #ended = false
  readonly #onEnd: () => void

  /** @throws RangeError when a number makes no sense. */
  constructor({ resyncPeriodMs = 0, maxBacklog = Number.POSITIVE_INFINITY, onWork, onEnd }: SubscribeOptions) {
    if (!(resyncPeriodMs >= 0)) throw new RangeError(`resyncPeriodMs must be 0 (never) or a number of milliseconds, not ${resyncPeriodMs}`)
    if (!(maxBacklog >= 0)) throw new RangeError(`maxBacklog must be a number of changes, not ${maxBacklog}`)
    this.waiting = new Notifications(maxBacklog)
    this.periodMs = resyncPeriodMs === 0 ? 0 : Math.max(resyncPeriodMs, MIN_RESYNC_PERIOD_MS)
    this.onWork = onWork
    this.#onEnd = onEnd
  }

  get ended(): boolean {
    return this.#ended
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.waiting.clear()
    this.#onEnd()
  }
}

/**
 * Hands what a store does to any number of listeners. Each has what waits for it to itself, so that none has to wait for another, and the
 * store for none of them.
 *
 * @see client-go `sharedProcessor`, `processorListener`
 */
export class Processor<T> {
  readonly #host: ProcessorHost<T>
  readonly #subscriptions = new Set<Subscription<T>>()
  #state: 'idle' | 'running' | 'stopped' = 'idle'
  #timer: unknown

  constructor(host: ProcessorHost<T>) {
    this.#host = host
  }

  /**
   * Adds a listener. It is told of what there is, then of what changes.
   *
   * @throws Error when the informer has stopped; RangeError when an option makes no sense.
   */
  subscribe(options: SubscribeOptions): Subscription<T> {
    if (this.#state === 'stopped') throw new Error('the informer has stopped, nothing will happen any more: make another informer')
    const { resyncPeriodMs = this.#host.resyncPeriodMs } = options
    const subscription = new Subscription<T>({ ...options, resyncPeriodMs })
    this.#subscriptions.add(subscription)
    this.#schedule(subscription)
    // The store may be in the midst of telling of a step: what it has now would be told a second time.
    queueMicrotask(() => this.#join(subscription))
    return subscription
  }

  /** Removes a listener. */
  unsubscribe(subscription: Subscription<T>): void {
    this.#subscriptions.delete(subscription)
    subscription.end()
    this.#arm()
  }

  /** Begins to count time. */
  start(): void {
    this.#state = 'running'
    for (const subscription of this.#subscriptions) this.#schedule(subscription)
  }

  /** Ends every listener. */
  stop(): void {
    this.#state = 'stopped'
    for (const subscription of this.#subscriptions) subscription.end()
    this.#subscriptions.clear()
    this.#arm()
  }

  /** A step of the store. */
  take({ changes }: StoreUpdate<T>): void {
    if (changes.length === 0) return
    const isInInitialList = !this.#host.isSynced()
    const notifications = changes.map((change) => ({ ...change, isInInitialList }))
    this.#tell((subscription) => {
      for (const notification of notifications) subscription.waiting.push(notification)
    })
  }

  /** The first complete state is there, and was told. */
  synced(): void {
    this.#tell(({ waiting }) => waiting.push({ type: 'synced' }))
  }

  #join(subscription: Subscription<T>): void {
    if (subscription.ended) return
    const { waiting } = subscription
    subscription.joined = true
    for (const entry of this.#host.list()) waiting.push({ type: 'added', entry, isInInitialList: true })
    if (this.#host.isSynced()) waiting.push({ type: 'synced' })
    subscription.onWork()
  }

  #tell(push: (subscription: Subscription<T>) => void): void {
    for (const subscription of this.#subscriptions) {
      if (!subscription.joined) continue
      push(subscription)
      subscription.onWork()
    }
  }

  #schedule(subscription: Subscription<T>): void {
    if (subscription.periodMs === 0 || this.#state !== 'running') return
    subscription.dueAt = this.#host.clock.now() + subscription.periodMs
    this.#arm()
  }

  /** One timer for all of them, set to the one that is due first. */
  #arm(): void {
    const { clock } = this.#host
    clock.clearTimeout(this.#timer)
    const dueAt = Math.min(...Array.from(this.#subscriptions, (subscription) => subscription.dueAt))
    if (dueAt !== Number.POSITIVE_INFINITY) this.#timer = clock.setTimeout(() => this.#resync(), dueAt - clock.now())
  }

  #resync(): void {
    const now = this.#host.clock.now()
    const due = [...this.#subscriptions].filter(({ dueAt }) => dueAt <= now)
    const entries = due.length > 0 ? this.#host.list() : []
    for (const { waiting, onWork, joined } of due) {
      if (!joined) continue
      // Who is to hear of an object already need not hear of it once more.
      for (const entry of entries) if (!waiting.has(entry.key)) waiting.push({ type: 'resynced', entry, isInInitialList: false })
      onWork()
    }
    for (const subscription of due) subscription.dueAt = now + subscription.periodMs
    this.#arm()
  }
}
