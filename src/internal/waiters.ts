// Suspends callers until something changes.

import type { Clock } from '../internal/clock'

/** A set of callers that wait for a change. */
export class Waiters {
  readonly #clock: Clock
  readonly #waiting = new Set<() => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Resolves at the next {@link wakeAll}, at the time `until` (milliseconds since the epoch), or when the signal is aborted. The caller
   * checks which of them occurred.
   */
  wait({ until, signal }: { until: number | undefined; signal: AbortSignal | undefined }): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const wake = () => {
        this.#waiting.delete(wake)
        if (timer !== undefined) this.#clock.clearTimeout(timer)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      const timer = until === undefined ? undefined : this.#clock.setTimeout(wake, Math.max(0, until - this.#clock.now()))
      signal?.addEventListener('abort', wake)
      this.#waiting.add(wake)
    })
  }

  /** Wakes all current waiters. */
  wakeAll(): void {
    for (const wake of [...this.#waiting]) wake()
  }
}
