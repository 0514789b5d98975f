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
import type { Feed, FeedHost, InformerPersistence, InformerStatus } from '../feed'
import type { FanInHost, NamespacesFanIn } from './fan-in'

/** What a {@link NamespacesFeed} reads. */
export interface NamespacesFeedOptions<T extends KubeObject> extends Pick<FanInHost<T>, 'fallback' | 'lease'> {
  /** Reads one namespace; all of them for the empty string. */
  source(namespace: string): ListerWatcher<T>
  persistence?: InformerPersistence | undefined
  /** Loads what does the work. Default: the module of that, when it is needed: most informers read one namespace, or are allowed to read all. */
  load?: (() => Promise<{ readonly NamespacesFanIn: typeof NamespacesFanIn }>) | undefined
}

/**
 * Follows all namespaces at once, or, where the server forbids that (403), each one that it allows, into one store. Each namespace has its
 * own reflector, version and stored state: none ever sees another's. What is forbidden is asked for again every five minutes, so rights
 * that are given or taken away show without a restart; until they do, what was there before stays.
 */
export class NamespacesFeed<T extends KubeObject> implements Feed {
  readonly #host: FeedHost<T>
  readonly #options: NamespacesFeedOptions<T>
  readonly #listeners = new Listeners<InformerStatus>()
  #status: InformerStatus
  #fanIn: NamespacesFanIn<T> | undefined

  /** @throws PersistenceError with code `'refused'` for secrets that are not to be stored. */
  constructor(host: FeedHost<T>, options: NamespacesFeedOptions<T>) {
    const { persistence } = options
    if (persistence) refuseSecrets(persistence.scope, persistence)
    this.#host = host
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

  /** @throws what `load` rejects with. */
  async run({ signal }: { signal: AbortSignal }): Promise<void> {
    try {
      if (signal.aborted) return
      this.#update({ state: 'connecting' })
      const { load = () => import('./fan-in') } = this.#options
      const { NamespacesFanIn } = await abortable(load(), signal)
      signal.throwIfAborted()
      this.#fanIn = new NamespacesFanIn(this.#fanInHost())
      await this.#fanIn.run(signal)
    } catch (error) {
      if (signal.aborted) return
      this.#update({ error })
      throw error
    } finally {
      if (this.#status.state !== 'stopped') this.#update({ state: 'stopped' })
    }
  }

  #fanInHost(): FanInHost<T> {
    const { indexer, options, transformed, persisted, report } = this.#host
    const { source, fallback, lease, persistence } = this.#options
    // That some namespaces are forbidden is what this feed is for.
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
      tell: (status) => this.#update(status),
      report,
    }
  }

  get #clock(): Clock {
    return this.#host.options.clock ?? systemClock
  }

  #update(change: Partial<InformerStatus>): void {
    this.#status = nextStatus(this.#status, change, this.#clock.now())
    this.#listeners.notify(this.#status)
  }
}
