// Functions that have an effect once, or once for many calls.

/** Wraps a function so that only its first call has an effect. */
export function once(run: () => void): () => void {
  let isDone = false
  return () => {
    if (isDone) return
    isDone = true
    run()
  }
}

/**
 * Returns a function that runs `work` soon: calls before it runs have one effect together.
 *
 * @param schedule runs what it is given once, such as at the next frame.
 */
export function together(schedule: (work: () => void) => void, work: () => void): () => void {
  let isWaiting = false
  return () => {
    if (isWaiting) return
    isWaiting = true
    schedule(() => {
      isWaiting = false
      work()
    })
  }
}
