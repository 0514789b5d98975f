// One namespace of a feed.

import { isApiError } from '../../api/errors'
import type { KubeObject } from '../../api/object'
import type { Clock } from '../../internal/clock'
import { delay } from '../../internal/delay'
import type { StorePersistence } from '../../persistence/store-persistence'
import type { ReflectorStatus, ReflectorStore } from '../../reflector/options'
import type { Reflector } from '../../reflector/reflector'
import { initialStatus } from '../../reflector/status'
import type { FeedDeps, InformerPersistence } from '../feed'
import { NamespaceStore, type SharedIndexer } from './part-store'

/** The delay before a denied read is retried, in milliseconds. There may be hundreds of namespaces. */
const RETRY_MS = 300_000

/** The surroundings of a {@link NamespacePart}, provided by its feed. */
export interface PartDeps<T extends KubeObject> extends SharedIndexer<T>, Pick<FeedDeps<T>, 'persisted'> {
  readonly clock: Clock
  /** Makes the reflector of a namespace; of all namespaces for the empty string. */
  reflector(namespace: string, store: ReflectorStore<T>): Reflector<T>
  /** The storage of the namespaces' states, each under its own scope. */
  readonly persistence: InformerPersistence | undefined
  /** Whether this part may load and store its state. After a clear, an informer that started before it must not open further scopes. */
  mayPersist(): Promise<boolean>
  /** Called when the status of a part has changed. */
  changed(): void
}

/** One namespace of a feed, or all of them (the empty string), with its own reflector, version and stored state. */
export class NamespacePart<T extends KubeObject> {
  readonly store: NamespaceStore<T>
  readonly #namespace: string
  readonly #deps: PartDeps<T>
  readonly #persistence: StorePersistence<T> | undefined
  readonly #life = new AbortController()
  #status: ReflectorStatus
  #reflector: Reflector<T> | undefined
  // Ends the wait before a denied read is retried.
  #hurry = new AbortController()
  #running: Promise<void> | undefined

  constructor(namespace: string, deps: PartDeps<T>) {
    this.#namespace = namespace
    this.#deps = deps
    this.store = new NamespaceStore(namespace, deps)
    this.#status = initialStatus(deps.clock.now(), 'connecting')
    const { persistence } = deps
    if (!persistence) return
    this.#persistence = deps.persisted(this.store, { ...persistence, scope: { ...persistence.scope, namespace } })
  }

  /** Detects that the runtime has suspended the reflector, which shows when its status is read. */
  check(): void {
    void this.#reflector?.status
  }

  /** The status of its reflector. A denied part stays denied until the server has delivered objects. */
  get status(): ReflectorStatus {
    return this.#status
  }

  /** Whether the server denies access. */
  get denied(): boolean {
    return isForbidden(this.#status)
  }

  /** Whether this informer may still store its state. */
  async mayPersist(): Promise<boolean> {
    return (await this.#persistence?.verify()) ?? true
  }

  /** Runs until it is stopped. */
  run(): void {
    this.#running = this.#run(this.#life.signal)
  }

  /** Stops it. Nothing is written to the store afterwards. Resolves when the last changes are stored. */
  async stop(): Promise<void> {
    this.#life.abort()
    await this.#running
  }

  /** Starts the next attempt at once, and checks that an open connection is alive. */
  reconnect(): void {
    this.#hurry.abort()
    this.#reflector?.reconnect()
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { persistence, clock } = this.#deps
    const persist = async (own: StorePersistence<T>) => {
      if ((await this.#deps.mayPersist()) && !signal.aborted) await own.start({ signal, loadTimeoutMs: persistence?.loadTimeoutMs })
    }
    let hydrated = this.#persistence && persist(this.#persistence)
    while (!signal.aborted) {
      await this.#follow(signal, hydrated)
      hydrated = undefined
      this.#hurry = new AbortController()
      await delay(RETRY_MS, { clock, signal: AbortSignal.any([signal, this.#hurry.signal]) })
    }
    await this.#persistence?.close()
  }

  /** Runs one reflector until the server denies access or the signal is aborted. */
  async #follow(signal: AbortSignal, hydrated: Promise<unknown> | undefined): Promise<void> {
    const forbidden = new AbortController()
    const reflector = this.#deps.reflector(this.#namespace, this.store)
    this.#reflector = reflector
    reflector.subscribe((status) => {
      if (signal.aborted || forbidden.signal.aborted) return
      if (this.denied && !status.hasSynced && !isForbidden(status)) return
      this.#status = status
      if (isForbidden(status)) {
        this.#status = { ...status, nextAttemptAt: this.#deps.clock.now() + RETRY_MS }
        // The objects read from all namespaces belong to the single namespaces now, whose changes are not in this part's version.
        if (this.#namespace) this.store.clear()
        else this.store.forget()
        forbidden.abort()
      }
      this.#deps.changed()
    })
    await reflector.run({ signal: AbortSignal.any([signal, forbidden.signal]), hydrated })
  }
}

/** Whether the server denies what a feed requests (403). An unknown user (401) does not count. */
export function isForbidden({ state, error }: ReflectorStatus): boolean {
  return state === 'denied' && isApiError(error) && error.status === 403
}
