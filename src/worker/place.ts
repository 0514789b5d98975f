import type { Persister } from '../persistence/persister'
import type { EntryClient } from '../reflector/list-watch'

/** Which Worker is meant: one that the library starts, one of the user's, or the one that a function makes when it is needed. */
export type WorkerSource = true | Worker | (() => Worker)

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
