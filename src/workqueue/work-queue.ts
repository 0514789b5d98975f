// A work queue like client-go's: deduplicated, first in first out, one worker per item.

import { type Clock, systemClock } from '../internal/clock'
import { Opaque } from '../internal/opaque'
import type { Seams } from '../internal/seams'

/** Options of a {@link WorkQueue}. */
export interface WorkQueueOptions extends Pick<Seams, 'clock'> {}

/** Options of {@link WorkQueue.get}. */
export interface GetOptions {
  /** Ends the wait; the promise rejects with the signal's reason. */
  signal?: AbortSignal | undefined
}

/**
 * A snapshot of a queue's metrics: client-go's `workqueue_*` metrics, in milliseconds instead of seconds.
 *
 * @see client-go `workqueue.MetricsProvider`
 */
export interface WorkQueueStats {
  /** The number of items to process, including items that were added again while being processed (`workqueue_depth`). */
  readonly depth: number
  /** The number of items added so far; adding an item that is already queued does not count (`workqueue_adds_total`). */
  readonly adds: number
  /** The number of items being processed. */
  readonly processing: number
  /** The sum of the ages of all items being processed, in milliseconds (`workqueue_unfinished_work_seconds`). */
  readonly unfinishedWorkMs: number
  /** The age of the oldest item being processed, in milliseconds; 0 without one (`workqueue_longest_running_processor_seconds`). */
  readonly longestRunningMs: number
  /** The time the last item taken had waited, in milliseconds; undefined at first (`workqueue_queue_duration_seconds`). */
  readonly lastLatencyMs: number | undefined
  /** The time the last finished item took, in milliseconds; undefined at first (`workqueue_work_duration_seconds`). */
  readonly lastWorkMs: number | undefined
}

/**
 * A queue of work items, first in, first out. An item added several times before a worker takes it is processed once. An item added while
 * it is being processed is processed once more afterwards. No two workers process the same item at the same time. Items are compared like
 * the keys of a `Map`.
 *
 * Call {@link done} for every item taken, whatever the outcome.
 *
 * @example
 * ```ts
 * const queue = new WorkQueue<string>()
 * queue.add('shop/web-1')
 * for await (const key of queue) await reconcile(key) // each worker; ends after queue.shutDown()
 * ```
 * @see client-go `workqueue.Typed`
 */
export class WorkQueue<T extends NonNullable<unknown>> extends Opaque {
  readonly #clock: Clock
  // Items to process, with the time they were added. Those not being processed are queued.
  readonly #dirty = new Map<T, number>()
  // Items being processed, with the time they were taken.
  readonly #processing = new Map<T, number>()
  // The queue is two stacks: `shift` on a long array moves all of its elements.
  #back: T[] = []
  #front: T[] = []
  // Workers waiting for an item; empty while items are queued.
  readonly #getters = new Set<(item: T | undefined) => void>()
  readonly #drainWaiters = new Set<() => void>()
  #shuttingDown = false
  #adds = 0
  #lastLatencyMs: number | undefined
  #lastWorkMs: number | undefined

  constructor({ clock = systemClock }: WorkQueueOptions = {}) {
    super()
    this.#clock = clock
  }

  /** The number of queued items. */
  get length(): number {
    return this.#front.length + this.#back.length
  }

  /** Whether the queue is shut down and ignores new items. */
  get shuttingDown(): boolean {
    return this.#shuttingDown
  }

  /** A snapshot of the metrics. */
  get stats(): WorkQueueStats {
    const now = this.#clock.now()
    const ages = Array.from(this.#processing.values(), (since) => now - since)
    return {
      depth: this.#dirty.size,
      adds: this.#adds,
      processing: ages.length,
      unfinishedWorkMs: ages.reduce((sum, age) => sum + age, 0),
      longestRunningMs: ages.reduce((longest, age) => Math.max(longest, age), 0),
      lastLatencyMs: this.#lastLatencyMs,
      lastWorkMs: this.#lastWorkMs,
    }
  }

  /** Marks an item as needing processing. No-op once the queue is shut down. */
  add(item: T): void {
    if (this.#shuttingDown || this.#dirty.has(item)) return
    this.#adds++
    this.#dirty.set(item, this.#clock.now())
    if (!this.#processing.has(item)) this.#enqueue(item)
  }

  /**
   * Takes the next item, or waits for one. Workers are served in the order of their calls. An item counts as taken once the promise
   * resolves with it, even when the signal is aborted before the worker continues.
   *
   * @returns the item; undefined when the queue is shut down and empty, so that the worker should end.
   * @throws the signal's reason, when it is aborted first; no item is taken in that case.
   */
  get({ signal }: GetOptions = {}): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      if (this.length > 0 || this.#shuttingDown) return resolve(this.#take())
      const leave = () => {
        this.#getters.delete(give)
        signal?.removeEventListener('abort', abort)
      }
      const give = (item: T | undefined) => {
        leave()
        resolve(item)
      }
      const abort = () => {
        leave()
        reject(signal?.reason)
      }
      this.#getters.add(give)
      signal?.addEventListener('abort', abort)
    })
  }

  /** Marks an item as processed. Queues it again if it was added meanwhile. No-op for an item that is not being processed. */
  done(item: T): void {
    const since = this.#processing.get(item)
    if (since === undefined) return
    this.#processing.delete(item)
    this.#lastWorkMs = this.#clock.now() - since
    if (this.#dirty.has(item)) this.#enqueue(item)
    else if (this.#isDrained()) this.#releaseDrainWaiters()
  }

  /**
   * Yields the items for one worker, until the queue is shut down and empty. Calls {@link done} for an item when the loop asks for the next
   * one or ends, also by an error.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (let item = await this.get(); item !== undefined; item = await this.get()) {
      try {
        yield item
      } finally {
        this.done(item)
      }
    }
  }

  /**
   * Stops accepting items. Workers continue until the queue is empty; then {@link get} returns undefined. Ends the wait of
   * {@link shutDownWithDrain}.
   */
  shutDown(): void {
    this.#close()
    this.#releaseDrainWaiters()
  }

  /**
   * Like {@link shutDown}; resolves when all items have been processed and marked {@link done}. A later `shutDown()` ends the wait, which
   * would never end for queued items without workers.
   *
   * client-go's method may return while queued items are not being processed yet; this one waits for those too.
   */
  shutDownWithDrain(): Promise<void> {
    this.#close()
    if (this.#isDrained()) return Promise.resolve()
    return new Promise((resolve) => void this.#drainWaiters.add(resolve))
  }

  #close(): void {
    this.#shuttingDown = true
    for (const give of this.#getters) give(undefined)
  }

  #isDrained(): boolean {
    return this.#dirty.size === 0 && this.#processing.size === 0
  }

  #releaseDrainWaiters(): void {
    for (const resolve of this.#drainWaiters) resolve()
    this.#drainWaiters.clear()
  }

  #enqueue(item: T): void {
    this.#back.push(item)
    const [give] = this.#getters
    give?.(this.#take())
  }

  #take(): T | undefined {
    if (this.#front.length === 0) [this.#front, this.#back] = [this.#back.reverse(), this.#front]
    const item = this.#front.pop()
    if (item === undefined) return undefined
    const now = this.#clock.now()
    this.#lastLatencyMs = now - (this.#dirty.get(item) ?? now)
    this.#dirty.delete(item)
    this.#processing.set(item, now)
    return item
  }
}
