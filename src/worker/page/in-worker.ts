// `inWorker`: the option value that runs an informer in a Worker.

import type { EntryClient } from '../../source/list-watch'
import { OffThread, type OffThreadOptions } from './off-thread'
import type { WorkerLike, WorkerSource } from './worker-source'

/** The Worker that an informer runs in. Made by {@link inWorker}. */
export interface InformerWorker {
  /** Returns a client and a persister that run in the Worker while it is available, and on the main thread otherwise. */
  offThread(client: EntryClient, options: Omit<OffThreadOptions, 'worker'>): OffThread
}

/**
 * Runs the requests, the decoding and the storage (by an `idbPersister`) of an informer in a Worker. Everything runs on the main thread
 * when no Worker can be started, or when the client has its own `fetch` or `hooks`; `onError` and `onEvent` then receive the reason.
 *
 * @param worker a Worker that imports `kubeflect/worker`, or a function that starts one on demand. Default: the library starts one Worker
 *   for all informers of a client.
 * @example
 * ```ts
 * await using pods = createInformer(client, Pod, { worker: inWorker() })
 * ```
 */
export function inWorker(worker?: WorkerLike | (() => WorkerLike)): InformerWorker {
  const source: WorkerSource = worker ?? true
  return { offThread: (client, options) => new OffThread(client, { ...options, worker: source }) }
}
