// Limits the time of an operation.

import type { Clock } from './clock'

/** A time limit. */
export interface Deadline {
  /** Aborted when the time is over. */
  readonly signal: AbortSignal
  /** Lifts the limit. */
  clear(): void
}

/**
 * Starts a time limit.
 *
 * @param ms the time, in milliseconds.
 * @param reason makes the reason of the abort.
 */
export function deadline(ms: number, reason: () => Error, clock: Clock): Deadline {
  const controller = new AbortController()
  const timer = clock.setTimeout(() => controller.abort(reason()), ms)
  return { signal: controller.signal, clear: () => clock.clearTimeout(timer) }
}
