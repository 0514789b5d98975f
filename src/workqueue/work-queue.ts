// A work queue like client-go's: deduplicated, first in first out, one worker per item.

import { type Clock, systemClock } from '../internal/clock'
import { Opaque } from '../internal/opaque'
import type { Seams } from '../internal/seams'
import { ItemTable, NEVER } from './item-table'

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
  // The items that are queued, being processed, or both.
  readonly #table = new ItemTable<T>()
  // The slots of the queued items, as two stacks: `shift` on a long array moves all of its elements.
  #back: number[] = []
  #front: number[] = []
  // Workers waiting for an item; empty while items are queued.
  readonly #getters = new Set<(item: T | undefined) => void>()
  readonly #drainWaiters = new Set<() => void>()
  #shuttingDown = false
  #depth = 0
  #processing = 0
  #adds = 0
  #lastLatencyMs: number | undefined
  #lastWorkMs: number | undefined
  /** The last reading of the clock, until the synchronous run ends. */
  #now: number | undefined

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
    let unfinishedWorkMs = 0
    let longestRunningMs = 0
    for (const takenAt of this.#table.takenAt) {
      if (takenAt === NEVER) continue
      unfinishedWorkMs += now - takenAt
      longestRunningMs = Math.max(longestRunningMs, now - takenAt)
    }
    return {
      depth: this.#depth,
      adds: this.#adds,
      processing: this.#processing,
      unfinishedWorkMs,
      longestRunningMs,
      lastLatencyMs: this.#lastLatencyMs,
      lastWorkMs: this.#lastWorkMs,
    }
  }

  /** Marks an item as needing processing. No-op once the queue is shut down. */
  add(item: T): void {
    if (this.#shuttingDown) return
    const slot = this.#table.use(item)
    const { addedAt, takenAt } = this.#table
    if (addedAt[slot] !== NEVER) return
    this.#adds++
    this.#depth++
    addedAt[slot] = this.#now ?? this.#readClock()
    if (takenAt[slot] === NEVER) this.#enqueue(slot)
  }

  /**
   * Takes the next item, or waits for one. Workers are served in the order of their calls. An item counts as taken once the promise
   * resolves with it, even when the signal is aborted before the worker continues.
   *
   * @returns the item; undefined when the queue is shut down and empty, so that the worker should end.
   * @throws the signal's reason, when it is aborted first; no item is taken in that case.
   */
  get({ signal }: GetOptions = {}): Promise<T | undefined> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    if (this.length > 0 || this.#shuttingDown) return Promise.resolve(this.tryGet())
    return new Promise((resolve, reject) => {
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

  /**
   * Takes the next item if one is queued. Much faster than {@link get} for many items, because it does not wait.
   *
   * @returns the item; undefined when the queue is empty, so that the worker should continue with {@link get}.
   */
  tryGet(): T | undefined {
    return this.length > 0 ? this.#take() : undefined
  }

  /**
   * Takes the queued items, up to `max`, in order. Call {@link doneAll} with them, or {@link done} for each. Does not wait.
   *
   * @param max the most items to take; a positive integer.
   * @throws RangeError for any other `max`.
   */
  tryGetBatch(max: number): T[] {
    if (!Number.isInteger(max) || max <= 0) throw new RangeError(`tryGetBatch: max must be a positive integer, not ${max}`)
    const items: T[] = []
    for (let left = Math.min(max, this.length); left > 0; left--) items.push(this.#take())
    return items
  }

  /** Marks an item as processed. Queues it again if it was added meanwhile. No-op for an item that is not being processed. */
  done(item: T): void {
    const slot = this.#table.find(item)
    if (slot === undefined || this.#table.takenAt[slot] === NEVER) return
    // Not the reading of `get`: a worker may have processed the item without waiting.
    this.#finish(slot, this.#readClock())
  }

  /** Marks the items of a batch as processed, as {@link done} does. Faster, because it reads the clock once. */
  doneAll(items: Iterable<T>): void {
    const now = this.#readClock()
    for (const item of items) {
      const slot = this.#table.find(item)
      if (slot !== undefined && this.#table.takenAt[slot] !== NEVER) this.#finish(slot, now)
    }
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
    return this.#table.size === 0
  }

  #releaseDrainWaiters(): void {
    for (const resolve of this.#drainWaiters) resolve()
    this.#drainWaiters.clear()
  }

  #enqueue(slot: number): void {
    this.#back.push(slot)
    if (this.#getters.size === 0) return
    const [give] = this.#getters
    give?.(this.tryGet())
  }

  /** Takes the first item. The queue is not empty. */
  #take(): T {
    if (this.#front.length === 0) [this.#front, this.#back] = [this.#back.reverse(), this.#front]
    const slot = this.#front.pop() as number
    const { items, addedAt, takenAt } = this.#table
    const now = this.#now ?? this.#readClock()
    this.#lastLatencyMs = now - (addedAt[slot] as number)
    addedAt[slot] = NEVER
    takenAt[slot] = now
    this.#depth--
    this.#processing++
    return items[slot] as T
  }

  #finish(slot: number, now: number): void {
    const { addedAt, takenAt } = this.#table
    this.#lastWorkMs = now - (takenAt[slot] as number)
    takenAt[slot] = NEVER
    this.#processing--
    if (addedAt[slot] !== NEVER) this.#enqueue(slot)
    else {
      this.#table.release(slot)
      if (this.#isDrained()) this.#releaseDrainWaiters()
    }
  }

  /** Reads the clock. Items that are added or taken in the same synchronous run share the reading, which costs as much as queueing one. */
  #readClock(): number {
    if (this.#now === undefined)
      queueMicrotask(() => {
        this.#now = undefined
      })
    this.#now = this.#clock.now()
    return this.#now
  }
}
