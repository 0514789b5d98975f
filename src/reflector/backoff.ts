const DEFAULT_INITIAL_MS = 800

/** How long to wait between attempts. The defaults are client-go's. */
export interface BackoffOptions {
  /** The first wait, in milliseconds; default 800. */
  initialMs?: number | undefined
  /** The longest base of a wait, in milliseconds; default 30,000. */
  maxMs?: number | undefined
  /** What each wait's base is multiplied by for the next; default 2. */
  factor?: number | undefined
}

/**
 * Exponential waits, each drawn at random from `d` to `2d`, so that clients cut off together do not come back together.
 *
 * @see client-go `wait.Backoff` with jitter 1.0, `DelayWithReset`
 */
export class Backoff {
  readonly #options: { readonly initialMs: number; readonly maxMs: number; readonly factor: number }
  readonly #random: () => number
  #base: number

  /** @throws RangeError when the waits would not be waits. */
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

  /** The next wait, in milliseconds. */
  next(): number {
    const { maxMs, factor } = this.#options
    const wait = this.#base * (1 + this.#random())
    this.#base = Math.min(this.#base * factor, maxMs)
    return wait
  }

  /**
   * The first wait after health, in milliseconds: from `d` to `1.25d`, since an attempt that lasted was cut at a moment of its own.
   */
  first(): number {
    const { initialMs, maxMs, factor } = this.#options
    this.#base = Math.min(initialMs * factor, maxMs)
    return initialMs * (1 + this.#random() / 4)
  }

  /** The longest wait, in milliseconds, for what will not get better soon. */
  longest(): number {
    return this.#options.maxMs * (1 + this.#random())
  }

  /** Starts over with the first wait. */
  reset(): void {
    this.#base = this.#options.initialMs
  }
}

/** This many attempts may follow each other at once; another one after this many first waits: by default every 4 s, at most 19 in a minute. */
const BURST = 4
const REFILL_WAITS = 5

/** Bounds how fast attempts follow each other that need no backoff: a server may accept, send an event and close at once. */
export class Pace {
  readonly #refillMs: number
  #tokens = BURST
  #filledAtMs: number

  /** @param nowMs the time. */
  constructor(nowMs: number, { initialMs = DEFAULT_INITIAL_MS }: Pick<BackoffOptions, 'initialMs'> = {}) {
    this.#refillMs = REFILL_WAITS * initialMs
    this.#filledAtMs = nowMs
  }

  /** Counts an attempt. */
  count(nowMs: number): void {
    this.#fill(nowMs)
    this.#tokens--
  }

  /** How long to wait for the next attempt, in milliseconds. */
  waitMs(nowMs: number): number {
    this.#fill(nowMs)
    return Math.max(0, 1 - this.#tokens) * this.#refillMs
  }

  #fill(nowMs: number): void {
    this.#tokens = Math.min(BURST, this.#tokens + Math.max(0, nowMs - this.#filledAtMs) / this.#refillMs)
    this.#filledAtMs = nowMs
  }
}
