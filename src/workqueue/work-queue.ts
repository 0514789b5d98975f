import { type Clock, systemClock } from '../internal/clock'
import { Opaque } from '../internal/opaque'

/** What a {@link WorkQueue} may be told. */
export interface WorkQueueOptions {
  /** Default: the runtime's clock. */
  clock?: Clock | undefined
}

/** How {@link WorkQueue.get} waits. */
export interface GetOptions {
  /** Gives up waiting; the promise rejects with the signal's reason. */
  signal?: AbortSignal | undefined
}

/**
 * The figures of a queue at one moment: client-go's `workqueue_*` metrics, in milliseconds where those are in seconds.
 *
 * @see client-go `workqueue.MetricsProvider`
 */
export interface WorkQueueStats {
  /** Items to be processed, those included that are being processed and were added again (`workqueue_depth`). */
  readonly depth: number
  /** Items taken in so far; an item that was to be processed anyway does not count again (`workqueue_adds_total`). */
  readonly adds: number
  /** Items being processed. */
  readonly processing: number
  /** For how long all items being processed have been so, together, in milliseconds (`workqueue_unfinished_work_seconds`). */
  readonly unfinishedWorkMs: number
  /** For how long the oldest of them has, in milliseconds; 0 when there is none (`workqueue_longest_running_processor_seconds`). */
  readonly longestRunningMs: number
  /** How long the last item handed out had waited, in milliseconds; undefined before the first (`workqueue_queue_duration_seconds`). */
  readonly lastLatencyMs: number | undefined
  /** How long processing took of the last item done, in milliseconds; undefined before the first (`workqueue_work_duration_seconds`). */
  readonly lastWorkMs: number | undefined
}

/**
 * Hands items to workers, first in, first out. An item added many times before a worker takes it is processed once; one added while it is
 * being processed is processed once more afterwards; none is ever processed by two workers at a time. Items are told apart as the keys of a
 * `Map` are.
 *
 * Every item taken must be given to {@link done}, whatever came of it.
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
  // What is to be processed, and since when. Of these, the ones not being processed stand in line.
  readonly #dirty = new Map<T, number>()
  // What is being processed, and since when.
  readonly #processing = new Map<T, number>()
  // The line is two stacks: `shift` on one long array would move all of it each time.
  #back: T[] = []
  #front: T[] = []
  // Those who wait for an item; there are none while there is a line.
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

  /** How many items stand in line. */
  get length(): number {
    return this.#front.length + this.#back.length
  }

  /** Whether the queue was shut down: it takes nothing new. */
  get shuttingDown(): boolean {
    return this.#shuttingDown
  }

  /** The figures of this moment. */
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

  /** Marks an item as needing to be processed. Ignored once the queue was shut down. */
  add(item: T): void {
    if (this.#shuttingDown || this.#dirty.has(item)) return
    this.#adds++
    this.#dirty.set(item, this.#clock.now())
    if (!this.#processing.has(item)) this.#enqueue(item)
  }

  /**
   * Takes the next item, or waits for one. Whoever waits longest is served first. Who was given an item has it, even when the signal is
   * aborted before the promise is looked at.
   *
   * @returns the item; undefined when the queue was shut down and nothing stands in line: the worker is to end.
   * @throws the signal's reason, when it is aborted first; no item was taken then.
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

  /**
   * Says that the processing of an item is over. When it was added meanwhile, it goes back in line. Ignored for an item that is not being
   * processed.
   */
  done(item: T): void {
    const since = this.#processing.get(item)
    if (since === undefined) return
    this.#processing.delete(item)
    this.#lastWorkMs = this.#clock.now() - since
    if (this.#dirty.has(item)) this.#enqueue(item)
    else if (this.#isDrained()) this.#releaseDrainWaiters()
  }

  /**
   * One worker's items, until the queue was shut down and its line is empty. An item is {@link done} when the loop asks for the next one or
   * is left, be it by an error.
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
   * Takes nothing new from now on. Workers go on until the line is empty, then {@link get} gives undefined. Whoever waits in
   * {@link shutDownWithDrain} waits no longer.
   */
  shutDown(): void {
    this.#close()
    this.#releaseDrainWaiters()
  }

  /**
   * As {@link shutDown}; resolves when all items have been processed, and {@link done} was called for each. A later `shutDown()` ends the
   * wait, which is endless when there are items and no workers.
   *
   * client-go's method may return while items stand in line of which none is being processed yet; this one waits for those too.
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
