// Follows all namespaces with one reflector, or each allowed one with its own. Loaded on demand.

import type { KubeObject } from '../../api/object'
import type { ReflectorStatus } from '../../reflector/options'
import type { Indexer } from '../../store/indexer'
import type { InformerStatus } from '../feed'
import { isForbidden, NamespacePart, type PartDeps } from './part'
import { lowestOf, worstOf } from './status'

/** A lease of an informer of the Namespaces. */
export interface NamespacesLease {
  readonly informer: {
    readonly indexer: Pick<Indexer<KubeObject>, 'size' | 'keys' | 'subscribe'>
    readonly status: ReflectorStatus
    subscribe(listener: () => void): () => void
  }
  /** Releases the informer. */
  release(): void | Promise<void>
}

/** The surroundings of a {@link NamespacesFanIn}, provided by its feed. */
export interface FanInDeps<T extends KubeObject> extends Omit<PartDeps<T>, 'commonVersion' | 'mayPersist' | 'changed'> {
  /** The namespaces to follow when the server forbids listing Namespaces as well. */
  readonly fallback: readonly string[]
  /** Leases an informer of the Namespaces. */
  lease(): NamespacesLease
  /** Called with the status after each change. */
  onStatus(status: InformerStatus): void
  /** Reports errors that do not come from the feed. */
  report(error: unknown): void
}

/** Follows all namespaces at once or, where that is forbidden, each allowed one. Runs once. */
export class NamespacesFanIn<T extends KubeObject> {
  readonly #deps: FanInDeps<T>
  readonly #whole: NamespacePart<T>
  readonly #parts = new Map<string, NamespacePart<T>>()
  readonly #ending = new Set<Promise<void>>()
  #status: InformerStatus
  #names: { readonly lease: NamespacesLease; readonly stops: readonly (() => void)[] } | undefined
  // Whether the indexer may have objects of namespaces that are no longer followed.
  #leftovers = false
  // Whether the error that no namespace is allowed was reported.
  #isDenialReported = false

  constructor(deps: FanInDeps<T>) {
    this.#deps = deps
    this.#whole = this.#part('')
    this.#status = this.#whole.status
  }

  /** Returns the version of the objects of one namespace; the empty string before the first. */
  resourceVersionOf(namespace: string): string {
    return this.#names ? (this.#parts.get(namespace)?.store.resourceVersion ?? '') : this.#whole.store.resourceVersion
  }

  /** Runs until the signal is aborted, then until the last changes are stored. */
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

  /** Starts the next attempt of all parts at once, and checks that open connections are alive. */
  reconnect(): void {
    for (const part of [this.#whole, ...this.#parts.values()]) part.reconnect()
  }

  #part(namespace: string): NamespacePart<T> {
    return new NamespacePart(namespace, {
      ...this.#deps,
      commonVersion: () => this.#commonVersion(),
      mayPersist: async () => namespace === '' || this.#whole.mayPersist(),
      changed: () => this.#look(),
    })
  }

  /** Enters or leaves single namespaces as the parts require, and updates the status. */
  #look(): void {
    if (this.#whole.denied) this.#enterNamespaces()
    else if (this.#whole.status.hasSynced) this.#leaveNamespaces()
    const names = this.#names?.lease.informer
    this.#update(names ? this.#namespacesStatus(names) : { ...this.#whole.status, namespaces: undefined })
  }

  #enterNamespaces(): void {
    if (this.#names) return
    const lease = this.#deps.lease()
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

  /** Returns the namespaces to follow; undefined until the server has listed them or refused to. */
  #namesOf({ indexer, status }: NamespacesLease['informer']): Set<string> | undefined {
    if (isForbidden(status)) return new Set(this.#deps.fallback)
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
      if (!this.#isDenialReported) this.#deps.report(this.#whole.status.error)
      this.#isDenialReported = true
      return { ...this.#whole.status, hasSynced, namespaces }
    }
    this.#isDenialReported = false
    const status = worstOf(allowed)
    return { ...status, hasSynced: status.hasSynced || hasSynced, namespaces }
  }

  /** Removes the objects of namespaces that are not followed any more. */
  #sweep(): void {
    if (!this.#leftovers) return
    this.#leftovers = false
    const { indexer } = this.#deps
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
    const done = ending.catch(this.#deps.report).then(() => void this.#ending.delete(done))
    this.#ending.add(done)
  }

  #update(status: InformerStatus): void {
    this.#status = status
    this.#deps.onStatus(status)
  }
}
