// Rate limiters: how long a failed item waits before it is retried.

import { type Clock, systemClock } from '../internal/clock'
import { Opaque } from '../internal/opaque'
import type { Seams } from '../internal/seams'

/**
 * Computes how long an item waits before it is retried.
 *
 * @see client-go `workqueue.TypedRateLimiter`
 */
export interface RateLimiter<in T> {
  /** Returns the delay before the next attempt, in milliseconds. Each call counts as one failure of the item. */
  when(item: T): number
  /** Resets the failures of an item that has succeeded or was given up. */
  forget(item: T): void
  /** Returns the number of failures since the item was last forgotten. */
  numRequeues(item: T): number
}

class Failures {
  readonly #counts = new Map<unknown, number>()

  of(item: unknown): number {
    return this.#counts.get(item) ?? 0
  }
  add(item: unknown): number {
    const count = this.of(item) + 1
    this.#counts.set(item, count)
    return count
  }
  forget(item: unknown): void {
    this.#counts.delete(item)
  }
}

/** Options of an {@link ItemExponentialFailureRateLimiter}. */
export interface ItemExponentialFailureOptions {
  /** The delay after the first failure, in milliseconds; default 5. */
  baseDelayMs?: number | undefined
  /** The maximum delay, in milliseconds; default 1,000,000. */
  maxDelayMs?: number | undefined
}

/**
 * Doubles the delay of an item with each failure, from `baseDelayMs` up to `maxDelayMs`.
 *
 * @see client-go `workqueue.TypedItemExponentialFailureRateLimiter`
 */
export class ItemExponentialFailureRateLimiter extends Opaque implements RateLimiter<unknown> {
  readonly #failures = new Failures()
  readonly #baseDelayMs: number
  readonly #maxDelayMs: number

  /** @throws RangeError when `baseDelayMs` is not above 0, or `maxDelayMs` is below it or infinite. */
  constructor({ baseDelayMs = 5, maxDelayMs = 1_000_000 }: ItemExponentialFailureOptions = {}) {
    super()
    if (!(baseDelayMs > 0 && maxDelayMs >= baseDelayMs && Number.isFinite(maxDelayMs))) {
      throw new RangeError(
        `ItemExponentialFailureRateLimiter: baseDelayMs must be above 0, maxDelayMs at least that and finite, not ${baseDelayMs} and ${maxDelayMs}`,
      )
    }
    this.#baseDelayMs = baseDelayMs
    this.#maxDelayMs = maxDelayMs
  }

  when(item: unknown): number {
    return Math.min(this.#baseDelayMs * 2 ** (this.#failures.add(item) - 1), this.#maxDelayMs)
  }
  forget(item: unknown): void {
    this.#failures.forget(item)
  }
  numRequeues(item: unknown): number {
    return this.#failures.of(item)
  }
}

/** Options of an {@link ItemFastSlowRateLimiter}. */
export interface ItemFastSlowOptions {
  /** The short delay, in milliseconds. */
  fastDelayMs: number
  /** The long delay, in milliseconds. */
  slowDelayMs: number
  /** The number of failures that get the short delay. */
  maxFastAttempts: number
}

/**
 * Uses a short delay for an item's first failures and a long one for all further failures.
 *
 * @see client-go `workqueue.TypedItemFastSlowRateLimiter`
 */
export class ItemFastSlowRateLimiter extends Opaque implements RateLimiter<unknown> {
  readonly #failures = new Failures()
  readonly #fastDelayMs: number
  readonly #slowDelayMs: number
  readonly #maxFastAttempts: number

  /** @throws RangeError when a delay is negative or infinite, or `maxFastAttempts` is negative. */
  constructor({ fastDelayMs, slowDelayMs, maxFastAttempts }: ItemFastSlowOptions) {
    super()
    checkDelay('ItemFastSlowRateLimiter: fastDelayMs', fastDelayMs)
    checkDelay('ItemFastSlowRateLimiter: slowDelayMs', slowDelayMs)
    if (!(maxFastAttempts >= 0)) throw new RangeError(`ItemFastSlowRateLimiter: maxFastAttempts must be at least 0, not ${maxFastAttempts}`)
    this.#fastDelayMs = fastDelayMs
    this.#slowDelayMs = slowDelayMs
    this.#maxFastAttempts = maxFastAttempts
  }

  when(item: unknown): number {
    return this.#failures.add(item) <= this.#maxFastAttempts ? this.#fastDelayMs : this.#slowDelayMs
  }
  forget(item: unknown): void {
    this.#failures.forget(item)
  }
  numRequeues(item: unknown): number {
    return this.#failures.of(item)
  }
}

/** Options of a {@link BucketRateLimiter}. */
export interface BucketOptions extends Pick<Seams, 'clock'> {
  /** The sustained rate, in items per second; default 10. */
  perSecond?: number | undefined
  /** The maximum number of items at once; default 100. */
  burst?: number | undefined
}

/**
 * A token bucket shared by all items. Without a free token, a call reserves the next one and returns the time until it is available. Keeps
 * no state per item.
 *
 * @see client-go `workqueue.TypedBucketRateLimiter`, `golang.org/x/time/rate`
 */
export class BucketRateLimiter extends Opaque implements RateLimiter<unknown> {
  readonly #perMs: number
  readonly #burst: number
  readonly #clock: Clock
  // Negative while tokens are reserved in advance.
  #tokens: number
  #filledAt: number

  /** @throws RangeError when `perSecond` is not above 0, or `burst` is below 1. */
  constructor({ perSecond = 10, burst = 100, clock = systemClock }: BucketOptions = {}) {
    super()
    if (!(perSecond > 0 && burst >= 1)) {
      throw new RangeError(`BucketRateLimiter: perSecond must be above 0 and burst at least 1, not ${perSecond} and ${burst}`)
    }
    this.#perMs = perSecond / 1000
    this.#burst = burst
    this.#clock = clock
    this.#tokens = burst
    this.#filledAt = clock.now()
  }

  when(_item: unknown): number {
    const now = this.#clock.now()
    // A clock that was set back removes no tokens.
    const elapsedMs = Math.max(0, now - this.#filledAt)
    this.#tokens = Math.min(this.#tokens + elapsedMs * this.#perMs, this.#burst) - 1
    this.#filledAt = now
    return Math.max(0, -this.#tokens / this.#perMs)
  }
  forget(_item: unknown): void {}
  numRequeues(_item: unknown): number {
    return 0
  }
}

/**
 * Combines several limiters by taking the longest delay.
 *
 * @see client-go `workqueue.TypedMaxOfRateLimiter`
 */
export class MaxOfRateLimiter<T> extends Opaque implements RateLimiter<T> {
  readonly #limiters: readonly RateLimiter<T>[]

  constructor(...limiters: readonly RateLimiter<T>[]) {
    super()
    this.#limiters = limiters
  }

  when(item: T): number {
    return Math.max(0, ...this.#limiters.map((limiter) => limiter.when(item)))
  }
  forget(item: T): void {
    for (const limiter of this.#limiters) limiter.forget(item)
  }
  numRequeues(item: T): number {
    return Math.max(0, ...this.#limiters.map((limiter) => limiter.numRequeues(item)))
  }
}

/**
 * Caps the delay of another limiter.
 *
 * @see client-go `workqueue.TypedWithMaxWaitRateLimiter`
 */
export class WithMaxWaitRateLimiter<T> extends Opaque implements RateLimiter<T> {
  readonly #limiter: RateLimiter<T>
  readonly #maxDelayMs: number

  /**
   * @param limiter the limiter to cap.
   * @param maxDelayMs the maximum delay, in milliseconds.
   * @throws RangeError when the maximum is negative or infinite.
   */
  constructor(limiter: RateLimiter<T>, maxDelayMs: number) {
    super()
    checkDelay('WithMaxWaitRateLimiter: maxDelayMs', maxDelayMs)
    this.#limiter = limiter
    this.#maxDelayMs = maxDelayMs
  }

  when(item: T): number {
    return Math.min(this.#limiter.when(item), this.#maxDelayMs)
  }
  forget(item: T): void {
    this.#limiter.forget(item)
  }
  numRequeues(item: T): number {
    return this.#limiter.numRequeues(item)
  }
}

/**
 * Returns the default limiter of controllers. Failures of an item double its delay, from 5 ms to 1,000 s. All retries together are limited
 * to ten per second, after a burst of a hundred.
 *
 * @see client-go `workqueue.DefaultTypedControllerRateLimiter`
 */
export function defaultControllerRateLimiter({ clock }: { clock?: Clock | undefined } = {}): RateLimiter<unknown> {
  return new MaxOfRateLimiter<unknown>(new ItemExponentialFailureRateLimiter(), new BucketRateLimiter({ clock }))
}

function checkDelay(what: string, ms: number): void {
  if (!(ms >= 0 && Number.isFinite(ms))) throw new RangeError(`${what} must be a finite number of milliseconds, 0 or more, not ${ms}`)
}
