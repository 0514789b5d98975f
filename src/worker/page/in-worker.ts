// The value that makes an informer work in a Worker.

import type { EntryClient } from '../../source/list-watch'
import { OffThread, type OffThreadOptions } from './off-thread'
import type { WorkerLike, WorkerSource } from './worker-source'

/** The place where an informer's requests, decoding and storage run. Made by {@link inWorker}. */
export interface InformerWorker {
  /** Makes a client and a persister that work in the Worker while there is one. */
  offThread(client: EntryClient, options: Omit<OffThreadOptions, 'worker'>): OffThread
}

/**
 * Makes an informer send its requests, decode the answers and store them (with an `idbPersister`) in a Worker. Where no Worker can be started, or
 * where the client was given `fetch` or `hooks`, everything runs on the main thread, and `onError` and `onEvent` are called with the reason.
 *
 * @param worker a Worker that imports `kubeflect/worker`, or a function that starts one when it is needed. Default: a Worker that the library
 *   starts, one for all informers of a client.
 * @example
 * ```ts
 * await using pods = createInformer(client, Pod, { worker: inWorker() })
 * ```
 */
export function inWorker(worker?: WorkerLike | (() => WorkerLike)): InformerWorker {
  const source: WorkerSource = worker ?? true
  return { offThread: (client, options) => new OffThread(client, { ...options, worker: source }) }
}
