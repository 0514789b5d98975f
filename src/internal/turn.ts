/** How long a piece of work may keep the event loop, in milliseconds: half a frame at 60 Hz. */
export const SLICE_MS: number = 8

/** Work under `SLICE_MS` does not stop for anybody; beyond it others get their turn. Time is the machine's: no virtual clock knows how long work takes. */
export class Slices {
  #since: number = performance.now()

  /** Begins to count anew: the event loop had its turn. */
  begin(): void {
    this.#since = performance.now()
  }

  /** Whether it is time to {@link pause}. */
  get isSpent(): boolean {
    return performance.now() - this.#since >= SLICE_MS
  }

  /** Gives the event loop a turn. */
  async pause(): Promise<void> {
    await nextTurn()
    this.begin()
  }
}

/** Resolves in a later turn of the event loop, as soon as there is one. */
export function nextTurn(): Promise<void> {
  const { scheduler } = globalThis as { scheduler?: { yield?: () => Promise<void> } }
  if (scheduler?.yield) return scheduler.yield()
  // A message rather than a timer: those of browsers are late by four milliseconds or more, and in hidden pages by a second.
  const { port1, port2 } = new MessageChannel()
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(undefined)
  })
}
