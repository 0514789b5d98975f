import type { Clock } from '../internal/clock'

/** Barks when nothing was heard for too long. Hearing something costs a clock reading; there is one timer at a time. */
export class Watchdog {
  readonly #clock: Clock
  readonly #boundMs: () => number
  readonly #bark: (silentMs: number) => void
  #heardAt: number
  #timer: unknown

  /** @param boundMs how long a silence may be; asked anew each time, since more may be known by then. */
  constructor(clock: Clock, boundMs: () => number, bark: (silentMs: number) => void) {
    this.#clock = clock
    this.#boundMs = boundMs
    this.#bark = bark
    this.#heardAt = clock.now()
    this.#arm()
  }

  /** Something was heard. */
  heard(): void {
    this.#heardAt = this.#clock.now()
  }

  /**
   * Looks now, as after a sleep in which no timer ran.
   *
   * @param boundMs how long a silence may be this time; default: as ever.
   */
  check(boundMs: number = this.#boundMs()): void {
    const silentMs = this.#clock.now() - this.#heardAt
    if (silentMs >= boundMs) this.#bark(silentMs)
  }

  /** The bound has become another one. */
  rearm(): void {
    this.stop()
    this.#arm()
  }

  stop(): void {
    this.#clock.clearTimeout(this.#timer)
  }

  #arm(): void {
    const left = this.#boundMs() - (this.#clock.now() - this.#heardAt)
    this.#timer = this.#clock.setTimeout(
      () => {
        this.check()
        this.#arm()
      },
      Math.max(left, 1000),
    )
  }
}
