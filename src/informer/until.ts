// Waits until the objects of an informer meet a condition.

import type { StoreUpdate } from '../store/changes'
import type { WaitOptions } from './wait'

/** The part of an informer that a wait observes. */
export interface Awaited<T> {
  readonly indexer: { subscribe(listener: (update: StoreUpdate<T>) => void): () => void }
  readonly state: string
  subscribe(listener: () => void): () => void
}

/**
 * Calls `check` now, after each step of the store and after each change of the status, until it returns a result.
 *
 * @param check returns undefined or `false` to go on waiting. Receives the step; undefined without one.
 * @param unmet completes the message "the informer was stopped before …".
 * @throws what `check` throws; the signal's reason; an Error when the informer is closed first.
 */
export async function until<T, R>(
  informer: Awaited<T>,
  check: (update?: StoreUpdate<T>) => R | undefined | false,
  { signal, unmet }: WaitOptions & { unmet: string },
): Promise<R> {
  signal?.throwIfAborted()
  const stops: (() => void)[] = []
  try {
    return await new Promise<R>((resolve, reject) => {
      const look = (update?: StoreUpdate<T>) => {
        try {
          const result = check(update)
          if (result !== undefined && result !== false) resolve(result)
          else if (informer.state === 'stopped') reject(new Error(`the informer was stopped before ${unmet}`))
        } catch (error) {
          reject(error)
        }
      }
      const abort = () => reject(signal?.reason)
      signal?.addEventListener('abort', abort)
      stops.push(
        informer.indexer.subscribe(look),
        informer.subscribe(() => look()),
        () => signal?.removeEventListener('abort', abort),
      )
      look()
    })
  } finally {
    for (const stop of stops) stop()
  }
}
