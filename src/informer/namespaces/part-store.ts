import type { KubeObject } from '../../api/object'
import type { Entry, UnparsedEntry } from '../../codec/entry'
import { Listeners } from '../../internal/listeners'
import type { PersistableStore } from '../../persistence/persistence-options'
import type { ApplyObserver, EntryChange, ReflectorStore } from '../../reflector/options'
import type { StoreUpdate } from '../../store/changes'
import type { Indexer } from '../../store/indexer'

/** The indexer that namespaces share, and the version all of them together are at. */
export interface SharedIndexer<T extends KubeObject> {
  readonly indexer: Indexer<T, string>
  /** At least so far has every one of them come; the empty string: not all have a version. */
  commonVersion(): string
}

/**
 * The objects of one namespace (the empty string: of all) in an indexer, as a store with a version of its own: a reflector fills it and a
 * persister keeps it as if there were no other namespace. A replace leaves the others' objects alone.
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

  /** Removes the objects: what was denied or deleted is not shown. */
  clear(): void {
    this.replace([], '')
  }

  /** Gives the version up and leaves the objects to others. */
  forget(): void {
    this.#resourceVersion = ''
  }

  subscribe(listener: (update: StoreUpdate<T>) => void): () => void {
    return this.#updates.add(listener)
  }

  onUnreadable(listener: (entry: UnparsedEntry) => void): () => void {
    return this.#shared.indexer.onUnreadable((entry) => {
      if (this.#resourceVersion === '' || (this.#namespace && entry.namespace !== this.#namespace)) return
      // As for a whole store: with an object missing it is at no version any more.
      this.forget()
      this.#updates.notify({ type: 'apply', changes: [], resourceVersion: '' })
      listener(entry)
    })
  }

  #step(type: StoreUpdate<T>['type'], changes: readonly EntryChange<T>[], resourceVersion: string, observer?: ApplyObserver<T>): void {
    const { indexer } = this.#shared
    const told: StoreUpdate<T>[] = []
    this.#resourceVersion = resourceVersion
    const stop = indexer.subscribe((update) => told.push(update))
    indexer.apply(changes, this.#shared.commonVersion(), observer)
    stop()
    this.#updates.notify({ type, changes: told.flatMap((update) => update.changes), resourceVersion: this.#resourceVersion })
  }
}
