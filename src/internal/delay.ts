// A delay that can be aborted.

import type { Clock } from './clock'

/** Resolves after `ms` milliseconds, or at once when the signal is aborted. The caller checks the signal afterwards. */
export function delay(ms: number, { clock, signal }: { clock: Clock; signal: AbortSignal }): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const finish = () => {
      clock.clearTimeout(timer)
      signal.removeEventListener('abort', finish)
      resolve()
    }
    const timer = clock.setTimeout(finish, ms)
    signal.addEventListener('abort', finish)
  })
}
