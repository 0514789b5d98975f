/** How long to wait between attempts. The defaults are client-go's. */
export interface BackoffOptions {
  /** The first wait, in milliseconds; default 800. */
  initialMs?: number | undefined
  /** The longest base of a wait, in milliseconds; default 30,000. */
  maxMs?: number | undefined
  /** What each wait's base is multiplied by for the next; default 2. */
  factor?: number | undefined
  /** Health for so long, in milliseconds, begins anew; default 120,000. */
  resetMs?: number | undefined
}

/**
 * Exponential waits, each drawn at random from `d` to `2d`, so that clients cut off together do not come back together.
 *
 * @see client-go `wait.Backoff` with jitter 1.0, `DelayWithReset`
 */
export class Backoff {
  readonly #options: { readonly initialMs: number; readonly maxMs: number; readonly factor: number; readonly resetMs: number }
  readonly #random: () => number
  #base: number
  // When the last wait ends.
  #waitedUntilMs = Number.POSITIVE_INFINITY

  /** @throws RangeError when the waits would not be waits. */
  constructor({ initialMs = 800, maxMs = 30_000, factor = 2, resetMs = 120_000 }: BackoffOptions = {}, random: () => number = Math.random) {
    if (!(initialMs > 0 && factor >= 1 && maxMs >= initialMs)) {
      throw new RangeError(
        `backoff: initialMs must be above 0, factor at least 1 and maxMs at least initialMs, not ${initialMs}, ${factor} and ${maxMs}`,
      )
    }
    this.#options = { initialMs, maxMs, factor, resetMs }
    this.#random = random
    this.#base = initialMs
  }

  /**
   * The next wait in milliseconds.
   *
   * @param nowMs the time: when the wait before ended more than `resetMs` ago, there was health in between.
   */
  next(nowMs: number): number {
    const { maxMs, factor, resetMs } = this.#options
    if (nowMs - this.#waitedUntilMs > resetMs) this.reset()
    const wait = this.#base * (1 + this.#random())
    this.#base = Math.min(this.#base * factor, maxMs)
    this.#waitedUntilMs = nowMs + wait
    return wait
  }

  /** The longest wait, for what will not get better soon. */
  longest(): number {
    return this.#options.maxMs * (1 + this.#random())
  }

  /** Begins anew. */
  reset(): void {
    this.#base = this.#options.initialMs
  }
}
