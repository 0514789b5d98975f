// The types shared by the code that runs with and without a Worker.

import type { Persister } from '../../persistence/persister'
import type { EntryClient } from '../../source/list-watch'

/** A Web Worker. Declared here because the type `Worker` exists only in the DOM library. */
export interface WorkerLike {
  postMessage(message: unknown): void
  terminate(): void
  addEventListener(type: 'error', listener: (event: { readonly type: string }) => void): void
}

/** The Worker to use: `true` starts the library's own; otherwise an existing Worker, or a function that makes one on demand. */
export type WorkerSource = true | WorkerLike | (() => WorkerLike)

/** A client, and the persister that stores what it reads. */
export interface Backend {
  readonly client: EntryClient
  readonly persister: Persister | undefined
}

/** One user's lease of a shared Worker: a client and a persister that run in it. */
export interface WorkerLease extends Backend {
  /** The reason why the Worker has stopped working; undefined while it works. */
  readonly failure: Error | undefined
  /** Ends the lease. The Worker ends with its last lease. */
  release(): void
}
