/** Time, as far as the library uses it: injected, so that tests run in virtual time. */
export interface Clock {
  /** Milliseconds since some moment: it goes on while a machine sleeps, and does not go back when the machine's clock is set. */
  now(): number
  setTimeout(callback: () => void, ms: number): unknown
  clearTimeout(handle: unknown): void
}

/** Timers take no more: beyond it they fire at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1

/** The runtime's own clock. */
export const systemClock: Clock = {
  now: elapsedTime(
    () => Date.now(),
    () => performance.now(),
  ),
  setTimeout: (callback, ms) => setTimeout(callback, Math.min(ms, MAX_TIMEOUT_MS)),
  clearTimeout: (handle) => clearTimeout(handle as ReturnType<typeof setTimeout>),
}

/**
 * Makes a time that never goes back out of two that have a fault each: the wall clock can be set, and on many systems the monotonic one stands
 * still while the machine sleeps. What has passed is what the faster of the two says.
 */
export function elapsedTime(wall: () => number, monotonic: () => number): () => number {
  let now = wall()
  let lastWall = now
  let lastMonotonic = monotonic()
  return () => {
    const [nextWall, nextMonotonic] = [wall(), monotonic()]
    now += Math.max(0, nextWall - lastWall, nextMonotonic - lastMonotonic)
    lastWall = nextWall
    lastMonotonic = nextMonotonic
    return now
  }
}
