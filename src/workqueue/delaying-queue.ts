// A work queue that can add items later.

import { type Clock, systemClock } from '../internal/clock'
import { Heap } from '../internal/heap'
import { WorkQueue, type WorkQueueOptions, type WorkQueueStats } from './work-queue'

/** A snapshot of the metrics of a {@link DelayingQueue}. */
export interface DelayingQueueStats extends WorkQueueStats {
  /** The number of delayed additions (`workqueue_retries_total`). */
  readonly retries: number
  /** The number of items whose delay has not passed. */
  readonly delayed: number
}

/**
 * A {@link WorkQueue} with delayed additions. Uses one timer for all delayed items.
 *
 * @example
 * ```ts
 * queue.addAfter('shop/web-1', 10_000) // process in ten seconds, unless it is added before
 * ```
 * @see client-go `workqueue.TypedDelayingInterface`
 */
export class DelayingQueue<T extends NonNullable<unknown>> extends WorkQueue<T> {
  readonly #clock: Clock
  // The delayed items, by the time at which to add them.
  readonly #waiting = new Heap<T>()
  #timer: { readonly at: number; readonly handle: unknown } | undefined
  #retries = 0

  constructor(options: WorkQueueOptions = {}) {
    super(options)
    this.#clock = options.clock ?? systemClock
  }

  override get stats(): DelayingQueueStats {
    return { ...super.stats, retries: this.#retries, delayed: this.#waiting.size }
  }

  /**
   * Marks an item as needing processing now, and cancels a delayed addition of it. (client-go keeps the delay and processes the item a
   * second time.) No-op once the queue is shut down.
   */
  override add(item: T): void {
    if (this.#waiting.delete(item)) this.#setTimer()
    super.add(item)
  }

  /**
   * Adds an item after a delay. If the item is delayed already, the earlier time wins. No-op once the queue is shut down.
   *
   * @param ms the delay in milliseconds; 0 or less adds the item at once.
   * @throws RangeError when the delay is not a finite number.
   */
  addAfter(item: T, ms: number): void {
    if (!Number.isFinite(ms)) throw new RangeError(`addAfter: ms must be a finite number of milliseconds, not ${ms}`)
    if (this.shuttingDown) return
    this.#retries++
    if (ms <= 0) {
      this.add(item)
      return
    }
    const at = this.#clock.now() + ms
    if (at >= (this.#waiting.get(item) ?? Number.POSITIVE_INFINITY)) return
    this.#waiting.set(item, at)
    this.#setTimer()
  }

  /** As in {@link WorkQueue}; also drops the delayed items. */
  override shutDown(): void {
    this.#forgetWaiting()
    super.shutDown()
  }

  /** As in {@link WorkQueue}; also drops the delayed items. */
  override shutDownWithDrain(): Promise<void> {
    this.#forgetWaiting()
    return super.shutDownWithDrain()
  }

  #forgetWaiting(): void {
    this.#waiting.clear()
    this.#setTimer()
  }

  #addWhatIsDue(): void {
    this.#timer = undefined
    const now = this.#clock.now()
    for (let next = this.#waiting.peek(); next && next.priority <= now; next = this.#waiting.peek()) {
      this.#waiting.delete(next.key)
      this.add(next.key)
    }
    // A timer may fire early: by a millisecond, or because its delay exceeds the maximum.
    this.#setTimer()
  }

  #setTimer(): void {
    const at = this.#waiting.peek()?.priority
    if (at === this.#timer?.at) return
    if (this.#timer) this.#clock.clearTimeout(this.#timer.handle)
    this.#timer = at === undefined ? undefined : { at, handle: this.#clock.setTimeout(() => this.#addWhatIsDue(), at - this.#clock.now()) }
  }
}
