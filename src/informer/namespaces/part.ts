import { isApiError } from '../../api/errors'
import type { KubeObject } from '../../api/object'
import type { Clock } from '../../internal/clock'
import { delay } from '../../internal/delay'
import type { StorePersistence } from '../../persistence/store-persistence'
import type { ReflectorStatus, ReflectorStore } from '../../reflector/options'
import type { Reflector } from '../../reflector/reflector'
import { initialStatus } from '../../reflector/status'
import type { FeedHost, InformerPersistence } from '../feed'
import { NamespaceStore, type SharedIndexer } from './part-store'

/** How long what was denied is left alone: a namespace may be one of hundreds. */
const ASK_AGAIN_MS = 300_000

/** What a {@link NamespacePart} needs of the feed that it is a part of. */
export interface PartHost<T extends KubeObject> extends SharedIndexer<T>, Pick<FeedHost<T>, 'persisted'> {
  readonly clock: Clock
  /** Makes what keeps a store as one namespace is; as all of them are for the empty string. */
  reflector(namespace: string, store: ReflectorStore<T>): Reflector<T>
  /** Where the namespaces' states are kept, each under a scope of its own. */
  readonly persistence: InformerPersistence | undefined
  /** Whether this part may load and store its state: after a clear, an informer that began before it opens no further scope. */
  mayPersist(): Promise<boolean>
  /** The status of a part has changed. */
  changed(): void
}

/** One namespace of a feed, or all of them (the empty string): a reflector, a version and a stored state of its own. */
export class NamespacePart<T extends KubeObject> {
  readonly store: NamespaceStore<T>
  readonly #namespace: string
  readonly #host: PartHost<T>
  readonly #persistence: StorePersistence<T> | undefined
  readonly #life = new AbortController()
  #status: ReflectorStatus
  #reflector: Reflector<T> | undefined
  // Ends the wait before what was denied is asked for again.
  #hurry = new AbortController()
  #running: Promise<void> | undefined

  constructor(namespace: string, host: PartHost<T>) {
    this.#namespace = namespace
    this.#host = host
    this.store = new NamespaceStore(namespace, host)
    this.#status = initialStatus(host.clock.now(), 'connecting')
    const { persistence } = host
    if (!persistence) return
    this.#persistence = host.persisted(this.store, { ...persistence, scope: { ...persistence.scope, namespace } })
  }

  /** Notices that the runtime has suspended the reflector: reading its status is what detects that. */
  check(): void {
    void this.#reflector?.status
  }

  /** What its reflector says. One that was denied stays so until the server has delivered. */
  get status(): ReflectorStatus {
    return this.#status
  }

  /** Whether the server forbids it. */
  get denied(): boolean {
    return isForbidden(this.#status)
  }

  /** Whether its state is still this informer's to store. */
  async mayPersist(): Promise<boolean> {
    return (await this.#persistence?.verify()) ?? true
  }

  /** Runs until it is stopped. */
  run(): void {
    this.#running = this.#run(this.#life.signal)
  }

  /** Ends it; nothing is written to the store any more. Resolves when the last changes are stored. */
  async stop(): Promise<void> {
    this.#life.abort()
    await this.#running
  }

  /** Ends a wait before the next attempt, and checks that what is open is alive. */
  reconnect(): void {
    this.#hurry.abort()
    this.#reflector?.reconnect()
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { persistence, clock } = this.#host
    const persist = async (own: StorePersistence<T>) => {
      if ((await this.#host.mayPersist()) && !signal.aborted) await own.start({ signal, loadTimeoutMs: persistence?.loadTimeoutMs })
    }
    let hydrated = this.#persistence && persist(this.#persistence)
    while (!signal.aborted) {
      await this.#follow(signal, hydrated)
      hydrated = undefined
      this.#hurry = new AbortController()
      await delay(ASK_AGAIN_MS, { clock, signal: AbortSignal.any([signal, this.#hurry.signal]) })
    }
    await this.#persistence?.close()
  }

  /** Until the server forbids it, or the signal is aborted. */
  async #follow(signal: AbortSignal, hydrated: Promise<unknown> | undefined): Promise<void> {
    const forbidden = new AbortController()
    const reflector = this.#host.reflector(this.#namespace, this.store)
    this.#reflector = reflector
    reflector.subscribe((status) => {
      if (signal.aborted || forbidden.signal.aborted) return
      if (this.denied && !status.hasSynced && !isForbidden(status)) return
      this.#status = status
      if (isForbidden(status)) {
        this.#status = { ...status, nextAttemptAt: this.#host.clock.now() + ASK_AGAIN_MS }
        // What was seen of everything is the namespaces' now, whose changes are not in its version.
        if (this.#namespace) this.store.clear()
        else this.store.forget()
        forbidden.abort()
      }
      this.#host.changed()
    })
    await reflector.run({ signal: AbortSignal.any([signal, forbidden.signal]), hydrated })
  }
}

/** Whether a feed is denied what it asks for, rather than unknown to the server (401). */
export function isForbidden({ state, error }: ReflectorStatus): boolean {
  return state === 'denied' && isApiError(error) && error.status === 403
}
