// Shares informers between the parts of an application.

import type { KubeObject } from '../api/object'
import type { Resource } from '../api/resource'
import type { Entry } from '../codec/entry'
import { listen } from '../internal/listen'
import { Opaque } from '../internal/opaque'
import { report } from '../internal/report'
import type { WhenSyncedOptions } from '../reflector/when-synced'
import type { EntryClient } from '../source/list-watch'
import type { Transform } from '../source/transform'
import type { Indexers } from '../store/indexer'
import { type InformerOptions, Namespaces, newInformer, type PersistOptions } from './create-informer'
import type { InformerEvent } from './events'
import type { SharedInformer } from './shared-informer'
import type { WaitOptions } from './wait'

/** Options of all informers of a {@link SharedInformerFactory}. */
export interface SharedInformerFactoryOptions
  extends Omit<
    InformerOptions<KubeObject>,
    | 'persist'
    | 'indexers'
    | 'transform'
    | 'expectedType'
    | 'labelSelector'
    | 'fieldSelector'
    | 'signal'
    | 'source'
    | 'onEvent'
    | 'onArrival'
  > {
  /** The storage of each informer's state across restarts; `version` is part of each request. Default: none. */
  persist?: Omit<PersistOptions, 'version'> | undefined
  /** Called with each event and the identity of its informer. */
  onEvent?: ((event: InformerEvent, informer: InformerIdentity) => void) | undefined
  /** Called with each batch of an initial list while it loads, and the identity of its informer; see {@link InformerOptions.onArrival}. */
  onArrival?: ((entries: readonly Entry<KubeObject>[], before: number, informer: InformerIdentity) => void) | undefined
}

/** Identifies one of a factory's informers. */
export interface InformerIdentity extends Pick<SharedInformerSelection<KubeObject>, 'namespace' | 'labelSelector' | 'fieldSelector'> {
  readonly resource: Resource
}

/** Selects an informer. Equal selections share one informer. */
export interface SharedInformerSelection<T extends KubeObject> {
  /** Default: the factory's namespace; the empty string for all namespaces. Cluster-scoped resources have none. */
  namespace?: string | undefined
  /** Such as `app=web,tier!=db`. */
  labelSelector?: string | undefined
  /** Such as `spec.nodeName=n1`. */
  fieldSelector?: string | undefined
  /** Changes every object before it is kept. Informers with different functions are different informers. */
  transform?: Transform<T> | undefined
  /** The version of what is stored; change it with the transform. Default the empty string. */
  version?: string | undefined
}

/** A request for an informer: its selection and indexes. */
export interface SharedInformerRequest<T extends KubeObject, Names extends string = never> extends SharedInformerSelection<T> {
  /** The indexes that the informer must have. Missing ones are added; another function under an existing name is an error. */
  indexers?: Indexers<T, Names> | undefined
}

/** A lease of a shared informer. */
export interface InformerLease<T extends KubeObject, Names extends string = never> extends Disposable {
  readonly informer: SharedInformer<T, Names>
  /** Releases the informer, which closes when its last lease is released. Calling it again is a no-op. */
  release(): void
}

interface Shared {
  readonly informer: SharedInformer<KubeObject>
  /** The number of leases. */
  users: number
  /** Whether the informer was requested without a lease, so that it lives as long as the factory. */
  pinned: boolean
  started: boolean
}

/**
 * Shares one informer among all callers that select the same objects: one feed, one copy in memory. Resources can be chosen at run time.
 *
 * @example
 * ```ts
 * const informers = new SharedInformerFactory(client, { namespace: 'shop' })
 * const pods = informers.informer(Pod)
 * informers.start({ signal })
 * await informers.whenSynced()
 * ```
 * @see client-go `informers.SharedInformerFactory`, `dynamicinformer.DynamicSharedInformerFactory`
 */
export class SharedInformerFactory extends Opaque implements AsyncDisposable {
  readonly #client: EntryClient
  readonly #options: SharedInformerFactoryOptions
  readonly #shared = new Map<string, Shared>()
  readonly #transforms = new WeakMap<object, number>()
  /** The informers that still store their last changes, by key. */
  readonly #stopping = new Map<string, Promise<void>>()
  #transformCount = 0
  #state: 'idle' | 'started' | 'closed' = 'idle'
  #unlisten = () => {}

  constructor(client: EntryClient, options: SharedInformerFactoryOptions = {}) {
    super()
    this.#client = client
    this.#options = options
  }

  /**
   * Returns the informer of a collection, which lives until the factory is closed. It starts with {@link start}, or at once if that was
   * called before.
   *
   * @throws Error when the factory is closed; TypeError when an index has another meaning already; the errors of the constructor of
   *   {@link SharedInformer}.
   */
  informer<T extends KubeObject, Names extends string = never>(
    resource: Resource<T>,
    request: SharedInformerRequest<NoInfer<T>, Names> = {},
  ): SharedInformer<T, Names> {
    const [, shared] = this.#find(resource, request)
    shared.pinned = true
    return shared.informer as unknown as SharedInformer<T, Names>
  }

  /**
   * Leases an informer: it closes when the last lease is released, unless {@link informer} has returned it.
   *
   * @throws as {@link informer}.
   * @example
   * ```ts
   * using lease = informers.lease(Pod)
   * lease.informer.lister.list()
   * ```
   */
  lease<T extends KubeObject, Names extends string = never>(
    resource: Resource<T>,
    request: SharedInformerRequest<NoInfer<T>, Names> = {},
  ): InformerLease<T, Names> {
    const [key, shared] = this.#find(resource, request)
    shared.users++
    let held = true
    const release = () => {
      if (!held) return
      held = false
      shared.users--
      if (shared.users === 0 && !shared.pinned) this.#drop(key, shared)
    }
    return { informer: shared.informer as unknown as SharedInformer<T, Names>, release, [Symbol.dispose]: release }
  }

  /**
   * Starts every informer, including those requested later. Calling it again is a no-op.
   *
   * @param options.signal closes the factory.
   * @throws Error when the factory is closed.
   */
  start({ signal }: WaitOptions = {}): void {
    this.#checkOpen()
    if (this.#state === 'started') return
    this.#state = 'started'
    for (const [key, shared] of this.#shared) this.#run(key, shared)
    const close = () => void this.close().catch(report)
    this.#unlisten = listen(signal, 'abort', close)
    if (signal?.aborted) close()
  }

  /**
   * Resolves when every existing informer has synced.
   *
   * @throws as {@link SharedInformer.whenSynced}, for the first one that fails.
   */
  async whenSynced(options?: WhenSyncedOptions): Promise<void> {
    await Promise.all(Array.from(this.#shared.values(), ({ informer }) => informer.whenSynced(options)))
  }

  /** Closes every informer. Resolves when their last changes are stored. Calling it again is a no-op. */
  async close(): Promise<void> {
    this.#state = 'closed'
    this.#unlisten()
    for (const [key, shared] of this.#shared) this.#drop(key, shared)
    await Promise.all(this.#stopping.values())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #find<T extends KubeObject, Names extends string>(resource: Resource<T>, request: SharedInformerRequest<T, Names>): [string, Shared] {
    this.#checkOpen()
    const { indexers, version, ...selection } = request
    const namespace = resource.scope === 'Cluster' ? undefined : (selection.namespace ?? this.#options.namespace)
    const key = this.#keyOf(resource, { ...selection, version, namespace })
    const known = this.#shared.get(key)
    if (known) {
      if (indexers) addMissing(known.informer as unknown as SharedInformer<T>, indexers)
      return [key, known]
    }
    const { onEvent, onArrival, persist } = this.#options
    const { labelSelector, fieldSelector } = selection
    const identity: InformerIdentity = { resource, namespace, labelSelector, fieldSelector }
    const options = {
      ...this.#options,
      ...selection,
      namespace,
      indexers,
      persist: persist && { ...persist, version },
      onEvent: onEvent && ((event: InformerEvent) => onEvent(event, identity)),
      onArrival: onArrival && ((entries: readonly Entry<T>[], before: number) => onArrival(entries, before, identity)),
    }
    const informer = newInformer<T, Names>(this.#client, resource, options, () => this.lease(Namespaces))
    // The map holds informers of any type. A key leads only to callers that gave the same resource.
    const shared: Shared = { informer: informer as unknown as SharedInformer<KubeObject>, users: 0, pinned: false, started: false }
    this.#shared.set(key, shared)
    if (this.#state === 'started') this.#run(key, shared)
    return [key, shared]
  }

  #keyOf<T extends KubeObject>({ group, version, plural }: Resource<T>, selection: SharedInformerSelection<T>): string {
    const { namespace = '', labelSelector = '', fieldSelector = '', transform, version: stored = '' } = selection
    return JSON.stringify([
      group,
      version,
      plural,
      namespace,
      labelSelector,
      fieldSelector,
      transform ? this.#numberOf(transform) : 0,
      stored,
    ])
  }

  #numberOf(transform: object): number {
    const number = this.#transforms.get(transform) ?? ++this.#transformCount
    this.#transforms.set(transform, number)
    return number
  }

  #run(key: string, shared: Shared): void {
    if (shared.started) return
    shared.started = true
    const run = () => {
      if (this.#shared.get(key) === shared) shared.informer.run().catch(report)
    }
    // An informer that was just closed, because its last lease was released, still writes. A new one must not load a state that is about to
    // change.
    const stopping = this.#stopping.get(key)
    if (stopping) void stopping.then(run)
    else run()
  }

  #drop(key: string, shared: Shared): void {
    if (this.#shared.get(key) !== shared) return
    this.#shared.delete(key)
    const stopping = Promise.all([this.#stopping.get(key), shared.informer.close().catch(report)]).then(() => {
      if (this.#stopping.get(key) === stopping) this.#stopping.delete(key)
    })
    this.#stopping.set(key, stopping)
  }

  #checkOpen(): void {
    if (this.#state === 'closed') throw new Error('the factory was closed: make another one')
  }
}

function addMissing<T extends KubeObject, Names extends string>({ indexer }: SharedInformer<T>, indexers: Indexers<T, Names>): void {
  const known: Readonly<Record<string, unknown>> = indexer.getIndexers()
  indexer.addIndexers(Object.fromEntries(Object.entries(indexers).filter(([name, func]) => known[name] !== func)) as Indexers<T, Names>)
}
