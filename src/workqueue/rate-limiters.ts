import { type Clock, systemClock } from '../internal/clock'
import { Opaque } from '../internal/opaque'

/**
 * Decides how long an item waits before it is tried again.
 *
 * @see client-go `workqueue.TypedRateLimiter`
 */
export interface RateLimiter<in T> {
  /** How long the item is to wait this time, in milliseconds. Asking counts as a failure of the item. */
  when(item: T): number
  /** The item is not tried again, be it that it succeeded or was given up: its failures are forgotten. */
  forget(item: T): void
  /** How many failures the item has had since it was forgotten last. */
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

/** How long a failed item waits: {@link ItemExponentialFailureRateLimiter}. */
export interface ItemExponentialFailureOptions {
  /** The wait after the first failure, in milliseconds; default 5. */
  baseDelayMs?: number | undefined
  /** The longest wait, in milliseconds; default 1,000,000. */
  maxDelayMs?: number | undefined
}

/**
 * Each failure of an item doubles its wait: the first is `baseDelayMs`, none is above `maxDelayMs`.
 *
 * @see client-go `workqueue.TypedItemExponentialFailureRateLimiter`
 */
export class ItemExponentialFailureRateLimiter extends Opaque implements RateLimiter<unknown> {
  readonly #failures = new Failures()
  readonly #baseDelayMs: number
  readonly #maxDelayMs: number

  /** @throws RangeError when the waits would not be waits. */
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

/** How long a failed item waits: {@link ItemFastSlowRateLimiter}. */
export interface ItemFastSlowOptions {
  /** The short wait, in milliseconds. */
  fastDelayMs: number
  /** The long wait, in milliseconds. */
  slowDelayMs: number
  /** How many failures are followed by the short wait. */
  maxFastAttempts: number
}

/**
 * An item's first failures cost it a short wait each, all further ones a long wait.
 *
 * @see client-go `workqueue.TypedItemFastSlowRateLimiter`
 */
export class ItemFastSlowRateLimiter extends Opaque implements RateLimiter<unknown> {
  readonly #failures = new Failures()
  readonly #fastDelayMs: number
  readonly #slowDelayMs: number
  readonly #maxFastAttempts: number

  /** @throws RangeError when a wait is not a finite number from 0 on, or the attempts are not a number from 0 on. */
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

/** How fast a {@link BucketRateLimiter} lets items through. */
export interface BucketOptions {
  /** How many items a second, in the long run; default 10. */
  perSecond?: number | undefined
  /** How many at once, after a rest; default 100. */
  burst?: number | undefined
  /** Default: the runtime's clock. */
  clock?: Clock | undefined
}

/**
 * A token bucket for all items together: who finds no token reserves the next one that nobody has reserved, and waits for it. It knows
 * nothing of single items.
 *
 * @see client-go `workqueue.TypedBucketRateLimiter`, `golang.org/x/time/rate`
 */
export class BucketRateLimiter extends Opaque implements RateLimiter<unknown> {
  readonly #perMs: number
  readonly #burst: number
  readonly #clock: Clock
  // Below 0: so many are reserved that are not there yet.
  #tokens: number
  #filledAt: number

  /** @throws RangeError when no item would ever come through. */
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
    // A clock that was set back takes no tokens away.
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
 * Asks several limiters and takes the longest wait.
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
 * Asks a limiter, and waits no longer than so long.
 *
 * @see client-go `workqueue.TypedWithMaxWaitRateLimiter`
 */
export class WithMaxWaitRateLimiter<T> extends Opaque implements RateLimiter<T> {
  readonly #limiter: RateLimiter<T>
  readonly #maxDelayMs: number

  /**
   * @param maxDelayMs the longest wait, in milliseconds.
   * @throws RangeError when it is not a finite number from 0 on.
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
 * What controllers use: each item's failures double its wait, from 5 ms to 1,000 s, and all retries together are at most ten a second after
 * a burst of a hundred.
 *
 * @see client-go `workqueue.DefaultTypedControllerRateLimiter`
 */
export function defaultControllerRateLimiter({ clock }: { clock?: Clock | undefined } = {}): RateLimiter<unknown> {
  return new MaxOfRateLimiter<unknown>(new ItemExponentialFailureRateLimiter(), new BucketRateLimiter({ clock }))
}

function checkDelay(what: string, ms: number): void {
  if (!(ms >= 0 && Number.isFinite(ms))) throw new RangeError(`${what} must be a finite number of milliseconds from 0 on, not ${ms}`)
}
