import type { Persister } from '../persistence/persister'
import type { EntryClient } from '../reflector/list-watch'

/** A Web Worker, said without `Worker`, a name that only the DOM's types have. */
export interface WorkerLike {
  postMessage(message: unknown): void
  terminate(): void
  addEventListener(type: 'error', listener: (event: { readonly type: string }) => void): void
}

/** Which Worker is meant: one that the library starts, one of the user's, or the one that a function makes when it is needed. */
export type WorkerSource = true | WorkerLike | (() => WorkerLike)

/** Where requests are made, and what they bring is kept. */
export interface Place {
  readonly client: EntryClient
  readonly persister: Persister | undefined
}

/** What one informer has of a Worker. */
export interface Hold extends Place {
  /** Why the Worker does nothing any more; undefined while it does. */
  readonly failure: Error | undefined
  /** Gives the Worker back; whoever is last ends it. */
  release(): void
}
