// Yields to the event loop during long work.

/** The longest time to block the event loop, in milliseconds: half a frame at 60 Hz. */
export const SLICE_MS: number = 8

/**
 * Measures how long work has blocked the event loop, and yields after `SLICE_MS`. Uses the machine's clock, because a virtual clock cannot
 * measure work.
 */
export class Slices {
  #since: number = performance.now()

  /** Restarts the measurement, after the event loop had a turn. */
  begin(): void {
    this.#since = performance.now()
  }

  /** Whether the work should {@link pause}. */
  get isSpent(): boolean {
    return performance.now() - this.#since >= SLICE_MS
  }

  /** Yields to the event loop. */
  async pause(): Promise<void> {
    await nextTurn()
    this.begin()
  }
}

/** Resolves in a later turn of the event loop, as soon as possible. */
export function nextTurn(): Promise<void> {
  const { scheduler } = globalThis as { scheduler?: { yield?: () => Promise<void> } }
  if (scheduler?.yield) return scheduler.yield()
  // Browsers delay timers by four milliseconds or more, and in hidden pages by a second. Messages are not delayed.
  const { port1, port2 } = new MessageChannel()
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(undefined)
  })
}
