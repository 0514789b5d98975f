import { DelayingQueue } from './delaying-queue'
import { defaultControllerRateLimiter, type RateLimiter } from './rate-limiters'
import type { WorkQueueOptions } from './work-queue'

/** What a {@link RateLimitingQueue} may be told. */
export interface RateLimitingQueueOptions<T> extends WorkQueueOptions {
  /** How long a failed item waits; default {@link defaultControllerRateLimiter}. */
  rateLimiter?: RateLimiter<T> | undefined
}

/**
 * A {@link DelayingQueue} that lets items which failed wait before they are processed again, the longer the more often they failed.
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
   * Adds an item when the rate limiter allows.
   *
   * @throws RangeError when a rate limiter of one's own gives a wait that is not a finite number.
   */
  addRateLimited(item: T): void {
    this.addAfter(item, this.#rateLimiter.when(item))
  }

  /**
   * Forgets the failures of an item, be it that it succeeded or was given up. Those that are never forgotten are kept for ever. An item
   * being processed still has to be {@link done}.
   */
  forget(item: T): void {
    this.#rateLimiter.forget(item)
  }

  /** How often an item has failed since it was forgotten last. */
  numRequeues(item: T): number {
    return this.#rateLimiter.numRequeues(item)
  }
}
