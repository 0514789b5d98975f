// Runs a client and a persister in a Worker, and falls back to the main thread.

import { KubeError, PersistenceError } from '../../api/errors'
import { type Clock, systemClock } from '../../internal/clock'
import type { Commit, LoadOptions, Persister, Scope, Snapshot } from '../../persistence/persister'
import { scopeId } from '../../persistence/scope'
import type { EntryClient } from '../../source/list-watch'
import type { Backend, WorkerLease, WorkerSource } from './worker-source'

/** Options of {@link OffThread}. */
export interface OffThreadOptions {
  worker: WorkerSource
  persister: Persister | undefined
  clock?: Clock | undefined
  /** Whether the Worker packs the texts that it sends. */
  pack?: boolean | undefined
  /** Called once with the reason when work falls back to the main thread. */
  onFallback: (error: Error) => void
}

/**
 * A client and a persister that run in a Worker while one is available, and on the main thread otherwise. Loads the Worker, and the code
 * that talks to it, with the first request.
 */
export class OffThread {
  readonly client: EntryClient
  /** Undefined when the options have none. */
  readonly persister: Persister | undefined
  readonly #local: Backend
  readonly #options: OffThreadOptions
  #lease: Promise<WorkerLease | undefined> | undefined
  #isReleased = false
  #hasFallenBack = false

  constructor(client: EntryClient, options: OffThreadOptions) {
    this.client = this.#clientOf(client)
    this.#local = { client, persister: options.persister }
    this.#options = options
    if (options.persister) this.persister = this.#persisterOf(options.persister)
  }

  /** Releases the Worker. No call may follow. */
  release(): void {
    this.#isReleased = true
    void this.#lease?.then((lease) => lease?.release())
  }

  async #backend(): Promise<Backend> {
    if (this.#isReleased) return this.#local
    this.#lease ??= this.#acquireLease().catch((error: Error) => void this.#fallBack(error))
    const lease = await this.#lease
    if (!lease?.failure) return lease ?? this.#local
    lease.release()
    this.#fallBack(lease.failure)
    return this.#local
  }

  async #acquireLease(): Promise<WorkerLease> {
    const { worker, clock = systemClock, pack } = this.#options
    const { acquireLease } = await import('../lease')
    return acquireLease(this.#local, worker, clock, { pack })
  }

  #fallBack(cause: Error): void {
    if (this.#hasFallenBack || this.#isReleased) return
    this.#hasFallenBack = true
    this.#options.onFallback(new KubeError(`worker: falling back to the main thread: ${cause.message}`, { cause }))
  }

  #clientOf({ baseUrl }: EntryClient): EntryClient {
    const backend = () => this.#backend()
    return {
      baseUrl,
      async listEntries(resource, options) {
        return (await backend()).client.listEntries(resource, options)
      },
      async *watchEntries(resource, options) {
        yield* (await backend()).client.watchEntries(resource, options)
      },
    }
  }

  #persisterOf(local: Persister): Persister {
    const current = async () => (await this.#backend()).persister ?? local
    /** The persister that admitted the writer of each scope. */
    const admitted = new Map<string, Persister>()
    const load = async (scope: Scope, options: LoadOptions): Promise<Snapshot | undefined> => {
      const persister = await current()
      admitted.set(scopeId(scope), persister)
      try {
        return await persister.load(scope, options)
      } catch (error) {
        if ((await current()) === persister) throw error
        // The Worker is dead, and a feed loads its state only once.
        return load(scope, options)
      }
    }
    const commit = async (scope: Scope, change: Commit): Promise<void> => {
      const persister = await current()
      // Makes the caller load again before it stores: a Worker that only seems dead may still commit under the writer's name.
      if (admitted.get(scopeId(scope)) !== persister)
        throw new PersistenceError(
          'unavailable',
          'the Worker that stored this snapshot is gone; the snapshot is loaded and stored again on the main thread',
        )
      await persister.commit(scope, change)
    }
    return { load, commit, clear: async (scope) => (await current()).clear(scope) }
  }
}
