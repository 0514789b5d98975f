import type { Entry } from '../../codec/entry'
import type { Clock } from '../../internal/clock'
import type { StoreUpdate } from '../../store/changes'
import type { BacklogEvent } from '../events'
import { DEFAULT_MAX_BACKLOG, type HandlerOptions } from './handler'
import { type Notification, Notifications } from './notifications'

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
  /** Told of every listener's backlog; undefined when nobody listens. */
  readonly emit: ((event: BacklogEvent) => void) | undefined
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
  /** When the next resync is due, by the clock. */
  dueAt: number = Number.POSITIVE_INFINITY
  /** Whether it was told of what there is; from then on it is told of what changes. */
  joined = false
  #ended = false
  readonly #onWork: () => void
  readonly #onEnd: () => void
  readonly #onBacklog: ((length: number) => void) | undefined
  // The backlog that was told last.
  #told = 0

  /**
   * @param onBacklog told of the length of what waits, when that has changed.
   * @throws RangeError when a number makes no sense.
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

  /** What was added waits to be taken out. */
  work(): void {
    this.#tellBacklog()
    this.#onWork()
  }

  /** Takes out what comes next; undefined when nothing waits. */
  shift(): Notification<T> | undefined {
    const next = this.waiting.shift()
    // Halves: a backlog of any length is told of a few times while it is worked off, however slowly.
    if (this.waiting.length * 2 <= this.#told) this.#tellBacklog()
    return next
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.waiting.clear()
    this.#tellBacklog()
    this.#onEnd()
  }

  #tellBacklog(): void {
    const { length } = this.waiting
    if (length === this.#told || !this.#onBacklog) return
    this.#told = length
    this.#onBacklog(length)
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
  #count = 0

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
    const { emit } = this.#host
    const { resyncPeriodMs = this.#host.resyncPeriodMs, name: handler = String(++this.#count) } = options
    const onBacklog = emit && ((length: number) => emit({ type: 'backlog', handler, length }))
    const subscription = new Subscription<T>({ ...options, resyncPeriodMs }, onBacklog)
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
    subscription.work()
  }

  #tell(push: (subscription: Subscription<T>) => void): void {
    for (const subscription of this.#subscriptions) {
      if (!subscription.joined) continue
      push(subscription)
      subscription.work()
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
    for (const subscription of due) {
      if (!subscription.joined) continue
      const { waiting } = subscription
      // Who is to hear of an object already need not hear of it once more.
      for (const entry of entries) if (!waiting.has(entry.key)) waiting.push({ type: 'resynced', entry, isInInitialList: false })
      subscription.work()
    }
    for (const subscription of due) subscription.dueAt = now + subscription.periodMs
    this.#arm()
  }
}
