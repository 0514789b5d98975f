// Functions that have an effect once.

/** Wraps a function so that only its first call has an effect. */
export function once(run: () => void): () => void {
  let isDone = false
  return () => {
    if (isDone) return
    isDone = true
    run()
  }
}
