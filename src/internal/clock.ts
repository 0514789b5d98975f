/** Time, as far as the library uses it: injected, so that tests run in virtual time. */
export interface Clock {
  /** Milliseconds since the epoch, as `Date.now()`: it goes on while a machine sleeps. */
  now(): number
  setTimeout(callback: () => void, ms: number): unknown
  clearTimeout(handle: unknown): void
}

/** The runtime's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (handle) => clearTimeout(handle as ReturnType<typeof setTimeout>),
}
