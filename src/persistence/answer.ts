import { PersistenceError } from '../errors'
import type { Clock } from '../internal/clock'

/** How long a storage may take for one answer, or for the next part of one, in milliseconds. Storing 100,000 pods takes seconds. */
export const ANSWER_TIMEOUT_MS = 60_000

/** How {@link answerOf} waits. */
export interface AnswerOptions {
  readonly clock: Clock
  /** In milliseconds; default {@link ANSWER_TIMEOUT_MS}. */
  readonly timeoutMs?: number | undefined
  /** Ends the wait: the promise rejects with its reason. Default: nothing but the time does. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Waits for a storage, but not without end. An answer that comes too late is ignored.
 *
 * @param ask makes the call. It may call the function that it is given whenever a part of the answer has come: that starts the time again, since a
 *   large answer is not a slow storage.
 * @throws what the call rejects with; the signal's reason; PersistenceError with code `'unavailable'` when the time is over.
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
    const expire = () => fail(new PersistenceError('unavailable', `the storage gave no answer for ${timeoutMs / 1000} s`))
    const restart = () => {
      clock.clearTimeout(timer)
      if (!isOver) timer = clock.setTimeout(expire, timeoutMs)
    }
    if (signal?.aborted) return abort()
    signal?.addEventListener('abort', abort)
    restart()
    // Async, so that a persister that throws rejects.
    const asked = async () => ask(restart)
    asked().then((answer) => {
      end()
      resolve(answer)
    }, fail)
  })
}
