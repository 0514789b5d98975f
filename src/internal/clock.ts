// Time: an interface that tests replace by a virtual clock, and the system clock.

/** The time functions that the library uses. Injected, so that tests run in virtual time. */
export interface Clock {
  /** Returns milliseconds since the epoch that never go back. Continues while the machine sleeps. */
  now(): number
  setTimeout(callback: () => void, ms: number): unknown
  clearTimeout(handle: unknown): void
}

/** The longest delay that a timer accepts, in milliseconds; with a longer one it fires at once. */
export const MAX_TIMEOUT_MS: number = 2 ** 31 - 1

/** The clock of the runtime. */
export const systemClock: Clock = {
  now: elapsedTime(
    () => Date.now(),
    () => performance.now(),
  ),
  setTimeout: (callback, ms) => setTimeout(callback, Math.min(ms, MAX_TIMEOUT_MS)),
  clearTimeout: (handle) => clearTimeout(handle as ReturnType<typeof setTimeout>),
}

/**
 * Makes a clock that never goes back out of two imperfect ones: the wall clock can be set, and on many systems the monotonic clock stops
 * while the machine sleeps. Advances by the larger of the two differences.
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
