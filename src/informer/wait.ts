// Options of waits.

/** Options of a wait. */
export interface WaitOptions {
  /** Gives up waiting; the promise rejects with the signal's reason. */
  signal?: AbortSignal | undefined
}
