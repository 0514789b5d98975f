// Backoff and pacing of attempts.

const DEFAULT_INITIAL_MS = 800

/** Options of the exponential backoff between attempts. The defaults are those of client-go. */
export interface BackoffOptions {
  /** The base of the first delay, in milliseconds; default 800. */
  initialMs?: number | undefined
  /** The maximum base of a delay, in milliseconds; default 30,000. */
  maxMs?: number | undefined
  /** The factor between the bases of consecutive delays; default 2. */
  factor?: number | undefined
}

/**
 * An exponential backoff. Each delay is random between its base `d` and `2d`, so that clients cut off together do not reconnect together.
 *
 * @see client-go `wait.Backoff` with jitter 1.0, `DelayWithReset`
 */
export class Backoff {
  readonly #options: { readonly initialMs: number; readonly maxMs: number; readonly factor: number }
  readonly #random: () => number
  #base: number

  /** @throws RangeError when `initialMs` is not above 0, `factor` is below 1, or `maxMs` is below `initialMs`. */
  constructor({ initialMs = DEFAULT_INITIAL_MS, maxMs = 30_000, factor = 2 }: BackoffOptions = {}, random: () => number = Math.random) {
    if (!(initialMs > 0 && factor >= 1 && maxMs >= initialMs)) {
      throw new RangeError(
        `backoff: initialMs must be above 0, factor at least 1 and maxMs at least initialMs, got ${initialMs}, ${factor} and ${maxMs}`,
      )
    }
    this.#options = { initialMs, maxMs, factor }
    this.#random = random
    this.#base = initialMs
  }

  /** Returns the next delay, in milliseconds. */
  next(): number {
    const { maxMs, factor } = this.#options
    const wait = this.#base * (1 + this.#random())
    this.#base = Math.min(this.#base * factor, maxMs)
    return wait
  }

  /**
   * Returns the first delay after a healthy attempt, in milliseconds: from `d` to `1.25d`. Needs little jitter, because long attempts end
   * at different times anyway.
   */
  first(): number {
    const { initialMs, maxMs, factor } = this.#options
    this.#base = Math.min(initialMs * factor, maxMs)
    return initialMs * (1 + this.#random() / 4)
  }

  /** Returns the maximum delay, in milliseconds, for failures that will not be resolved soon. */
  longest(): number {
    return this.#options.maxMs * (1 + this.#random())
  }

  /** Starts over with the first delay. */
  reset(): void {
    this.#base = this.#options.initialMs
  }
}

/**
 * The number of attempts that may follow each other at once. A further one starts after this many first delays: every 4 s by default, so that at
 * most 19 attempts start in a minute.
 */
const BURST = 4
const REFILL_WAITS = 5

/** Limits the rate of attempts without a backoff: a server may accept a watch, send an event and close it, again and again. */
export class Pace {
  readonly #refillMs: number
  #tokens = BURST
  #filledAtMs: number

  /** @param nowMs the current time, in milliseconds. */
  constructor(nowMs: number, { initialMs = DEFAULT_INITIAL_MS }: Pick<BackoffOptions, 'initialMs'> = {}) {
    this.#refillMs = REFILL_WAITS * initialMs
    this.#filledAtMs = nowMs
  }

  /** Counts an attempt. */
  count(nowMs: number): void {
    this.#fill(nowMs)
    this.#tokens--
  }

  /** Returns the delay before the next attempt, in milliseconds. */
  waitMs(nowMs: number): number {
    this.#fill(nowMs)
    return Math.max(0, 1 - this.#tokens) * this.#refillMs
  }

  #fill(nowMs: number): void {
    this.#tokens = Math.min(BURST, this.#tokens + Math.max(0, nowMs - this.#filledAtMs) / this.#refillMs)
    this.#filledAtMs = nowMs
  }
}
