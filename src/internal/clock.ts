/** Time, as far as the library uses it: injected, so that tests run in virtual time. */
export interface Clock {
  /** Milliseconds since the epoch, as `Date.now()`: it goes on while a machine sleeps. */
  now(): number
  setTimeout(callback: () => void, ms: number): unknown
  clearTimeout(handle: unknown): void
}

/** Timers take no more: beyond it they fire at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1

/** The runtime's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (callback, ms) => setTimeout(callback, Math.min(ms, MAX_TIMEOUT_MS)),
  clearTimeout: (handle) => clearTimeout(handle as ReturnType<typeof setTimeout>),
}
