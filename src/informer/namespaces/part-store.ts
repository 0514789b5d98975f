// The objects of one namespace in a shared indexer.

import type { KubeObject } from '../../api/object'
import type { Entry, UnparsedEntry } from '../../codec/entry'
import { Listeners } from '../../internal/listeners'
import type { PersistableStore } from '../../persistence/persistence-options'
import type { ApplyObserver, EntryChange, ReflectorStore } from '../../reflector/options'
import type { StoreUpdate } from '../../store/changes'
import type { Indexer } from '../../store/indexer'

/** The indexer that namespaces share, and their common version. */
export interface SharedIndexer<T extends KubeObject> {
  readonly indexer: Indexer<T, string>
  /** Returns the version that all of them have reached; the empty string until each has one. */
  commonVersion(): string
}

/**
 * The objects of one namespace (of all for the empty string) in a shared indexer, as a store with its own version for one reflector and one
 * persister. A replace does not affect the objects of other namespaces.
 */
export class NamespaceStore<T extends KubeObject> implements ReflectorStore<T>, PersistableStore<T> {
  readonly #namespace: string
  readonly #shared: SharedIndexer<T>
  readonly #updates = new Listeners<StoreUpdate<T>>()
  #resourceVersion = ''

  constructor(namespace: string, shared: SharedIndexer<T>) {
    this.#namespace = namespace
    this.#shared = shared
  }

  get resourceVersion(): string {
    return this.#resourceVersion
  }

  list(): readonly Entry<T>[] {
    const { indexer } = this.#shared
    return this.#namespace ? indexer.byIndex('namespace', this.#namespace) : indexer.list()
  }

  apply(changes: readonly EntryChange<T>[], resourceVersion: string, observer?: ApplyObserver<T>): void {
    this.#step('apply', changes, resourceVersion, observer)
  }

  keyOf(entry: Entry<T>): string {
    return this.#shared.indexer.keyOf(entry)
  }

  replace(entries: readonly Entry<T>[], resourceVersion: string): void {
    const uids = new Map(entries.map((entry) => [this.keyOf(entry), entry.uid]))
    const gone = this.list().filter((entry) => uids.get(this.keyOf(entry)) !== entry.uid)
    const changes: EntryChange<T>[] = gone.map((entry) => ({ type: 'DELETED', entry }))
    for (const entry of entries) changes.push({ type: 'ADDED', entry })
    this.#step('replace', changes, resourceVersion)
  }

  hydrate(entries: readonly Entry<T>[], resourceVersion: string): boolean {
    if (this.#resourceVersion !== '') return false
    this.replace(entries, resourceVersion)
    return true
  }

  bookmark(resourceVersion: string): void {
    this.apply([], resourceVersion)
  }

  resync(): void {
    this.#shared.indexer.resync(this.list())
  }

  /** Removes the objects of a namespace that was denied or deleted. */
  clear(): void {
    this.replace([], '')
  }

  /** Gives up the version. The objects belong to other stores from now on. */
  forget(): void {
    this.#resourceVersion = ''
  }

  subscribe(listener: (update: StoreUpdate<T>) => void): () => void {
    return this.#updates.add(listener)
  }

  onUnreadable(listener: (entry: UnparsedEntry) => void): () => void {
    return this.#shared.indexer.onUnreadable((entry) => {
      if (this.#resourceVersion === '' || (this.#namespace && entry.namespace !== this.#namespace)) return
      // As in a whole store: with an object missing, it has no version any more.
      this.forget()
      this.#updates.notify({ type: 'apply', changes: [], resourceVersion: '' })
      listener(entry)
    })
  }

  #step(type: StoreUpdate<T>['type'], changes: readonly EntryChange<T>[], resourceVersion: string, observer?: ApplyObserver<T>): void {
    const { indexer } = this.#shared
    const updates: StoreUpdate<T>[] = []
    this.#resourceVersion = resourceVersion
    const stop = indexer.subscribe((update) => updates.push(update))
    indexer.apply(changes, this.#shared.commonVersion(), observer)
    stop()
    this.#updates.notify({ type, changes: updates.flatMap((update) => update.changes), resourceVersion: this.#resourceVersion })
  }
}
