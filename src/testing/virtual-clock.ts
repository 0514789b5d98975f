import type { Clock } from '../internal/clock'

interface Timer {
  readonly at: number
  readonly callback: () => void
}

/**
 * A clock that stands still until it is told to go on, for tests that take no time.
 *
 * @example
 * ```ts
 * const clock = new VirtualClock()
 * const server = new FakeApiServer({ clock })
 * await clock.advance(60_000) // a bookmark is due
 * ```
 */
export class VirtualClock implements Clock {
  #now: number
  // In the order in which they were set: of timers due at one moment, the first set fires first.
  readonly #timers = new Set<Timer>()

  /** @param start milliseconds since the epoch; default 2026-01-01T00:00:00Z. */
  constructor(start: number = Date.UTC(2026, 0, 1)) {
    this.#now = start
  }

  now(): number {
    return this.#now
  }

  setTimeout(callback: () => void, ms: number): unknown {
    const timer: Timer = { at: this.#now + Math.max(0, ms), callback }
    this.#timers.add(timer)
    return timer
  }

  clearTimeout(handle: unknown): void {
    this.#timers.delete(handle as Timer)
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#timers.size
  }

  /** Lets everything run that waits for no timer. */
  async settle(): Promise<void> {
    await takeTurns(async (turn) => turn())
  }

  /** Goes on by so many milliseconds; timers fire on the way, each after all that came of the one before. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await takeTurns(async (turn) => {
      await turn()
      for (let timer = this.#next(end); timer; timer = this.#next(end)) {
        this.#timers.delete(timer)
        this.#now = Math.max(this.#now, timer.at)
        timer.callback()
        await turn()
      }
    })
    this.#now = end
  }

  #next(end: number): Timer | undefined {
    let next: Timer | undefined
    for (const timer of this.#timers) if (timer.at <= end && (!next || timer.at < next.at)) next = timer
    return next
  }
}

/** Gives a function that resolves in a later turn of the event loop, when all promises that could be kept have been. */
async function takeTurns(run: (turn: () => Promise<void>) => Promise<void>): Promise<void> {
  // A message rather than a timer: those of a runtime are late by a millisecond or more.
  const { port1, port2 } = new MessageChannel()
  try {
    await run(
      () =>
        new Promise((resolve) => {
          port1.onmessage = () => resolve()
          port2.postMessage(undefined)
        }),
    )
  } finally {
    port1.close()
  }
}
