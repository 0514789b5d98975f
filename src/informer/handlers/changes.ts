// A loop over the changes of an informer.

import type { WaitOptions } from '../wait'
import type { DEFAULT_MAX_BACKLOG } from './handler'
import type { InformerChange } from './notifications'
import type { Processor } from './processor'

/** Options of a loop over changes. */
export interface ChangesOptions extends WaitOptions {
  /**
   * The number of waiting changes at which a new change is merged with the waiting change of the same object. Default
   * {@link DEFAULT_MAX_BACKLOG}.
   */
  maxBacklog?: number | undefined
}

/** Yields the objects present, then each change, as fast as the loop reads. Ends with the signal or with the informer. */
export async function* changesOf<T>(
  processor: Processor<T>,
  { signal, maxBacklog }: ChangesOptions,
): AsyncGenerator<InformerChange<T>, void, undefined> {
  if (signal?.aborted) return
  let wake = () => {}
  const hurry = () => wake()
  const subscription = processor.subscribe({ maxBacklog, resyncPeriodMs: 0, onWork: hurry, onEnd: hurry })
  const end = () => processor.unsubscribe(subscription)
  signal?.addEventListener('abort', end)
  try {
    while (!subscription.ended) {
      const next = subscription.shift()
      if (!next) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      } else if (next.type !== 'synced') yield next
    }
  } finally {
    signal?.removeEventListener('abort', end)
    end()
  }
}
