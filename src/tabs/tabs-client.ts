// One informer's client and persister, which use the owner of the feeds and continue with the next owner when one is lost.

import { ConnectionError, PersistenceError } from '../api/errors'
import type { KubeObject } from '../api/object'
import { type Resource, resourcePath } from '../api/resource'
import type { Entry } from '../codec/entry'
import type { ArrivalOptions, EntryList, WatchEntry } from '../codec/wire'
import type { ListEntriesOptions } from '../http/list'
import type { WatchEntriesOptions } from '../http/watch'
import type { Commit, LoadOptions, Persister, Scope, Snapshot } from '../persistence/persister'
import { scopeId } from '../persistence/scope'
import type { EntryClient } from '../source/list-watch'
import type { WorkerConnection } from '../worker/page/connection'
import { presentState, remoteClient } from '../worker/page/remote'
import type { Backend } from '../worker/page/worker-source'
import type { ScopeRequest, StoredScope } from '../worker/protocol'
import type { Link } from './link'
import { type ScopeOptions, scopeName } from './messages'

/** Options of a {@link TabsClient}. */
export interface TabsClientOptions {
  readonly link: Link
  /** The client and the persister of this tab, used while it is alone. */
  readonly here: Backend
  /** The resource that the informer reads. */
  readonly resource: Resource
  readonly managedFields?: 'drop' | 'keep' | undefined
  readonly accept: string | undefined
  readonly fieldSelector?: string | undefined
  readonly sensitive: readonly string[] | undefined
  /** Whether the tab stores its objects itself, because they are not those of the server. */
  readonly storesHere: boolean
}

type Namespaced<O> = O & { namespace?: string | undefined }

/** A client and a persister of one informer. */
export class TabsClient implements EntryClient {
  readonly baseUrl: string
  /** Undefined when the informer has none. */
  readonly persister: Persister | undefined
  /** The names of the scopes that the informer watches. */
  readonly scopes: Set<string> = new Set()
  readonly #options: TabsClientOptions
  /** The scopes that the owner stores, by name; each new owner is asked to go on. */
  readonly #kept = new Map<string, ScopeRequest>()
  readonly #keptBy = new WeakMap<WorkerConnection, Set<string>>()
  /** The ids of the scopes whose writer is this tab; the owner writes the others. */
  readonly #admitted = new Set<string>()

  constructor(options: TabsClientOptions) {
    this.#options = options
    this.baseUrl = options.here.client.baseUrl
    if (options.here.persister) this.persister = this.#persisterOver(options.here.persister)
  }

  /** Lists from the owner. Lost owners are no errors: the list is repeated. */
  async listEntries<T extends KubeObject>(
    resource: Resource<T>,
    options: Namespaced<ListEntriesOptions & ArrivalOptions<T>>,
  ): Promise<EntryList<T>> {
    const { onEntries } = options
    let hasDelivered = false
    const delivering = (entries: readonly Entry<T>[]) => {
      hasDelivered = true
      onEntries?.(entries)
    }
    for (;;) {
      const connection = await this.#connection(resource, options)
      if (!connection) return this.#options.here.client.listEntries(resource, options)
      const within = { ...this.#within(options), ...(onEntries && { onEntries: delivering }) }
      try {
        return await remoteClient(connection, this.baseUrl).listEntries(resource, within)
      } catch (error) {
        // Entries that were delivered cannot be taken back: the caller begins again.
        if (!connection.failure || hasDelivered) throw error
        this.#throwIfTroubled(resource, options, connection)
      }
    }
  }

  /** Watches the owner's cache. When an owner is lost, continues with the next one from the last version that was delivered. */
  async *watchEntries<T extends KubeObject>(
    resource: Resource<T>,
    options: Namespaced<WatchEntriesOptions>,
  ): AsyncGenerator<readonly WatchEntry<T>[], void, undefined> {
    this.scopes.add(scopeName(resource, options))
    let asked = options
    let wasAccepted = false
    for (;;) {
      const connection = await this.#connection(resource, options)
      const client = connection ? remoteClient(connection, this.baseUrl) : this.#options.here.client
      try {
        for await (const batch of client.watchEntries(resource, asked)) {
          asked = continued(asked, batch)
          // An empty first batch says that the watch was accepted, once.
          if (batch.length > 0 || !wasAccepted) yield batch
          wasAccepted = true
        }
        return
      } catch (error) {
        // An initial state that was delivered in part cannot be continued.
        if (!connection?.failure || asked.sendInitialEvents !== undefined) throw error
        this.#throwIfTroubled(resource, options, connection)
      }
    }
  }

  /** A reflector that checks one object by its name lists it from the informer's own feed. */
  #within<O extends ListEntriesOptions>(options: O): O & { within?: string | undefined } {
    const { fieldSelector } = this.#options
    return options.fieldSelector === fieldSelector ? options : { ...options, fieldSelector, within: options.fieldSelector }
  }

  /** @returns undefined when the tab is alone. */
  async #connection(
    resource: Resource,
    options: ScopeOptions & { signal?: AbortSignal | undefined },
  ): Promise<WorkerConnection | undefined> {
    const { signal } = options
    const connection = await this.#options.link.connection(signal)
    const { fieldSelector } = this.#options
    const request = connection && this.#kept.get(scopeName(resource, { ...options, fieldSelector }))
    if (request) void this.#keep(connection, request)
    return connection
  }

  /** Asks an owner, once, to store a scope. */
  async #keep(connection: WorkerConnection, request: ScopeRequest): Promise<void> {
    const known = this.#keptBy.get(connection) ?? new Set()
    this.#keptBy.set(connection, known)
    const name = scopeName(request.resource, request.options)
    if (known.has(name)) return
    known.add(name)
    // A lost owner stores nothing; the next one is asked again.
    await connection
      .request(request)
      .next()
      .catch(() => undefined)
  }

  #throwIfTroubled(resource: Resource, { namespace }: ScopeOptions, { failure }: WorkerConnection): void {
    if (!this.#options.link.isTroubled) return
    throw new ConnectionError({ method: 'GET', url: `${this.baseUrl}/${resourcePath(resource, { namespace })}` }, { cause: failure })
  }

  #persisterOver(here: Persister): Persister {
    const load = async (scope: Scope, options: LoadOptions): Promise<Snapshot | undefined> => {
      const connection = await this.#options.link.connection(undefined)
      const stored = connection && this.#storedScope(scope, here)
      // A load admits a writer, so one that comes too late would take the storage from the owner.
      if (this.#options.link.isClosed) throw new PersistenceError('unavailable', 'the informer was closed before its snapshot was loaded')
      if (!connection || !stored) {
        // The owner was the writer until the first load.
        const { after, ...first } = options
        const isFirst = !this.#admitted.has(scopeId(scope))
        this.#admitted.add(scopeId(scope))
        return here.load(scope, isFirst ? first : options)
      }
      this.#admitted.delete(scopeId(scope))
      const request = this.#scopeRequest(scope, stored)
      this.#kept.set(scopeName(request.resource, request.options), { ...request, kind: 'keep' })
      try {
        return await snapshotOf(connection, request, options)
      } catch (error) {
        if (!connection.failure) throw error
        return load(scope, options)
      }
    }
    const commit = async (scope: Scope, change: Commit): Promise<void> => {
      const connection = await this.#options.link.connection(undefined)
      const stored = connection && this.#storedScope(scope, here)
      if (stored) {
        const { resource, options } = this.#scopeRequest(scope, stored)
        const error = this.#options.link.unstoredError(scopeName(resource, options))
        if (error) throw error
        // The owner stores.
        return
      }
      if (!this.#admitted.has(scopeId(scope)))
        throw new PersistenceError('unavailable', 'the owner that stored this snapshot is gone; this tab loads and stores it again')
      await here.commit(scope, change)
    }
    return { load, commit, clear: (scope) => here.clear(scope) }
  }

  /** @returns undefined for a persister that cannot be made again in another thread: this tab stores by itself. */
  #storedScope(scope: Scope, { portable: storage }: Persister): StoredScope | undefined {
    const { sensitive, storesHere } = this.#options
    return storage && !storesHere ? { storage, scope, sensitive } : undefined
  }

  #scopeRequest({ namespace, labelSelector, fieldSelector }: Scope, stored: StoredScope): ScopeRequest {
    const { resource, managedFields, accept } = this.#options
    const { group, version, plural, kind, scope } = resource
    return {
      kind: 'present',
      resource: { group, version, plural, kind, scope },
      options: {
        namespace: namespace || undefined,
        labelSelector: labelSelector || undefined,
        fieldSelector: fieldSelector || undefined,
        managedFields,
        accept,
      },
      stored,
    }
  }
}

/** Reads the owner's present state as a snapshot. */
async function snapshotOf(connection: WorkerConnection, request: ScopeRequest, { onRecords }: LoadOptions): Promise<Snapshot | undefined> {
  const records: Entry<KubeObject>[] = []
  const resourceVersion = await presentState(connection, request, (entries) => {
    onRecords?.([...entries].reverse(), records.length)
    for (const entry of entries) records.push(entry)
  })
  return resourceVersion === undefined ? undefined : { resourceVersion, records: records.reverse() }
}

/** Returns the options of a watch that continues after a batch. An initial state that is complete continues as a watch. */
function continued<O extends WatchEntriesOptions>(options: O, batch: readonly WatchEntry<unknown>[]): O {
  const last = batch.findLast((event) => event.type === 'BOOKMARK' || 'entry' in event)
  const version = last?.type === 'BOOKMARK' ? last.resourceVersion : last && 'entry' in last ? last.entry.resourceVersion : ''
  const isStreaming = options.sendInitialEvents !== undefined
  if (!isStreaming) return version ? { ...options, resourceVersion: version } : options
  if (!batch.some((event) => event.type === 'BOOKMARK' && event.initialEventsEnd)) return options
  return { ...options, resourceVersion: version, sendInitialEvents: undefined, resourceVersionMatch: undefined }
}
