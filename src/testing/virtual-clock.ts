// A clock for tests in virtual time.

import type { Clock } from '../internal/clock'
import { nextTurn, SLICE_MS } from '../internal/turn'

interface Timer {
  readonly at: number
  readonly callback: () => void
}

/**
 * A clock that advances only on request, for tests that take no real time.
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
  // In insertion order: of timers due at the same moment, the first one set fires first.
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

  /** The number of pending timers. */
  get pending(): number {
    return this.#timers.size
  }

  /** Resolves when all work that does not depend on a timer is done. */
  async settle(): Promise<void> {
    await settled()
  }

  /**
   * Advances the time and fires the timers that become due, each after the work of the previous one is done.
   *
   * @param ms the duration in milliseconds.
   */
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

/**
 * The number of consecutive turns with little work before the clock counts as settled, because long work yields and continues in the next
 * turn.
 */
const QUIET_TURNS = 3

/** Resolves when all promises that can settle have settled. */
async function settled(): Promise<void> {
  for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
    const startedAt = performance.now()
    await nextTurn()
    if (performance.now() - startedAt > SLICE_MS / 2) quiet = 0
  }
}
