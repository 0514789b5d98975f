import type { KubeObject } from '../../api/object'
import type { ReflectorStatus } from '../../reflector/options'
import type { Indexer } from '../../store/indexer'
import type { InformerStatus } from '../feed'
import { isForbidden, NamespacePart, type PartHost } from './part'
import { lowestOf, worstOf } from './status'

/** An informer of the Namespaces, held for a while. */
export interface NamespacesLease {
  readonly informer: {
    readonly indexer: Pick<Indexer<KubeObject>, 'size' | 'keys' | 'subscribe'>
    readonly status: ReflectorStatus
    subscribe(listener: () => void): () => void
  }
  /** Gives it back. */
  release(): void | Promise<void>
}

/** What {@link NamespacesFanIn} needs of the feed that it works for. */
export interface FanInHost<T extends KubeObject> extends Omit<PartHost<T>, 'commonVersion' | 'mayPersist' | 'changed'> {
  /** The namespaces to follow when the server forbids listing Namespaces, too. */
  readonly fallback: readonly string[]
  /** Asks for the Namespaces when they are needed. */
  lease(): NamespacesLease
  /** Called with the status after each change. */
  tell(status: InformerStatus): void
  /** Called with errors that are not the feed's. */
  report(error: unknown): void
}

/** The work of a `NamespacesFeed`: follows everything, or namespace by namespace what is allowed. Runs once. */
export class NamespacesFanIn<T extends KubeObject> {
  readonly #host: FanInHost<T>
  readonly #whole: NamespacePart<T>
  readonly #parts = new Map<string, NamespacePart<T>>()
  readonly #ending = new Set<Promise<void>>()
  #status: InformerStatus
  #names: { readonly lease: NamespacesLease; readonly stops: readonly (() => void)[] } | undefined
  // Whether the indexer may have objects of namespaces that are no longer followed.
  #leftovers = false
  // Whether the error that no namespace is allowed was reported.
  #toldDenied = false

  constructor(host: FanInHost<T>) {
    this.#host = host
    this.#whole = this.#part('')
    this.#status = this.#whole.status
  }

  /** The version that the objects of one namespace are at; the empty string while there is none. */
  resourceVersionOf(namespace: string): string {
    return this.#names ? (this.#parts.get(namespace)?.store.resourceVersion ?? '') : this.#whole.store.resourceVersion
  }

  /** Runs until the signal is aborted, and then to the end of what has to be stored. */
  async run(signal: AbortSignal): Promise<void> {
    this.#whole.run()
    this.#look()
    await new Promise<void>((resolve) => {
      // A status listener may have closed the informer.
      if (signal.aborted) resolve()
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    this.#end(this.#whole.stop())
    this.#leaveNamespaces()
    this.#update({ ...this.#status, state: 'stopped' })
    await Promise.all(this.#ending)
  }

  /** Notices parts that the runtime has suspended. */
  check(): void {
    for (const part of [this.#whole, ...this.#parts.values()]) part.check()
  }

  /** Ends the waits of all parts, and checks that what is open is alive. */
  reconnect(): void {
    for (const part of [this.#whole, ...this.#parts.values()]) part.reconnect()
  }

  #part(namespace: string): NamespacePart<T> {
    return new NamespacePart(namespace, {
      ...this.#host,
      commonVersion: () => this.#commonVersion(),
      mayPersist: async () => namespace === '' || this.#whole.mayPersist(),
      changed: () => this.#look(),
    })
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
    const lease = this.#host.lease()
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

  /** The namespaces to follow; undefined until the server has listed or refused them. */
  #namesOf({ indexer, status }: NamespacesLease['informer']): Set<string> | undefined {
    if (isForbidden(status)) return new Set(this.#host.fallback)
    return status.hasSynced || indexer.size > 0 ? new Set(indexer.keys()) : undefined
  }

  #namespacesStatus(informer: NamespacesLease['informer']): InformerStatus {
    const namespaces = new Map(Array.from(this.#parts, ([name, { status }]) => [name, status]))
    const allowed = [...this.#parts.values()].filter(({ denied }) => !denied).map(({ status }) => status)
    const known = this.#namesOf(informer) !== undefined
    const { hasSynced } = this.#status
    if (!known) return { ...informer.status, hasSynced, source: undefined, lastSyncResourceVersion: '', namespaces }
    if (allowed.every((status) => status.hasSynced)) this.#sweep()
    if (allowed.length === 0) {
      if (!this.#toldDenied) this.#host.report(this.#whole.status.error)
      this.#toldDenied = true
      return { ...this.#whole.status, hasSynced, namespaces }
    }
    this.#toldDenied = false
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
    this.#host.tell(status)
  }
}
