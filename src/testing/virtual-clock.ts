import type { Clock } from '../internal/clock'
import { nextTurn, SLICE_MS } from '../internal/turn'

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
    await settled()
  }

  /** Goes on by so many milliseconds; timers fire on the way, each after all that came of the one before. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await settled()
    for (let timer = this.#next(end); timer; timer = this.#next(end)) {
      this.#timers.delete(timer)
      this.#now = Math.max(this.#now, timer.at)
      timer.callback()
      await settled()
    }
    this.#now = end
  }

  #next(end: number): Timer | undefined {
    let next: Timer | undefined
    for (const timer of this.#timers) if (timer.at <= end && (!next || timer.at < next.at)) next = timer
    return next
  }
}

/** So many turns in which next to nothing was done: work that takes long makes way for others in between, and goes on in the turn after. */
const QUIET_TURNS = 3

/** Resolves when all promises that could be kept have been. */
async function settled(): Promise<void> {
  for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
    const startedAt = performance.now()
    await nextTurn()
    if (performance.now() - startedAt > SLICE_MS / 2) quiet = 0
  }
}
