// Waits until something is seen in the page, for a bounded time.

/** The time between two looks, and the longest wait, in milliseconds. */
const LOOK_MS = 20
const LONGEST_MS = 30_000

/**
 * Waits until `look` returns something other than undefined and false, and returns that.
 *
 * @throws Error after 30 s; the signal's reason when it is aborted.
 */
export async function until<T>(look: () => T | undefined | false, signal: AbortSignal): Promise<T> {
  const end = performance.now() + LONGEST_MS
  for (;;) {
    signal.throwIfAborted()
    const seen = look()
    if (seen !== undefined && seen !== false) return seen
    if (performance.now() > end) throw new Error(`nothing happened for ${LONGEST_MS / 1000} s`)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}
