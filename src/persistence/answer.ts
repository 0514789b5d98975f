// Bounds how long the library waits for a storage.

import { PersistenceError } from '../api/errors'
import type { Clock } from '../internal/clock'

/**
 * The maximum time a storage may take to answer, or to deliver the next part of an answer, in milliseconds. Storing 100,000 pods takes
 * seconds.
 */
export const ANSWER_TIMEOUT_MS = 60_000

/** Options of {@link answerOf}. */
export interface AnswerOptions {
  readonly clock: Clock
  /** In milliseconds; default {@link ANSWER_TIMEOUT_MS}. */
  readonly timeoutMs?: number | undefined
  /** Ends the wait: the promise rejects with its reason. Default: no signal. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Calls a storage and waits for its answer up to a time limit. Ignores an answer that arrives later.
 *
 * @param ask makes the call. Its argument restarts the time limit; call it for each part of a large answer.
 * @throws what the call rejects with; the signal's reason; PersistenceError with code `'unavailable'` when the time limit is exceeded.
 */
export function answerOf<R>(
  ask: (restart: () => void) => Promise<R>,
  { clock, timeoutMs = ANSWER_TIMEOUT_MS, signal }: AnswerOptions,
): Promise<R> {
  return new Promise((resolve, reject) => {
    let isOver = false
    let timer: unknown
    const end = () => {
      isOver = true
      clock.clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    }
    const fail = (error: unknown) => {
      end()
      reject(error)
    }
    const abort = () => fail(signal?.reason)
    const expire = () => fail(new PersistenceError('unavailable', `the storage did not answer for ${timeoutMs / 1000} s`))
    const restart = () => {
      clock.clearTimeout(timer)
      if (!isOver) timer = clock.setTimeout(expire, timeoutMs)
    }
    if (signal?.aborted) return abort()
    signal?.addEventListener('abort', abort)
    restart()
    // Async, so that a persister that throws leads to a rejection.
    const asked = async () => ask(restart)
    asked().then((answer) => {
      end()
      resolve(answer)
    }, fail)
  })
}
