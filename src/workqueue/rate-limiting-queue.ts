// A work queue that retries failed items with a backoff.

import { DelayingQueue } from './delaying-queue'
import { defaultControllerRateLimiter, type RateLimiter } from './rate-limiters'
import type { WorkQueueOptions } from './work-queue'

/** Options of a {@link RateLimitingQueue}. */
export interface RateLimitingQueueOptions<T> extends WorkQueueOptions {
  /** Computes the delay of a failed item; default {@link defaultControllerRateLimiter}. */
  rateLimiter?: RateLimiter<T> | undefined
}

/**
 * A {@link DelayingQueue} that delays failed items, longer with each failure.
 *
 * @example
 * ```ts
 * for await (const key of queue) {
 *   try {
 *     await reconcile(key)
 *     queue.forget(key)
 *   } catch {
 *     queue.addRateLimited(key)
 *   }
 * }
 * ```
 * @see client-go `workqueue.TypedRateLimitingInterface`
 */
export class RateLimitingQueue<T extends NonNullable<unknown>> extends DelayingQueue<T> {
  readonly #rateLimiter: RateLimiter<T>

  constructor({ rateLimiter, ...options }: RateLimitingQueueOptions<T> = {}) {
    super(options)
    this.#rateLimiter = rateLimiter ?? defaultControllerRateLimiter(options)
  }

  /**
   * Adds an item after the delay that the rate limiter returns.
   *
   * @throws RangeError when a custom rate limiter returns a delay that is not a finite number.
   */
  addRateLimited(item: T): void {
    this.addAfter(item, this.#rateLimiter.when(item))
  }

  /**
   * Resets the failures of an item that has succeeded or was given up. The failures of an item that is never forgotten stay in memory. Call
   * {@link done} for the item as well.
   */
  forget(item: T): void {
    this.#rateLimiter.forget(item)
  }

  /** Returns the number of failures since the item was last forgotten. */
  numRequeues(item: T): number {
    return this.#rateLimiter.numRequeues(item)
  }
}
