import { type Clock, systemClock } from '../internal/clock'
import { Heap } from '../internal/heap'
import { WorkQueue, type WorkQueueOptions, type WorkQueueStats } from './work-queue'

/** The figures of a {@link DelayingQueue} at one moment. */
export interface DelayingQueueStats extends WorkQueueStats {
  /** How often an item was to be added later (`workqueue_retries_total`). */
  readonly retries: number
  /** Items whose time has not come. */
  readonly delayed: number
}

/**
 * A {@link WorkQueue} that can be told to add an item later. However many items wait for their time, there is one timer.
 *
 * @example
 * ```ts
 * queue.addAfter('shop/web-1', 10_000) // look again in ten seconds, unless something happens before
 * ```
 * @see client-go `workqueue.TypedDelayingInterface`
 */
export class DelayingQueue<T extends NonNullable<unknown>> extends WorkQueue<T> {
  readonly #clock: Clock
  // What is to be added later, by the time it is to be added at.
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
   * Marks an item as needing to be processed, now: if it was to be added later, it no longer is. (client-go keeps the delay, and the item is
   * processed a second time.) Ignored once the queue was shut down.
   */
  override add(item: T): void {
    if (this.#waiting.delete(item)) this.#setTimer()
    super.add(item)
  }

  /**
   * Adds an item when a time has passed. For an item that is to be added later already, the earlier time counts. Ignored once the queue was
   * shut down.
   *
   * @param ms the time in milliseconds; 0 or less adds the item at once.
   * @throws RangeError when it is not a finite number.
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

  /** As in {@link WorkQueue}; what was to be added later is forgotten. */
  override shutDown(): void {
    this.#forgetWaiting()
    super.shutDown()
  }

  /** As in {@link WorkQueue}; what was to be added later is forgotten. */
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
    // Timers may fire early: by a millisecond, or when they cannot be set for as long as this.
    this.#setTimer()
  }

  #setTimer(): void {
    const at = this.#waiting.peek()?.priority
    if (at === this.#timer?.at) return
    if (this.#timer) this.#clock.clearTimeout(this.#timer.handle)
    this.#timer = at === undefined ? undefined : { at, handle: this.#clock.setTimeout(() => this.#addWhatIsDue(), at - this.#clock.now()) }
  }
}
