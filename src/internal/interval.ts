import type { Clock } from './clock'

/** Calls back every `ms` milliseconds; never, when that is 0. Returns how to stop. */
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
