import { listen } from '../internal/listen'
import { Listeners } from '../internal/listeners'
import type { KubeObject } from '../meta/object'
import type { ListerWatcher } from '../reflector/lister-watcher'
import type { ReflectorStatus, SyncSource } from '../reflector/options'
import { type WhenSyncedOptions, whenSynced } from '../reflector/when-synced'
import type { Indexer } from '../store/indexer'
import type { Feed, FeedHost, InformerPersistence, InformerStatus } from './feed'
import { isForbidden, NamespacePart, type PartHost } from './namespace-part'
import { lowestOf, worstOf } from './namespaces-status'

/** An informer of the Namespaces, held for a while. */
export interface NamespacesLease {
  readonly informer: {
    readonly indexer: Pick<Indexer<KubeObject>, 'size' | 'listKeys' | 'subscribe'>
    readonly status: ReflectorStatus
    subscribe(listener: () => void): () => void
  }
  /** Gives it back. */
  release(): void | Promise<void>
}

/** What a {@link NamespacesFeed} reads. */
export interface NamespacesFeedOptions<T extends KubeObject> {
  /** Reads one namespace; all of them for the empty string. */
  source(namespace: string): ListerWatcher<T>
  /** The namespaces to follow when the server forbids listing Namespaces, too. */
  fallback: readonly string[]
  /** Asks for the Namespaces when they are needed. */
  lease(): NamespacesLease
  persistence?: InformerPersistence | undefined
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
  readonly #whole: NamespacePart<T>
  readonly #parts = new Map<string, NamespacePart<T>>()
  readonly #ending = new Set<Promise<void>>()
  #status: InformerStatus = { state: 'idle', hasSynced: false, source: undefined, lastSyncResourceVersion: '', error: undefined }
  #names: { readonly lease: NamespacesLease; readonly stops: readonly (() => void)[] } | undefined
  // Objects may be there of namespaces that were followed before, and are not now.
  #leftovers = false

  /** @throws PersistenceError with code `'refused'` for secrets that are not to be stored. */
  constructor(host: FeedHost<T>, options: NamespacesFeedOptions<T>) {
    this.#host = host
    this.#options = options
    this.#whole = this.#part('')
  }

  get status(): InformerStatus {
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

  resourceVersionOf(namespace: string): string {
    return this.#names ? (this.#parts.get(namespace)?.store.resourceVersion ?? '') : this.#whole.store.resourceVersion
  }

  async run({ signal }: { signal: AbortSignal }): Promise<void> {
    if (!signal.aborted) {
      this.#whole.run()
      this.#look()
      await aborted(signal)
    }
    this.#end(this.#whole.stop())
    this.#leaveNamespaces()
    this.#update({ ...this.#status, state: 'stopped' })
    await Promise.all(this.#ending)
  }

  #part(namespace: string): NamespacePart<T> {
    const host: PartHost<T> = {
      ...this.#host,
      source: this.#options.source,
      persistence: this.#options.persistence,
      commonVersion: () => this.#commonVersion(),
      changed: () => this.#look(),
    }
    return new NamespacePart(namespace, host)
  }

  /** Something has changed: sees what is to be done, and says how things are. */
  #look(): void {
    if (this.#whole.denied) this.#enterNamespaces()
    else if (this.#whole.status.hasSynced) this.#leaveNamespaces()
    const names = this.#names?.lease.informer
    this.#update(names ? this.#namespacesStatus(names) : { ...this.#whole.status, namespaces: undefined })
  }

  #enterNamespaces(): void {
    if (this.#names) return
    const lease = this.#options.lease()
    const follow = () => {
      const names = this.#namesOf(lease.informer)
      if (names) this.#follow(names)
      this.#look()
    }
    this.#leftovers = true
    this.#names = { lease, stops: [lease.informer.subscribe(follow), lease.informer.indexer.subscribe(follow)] }
    follow()
  }

  #leaveNamespaces(): void {
    if (!this.#names) return
    const { lease, stops } = this.#names
    this.#names = undefined
    for (const stop of stops) stop()
    for (const part of this.#parts.values()) this.#end(part.stop())
    this.#parts.clear()
    this.#end(lease.release())
  }

  #follow(names: ReadonlySet<string>): void {
    for (const [name, part] of this.#parts) {
      if (names.has(name)) continue
      this.#parts.delete(name)
      this.#end(part.stop())
      part.store.clear()
    }
    for (const name of names) {
      if (this.#parts.has(name)) continue
      const part = this.#part(name)
      this.#parts.set(name, part)
      part.run()
    }
  }

  /** Undefined as long as nobody knows. */
  #namesOf({ indexer, status }: NamespacesLease['informer']): Set<string> | undefined {
    if (isForbidden(status)) return new Set(this.#options.fallback)
    return status.hasSynced || indexer.size > 0 ? new Set(indexer.listKeys()) : undefined
  }

  #namespacesStatus(informer: NamespacesLease['informer']): InformerStatus {
    const namespaces = new Map(Array.from(this.#parts, ([name, { status }]) => [name, status]))
    const allowed = [...this.#parts.values()].filter(({ denied }) => !denied).map(({ status }) => status)
    const known = this.#namesOf(informer) !== undefined
    const { hasSynced } = this.#status
    if (!known) return { ...informer.status, hasSynced, source: undefined, lastSyncResourceVersion: '', namespaces }
    if (allowed.every((status) => status.hasSynced)) this.#sweep()
    if (allowed.length === 0) return { ...this.#whole.status, hasSynced, namespaces }
    const status = worstOf(allowed)
    return { ...status, hasSynced: status.hasSynced || hasSynced, namespaces }
  }

  /** Removes the objects of the namespaces that are not followed, or not any more. */
  #sweep(): void {
    if (!this.#leftovers) return
    this.#leftovers = false
    const { indexer } = this.#host
    const gone = indexer.list().filter(({ namespace }) => !this.#parts.has(namespace))
    indexer.apply(
      gone.map((entry) => ({ type: 'DELETED', entry })),
      this.#commonVersion(),
    )
  }

  #commonVersion(): string {
    if (!this.#names) return this.#whole.store.resourceVersion
    return (
      this.#whole.store.resourceVersion ||
      lowestOf([...this.#parts.values()].filter(({ denied }) => !denied).map(({ store }) => store.resourceVersion))
    )
  }

  #end(ending: void | Promise<void>): void {
    if (!ending) return
    const done = ending.catch(this.#host.report).then(() => void this.#ending.delete(done))
    this.#ending.add(done)
  }

  #update(status: InformerStatus): void {
    this.#status = status
    this.#listeners.notify(status)
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stop = listen(signal, 'abort', () => {
      stop()
      resolve()
    })
  })
}
