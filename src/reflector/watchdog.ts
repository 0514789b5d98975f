// A timer that detects silence.

import type { Clock } from '../internal/clock'

/** The maximum delay of a timer, in milliseconds, so that a clock that was set back is noticed. */
const MAX_NAP_MS = 30_000

/** Calls back after a maximum silence. Registering activity only reads the clock; there is one timer at a time. */
export class Watchdog {
  readonly #clock: Clock
  readonly #boundMs: () => number
  readonly #bark: (silentMs: number) => void
  #heardAt: number
  #timer: unknown

  /** @param boundMs returns the maximum silence, in milliseconds. Called for each timer, because the maximum may change. */
  constructor(clock: Clock, boundMs: () => number, bark: (silentMs: number) => void) {
    this.#clock = clock
    this.#boundMs = boundMs
    this.#bark = bark
    this.#heardAt = clock.now()
    this.#arm()
  }

  /** Registers activity. */
  heard(): void {
    this.#heardAt = this.#clock.now()
  }

  /** The duration of the current silence, in milliseconds. */
  get silentMs(): number {
    return Math.max(0, this.#clock.now() - this.#heardAt)
  }

  /** Checks at once, for example after a sleep during which no timer ran. */
  check(): void {
    const { silentMs } = this
    if (silentMs >= this.#boundMs()) this.#bark(silentMs)
  }

  /** Restarts the timer after the maximum silence has changed. */
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
      // A timer that fires early shows that the clock was set back.
      this.#heardAt -= Math.max(0, armedAt + ms - this.#clock.now())
      this.check()
      this.#arm()
    }, ms)
  }
}
