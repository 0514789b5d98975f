// Suspends requests until a collection has the state that they ask for.

import { compareResourceVersions } from '../api/resource-version'
import type { Clock } from '../internal/clock'
import { Waiters } from '../internal/waiters'
import type { CollectionState } from './collection-state'

/** The maximum time a request waits for a version newer than the cache, or for its entries, in milliseconds. */
const FRESHNESS_TIMEOUT_MS = 3000

/** Requests that wait for the state of a collection. */
export class StateWaiters {
  readonly #collection: Pick<CollectionState<unknown>, 'isComplete' | 'newest'>
  readonly #clock: Clock
  readonly #waiters: Waiters

  constructor(collection: Pick<CollectionState<unknown>, 'isComplete' | 'newest'>, clock: Clock) {
    this.#collection = collection
    this.#clock = clock
    this.#waiters = new Waiters(clock)
  }

  /** Returns whether the collection has its entries and has reached a version. Waits up to three seconds. */
  async reaches(resourceVersion: string, signal: AbortSignal | undefined): Promise<boolean> {
    const until = this.#clock.now() + FRESHNESS_TIMEOUT_MS
    for (;;) {
      signal?.throwIfAborted()
      const { isComplete, newest } = this.#collection
      if (isComplete && compareResourceVersions(resourceVersion, newest.resourceVersion) <= 0) return true
      if (this.#clock.now() >= until) return false
      await this.#waiters.wait({ until, signal })
    }
  }

  /** Lets the waiting requests look again. */
  wakeAll(): void {
    this.#waiters.wakeAll()
  }
}
