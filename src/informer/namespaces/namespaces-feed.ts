// The feed of an informer that may not be allowed to read all namespaces.

import { isApiError } from '../../api/errors'
import type { KubeObject } from '../../api/object'
import { abortable } from '../../internal/abortable'
import { type Clock, systemClock } from '../../internal/clock'
import { Listeners } from '../../internal/listeners'
import { refuseSecrets } from '../../persistence/sensitive'
import type { SyncSource } from '../../reflector/options'
import { Reflector } from '../../reflector/reflector'
import { initialStatus, nextStatus } from '../../reflector/status'
import { type WhenSyncedOptions, whenSynced } from '../../reflector/when-synced'
import type { ListerWatcher } from '../../source/lister-watcher'
import type { Feed, FeedDeps, InformerPersistence, InformerStatus } from '../feed'
import type { FanInDeps, NamespacesFanIn } from './fan-in'

/** Options of a {@link NamespacesFeed}. */
export interface NamespacesFeedOptions<T extends KubeObject> extends Pick<FanInDeps<T>, 'fallback' | 'lease'> {
  /** Returns the source of one namespace; of all namespaces for the empty string. */
  source(namespace: string): ListerWatcher<T>
  persistence?: InformerPersistence | undefined
  /** Loads the implementation. Default: imports it on demand, because most informers read one namespace, or may read all. */
  load?: (() => Promise<{ readonly NamespacesFanIn: typeof NamespacesFanIn }>) | undefined
}

/**
 * Follows all namespaces at once or, where the server forbids that (403), each allowed one, into one store. Each namespace has its own
 * reflector, version and stored state. Denied reads are retried every five minutes, so that changed permissions take effect without a
 * restart. Until then the earlier objects stay.
 */
export class NamespacesFeed<T extends KubeObject> implements Feed {
  readonly #deps: FeedDeps<T>
  readonly #options: NamespacesFeedOptions<T>
  readonly #listeners = new Listeners<InformerStatus>()
  #status: InformerStatus
  #fanIn: NamespacesFanIn<T> | undefined

  /** @throws PersistenceError with code `'refused'` for secrets that must not be stored. */
  constructor(deps: FeedDeps<T>, options: NamespacesFeedOptions<T>) {
    const { persistence } = options
    if (persistence) refuseSecrets(persistence.scope, persistence)
    this.#deps = deps
    this.#options = options
    this.#status = initialStatus(this.#clock.now())
  }

  get status(): InformerStatus {
    this.#fanIn?.check()
    return this.#status
  }

  get lastSyncResourceVersion(): string {
    return this.#status.lastSyncResourceVersion
  }

  subscribe(listener: (status: InformerStatus) => void): () => void {
    return this.#listeners.add(listener)
  }

  whenSynced(options?: WhenSyncedOptions): Promise<{ source: SyncSource }> {
    return whenSynced(this, options)
  }

  reconnect(): void {
    this.#fanIn?.reconnect()
  }

  resourceVersionOf(namespace: string): string {
    return this.#fanIn?.resourceVersionOf(namespace) ?? ''
  }

  /** @throws the error with which `load` rejects. */
  async run({ signal }: { signal: AbortSignal }): Promise<void> {
    try {
      if (signal.aborted) return
      this.#update({ state: 'connecting' })
      const { load = () => import('./fan-in') } = this.#options
      const { NamespacesFanIn } = await abortable(load(), signal)
      signal.throwIfAborted()
      this.#fanIn = new NamespacesFanIn(this.#fanInDeps())
      await this.#fanIn.run(signal)
    } catch (error) {
      if (signal.aborted) return
      this.#update({ error })
      throw error
    } finally {
      if (this.#status.state !== 'stopped') this.#update({ state: 'stopped' })
    }
  }

  #fanInDeps(): FanInDeps<T> {
    const { indexer, options, transformed, persisted, report } = this.#deps
    const { source, fallback, lease, persistence } = this.#options
    // Denied namespaces are expected here.
    const onError = (error: unknown) => {
      if (!isApiError(error) || error.status !== 403) options.onError?.(error)
    }
    const reflectorOptions = { ...options, onArrival: undefined, onError }
    return {
      indexer,
      clock: this.#clock,
      reflector: (namespace, store) => new Reflector(transformed(source(namespace)), store, reflectorOptions),
      persistence,
      persisted,
      fallback,
      lease,
      onStatus: (status) => this.#update(status),
      report,
    }
  }

  get #clock(): Clock {
    return this.#deps.options.clock ?? systemClock
  }

  #update(change: Partial<InformerStatus>): void {
    this.#status = nextStatus(this.#status, change, this.#clock.now())
    this.#listeners.notify(this.#status)
  }
}
