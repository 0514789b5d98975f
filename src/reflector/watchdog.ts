import type { Clock } from '../internal/clock'

/** The longest a timer waits, so that a clock that was set back is noticed. */
const MAX_NAP_MS = 30_000

/** Barks when nothing was heard for too long. Hearing something costs a clock reading; there is one timer at a time. */
export class Watchdog {
  readonly #clock: Clock
  readonly #boundMs: () => number
  readonly #bark: (silentMs: number) => void
  #heardAt: number
  #timer: unknown

  /** @param boundMs how long a silence may be; asked again each time, since more may be known by then. */
  constructor(clock: Clock, boundMs: () => number, bark: (silentMs: number) => void) {
    this.#clock = clock
    this.#boundMs = boundMs
    this.#bark = bark
    this.#heardAt = clock.now()
    this.#arm()
  }

  /** Notes that something was heard. */
  heard(): void {
    this.#heardAt = this.#clock.now()
  }

  /** How long nothing was heard, in milliseconds. */
  get silentMs(): number {
    return Math.max(0, this.#clock.now() - this.#heardAt)
  }

  /**
   * Checks at once, as after a sleep in which no timer ran.
   *
   * @param boundMs how long a silence may be this time; default: as at construction.
   */
  check(boundMs: number = this.#boundMs()): void {
    const { silentMs } = this
    if (silentMs >= boundMs) this.#bark(silentMs)
  }

  /** Starts the timer again: the bound has changed. */
  rearm(): void {
    this.stop()
    this.#arm()
  }

  stop(): void {
    this.#clock.clearTimeout(this.#timer)
  }

  #arm(): void {
    const ms = Math.min(Math.max(this.#boundMs() - this.silentMs, 1000), MAX_NAP_MS)
    const armedAt = this.#clock.now()
    this.#timer = this.#clock.setTimeout(() => {
      // A timer that fires before its time shows a clock that was set back.
      this.#heardAt -= Math.max(0, armedAt + ms - this.#clock.now())
      this.check()
      this.#arm()
    }, ms)
  }
}
