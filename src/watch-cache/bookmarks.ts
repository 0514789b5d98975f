// The bookmarks of watches: when they are due, and one event for all watches that get it.

import type { Clock } from '../internal/clock'
import type { SharedEvents } from './fan-out'

/** The time before the end of a watch at which its last bookmark is sent, in milliseconds. */
const LAST_BOOKMARK_MS = 2000

/**
 * Schedules and makes bookmarks.
 *
 * @see apiserver `cacher.bookmarkFrequency`
 */
export class Bookmarks<T> {
  readonly #clock: Clock
  readonly #intervalMs: number
  #last: SharedEvents<T> | undefined

  /** @param intervalMs the time between the bookmarks of a watch, in milliseconds. */
  constructor(clock: Clock, intervalMs: number) {
    this.#clock = clock
    this.#intervalMs = intervalMs
  }

  /** Returns the time of the next bookmark of a watch that ends at a deadline; undefined when none is left. */
  next(deadline: number): number | undefined {
    const now = this.#clock.now()
    const last = deadline - LAST_BOOKMARK_MS
    return last > now ? Math.min(now + this.#intervalMs, last) : undefined
  }

  /** Returns the bookmark of a version. Watches that get it at the same version share it. */
  at(resourceVersion: string): SharedEvents<T> {
    const [last] = this.#last?.events ?? []
    if (!this.#last || last?.type !== 'BOOKMARK' || last.resourceVersion !== resourceVersion)
      this.#last = { events: [{ type: 'BOOKMARK', resourceVersion, initialEventsEnd: false }], encoded: new Map() }
    return this.#last
  }
}
