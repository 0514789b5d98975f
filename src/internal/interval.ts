// A repeating timer.

import type { Clock } from './clock'

/** Calls back every `ms` milliseconds; 0 means never. Returns a function that stops it. */
export function every(ms: number, clock: Clock, callback: () => void): () => void {
  if (!(ms > 0)) return () => undefined
  let timer: unknown
  const arm = () => {
    timer = clock.setTimeout(() => {
      arm()
      callback()
    }, ms)
  }
  arm()
  return () => clock.clearTimeout(timer)
}
