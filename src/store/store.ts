// A store of entries with their resourceVersion.

import { type Keyed, type KeyFunc, metaNamespaceKey } from '../api/keys'
import type { KubeObject } from '../api/object'
import { compareResourceVersions, isResourceVersion } from '../api/resource-version'
import { type Entry, type EntryHolder, entryFromObject, holdEntry, isEntry, releaseEntry, type UnparsedEntry } from '../codec/entry'
import type { ChangeType } from '../codec/wire'
import { describeValue } from '../internal/describe-value'
import { Listeners } from '../internal/listeners'
import { Opaque } from '../internal/opaque'
import type { ApplyObserver, StoreChange, StoreUpdate } from './changes'

/**
 * Keeps the objects of one collection as entries, together with their resourceVersion. Readers see complete states only: each step is
 * applied as a whole before subscribers are called.
 *
 * @example
 * ```ts
 * const store = new Store<Pod>(metaNamespaceKey)
 * store.get('shop/web-1')?.object.status?.phase
 * ```
 * @see client-go `cache.Store`, `cache.NewStore`
 */
export class Store<T extends KubeObject> extends Opaque {
  readonly #keyFunc: KeyFunc
  readonly #updates = new Listeners<StoreUpdate<T>>()
  readonly #unreadable = new Listeners<UnparsedEntry>()
  #parses: Listeners<UnparsedEntry> | undefined
  #entries = new Map<string, Entry<T>>()
  /** The last result of `list`, until the store changes. */
  #list: readonly Entry<T>[] | undefined
  #resourceVersion = ''

  /**
   * @param keyFunc returns the key of an object; default {@link metaNamespaceKey}.
   * @throws TypeError when it is not a function.
   */
  constructor(keyFunc: KeyFunc = metaNamespaceKey) {
    super()
    if (typeof keyFunc !== 'function')
      throw new TypeError(`a store's keyFunc is a function, got ${describeValue(keyFunc)}: leave it out for metaNamespaceKey`)
    this.#keyFunc = keyFunc
  }

  /** The version of the collection; the empty string before the first. */
  get resourceVersion(): string {
    return this.#resourceVersion
  }

  /** The number of objects. */
  get size(): number {
    return this.#entries.size
  }

  /** Returns all entries, in no particular order. Returns the same array until the store changes, and parses nothing. Bound. */
  readonly list = (): readonly Entry<T>[] => {
    this.#list ??= [...this.#entries.values()]
    return this.#list
  }

  /**
   * Returns the objects, in no particular order. Parses every entry; to show a few of many, read `entry.object` of those.
   *
   * @throws ParseError when an entry's text is not JSON. The store has dropped that entry, so the next call succeeds.
   */
  objects(): T[] {
    return this.list().map(({ object }) => object)
  }

  /** Returns the keys of all entries, in no particular order. */
  keys(): string[] {
    return [...this.#entries.keys()]
  }

  /**
   * Returns the entry with a key; undefined without one.
   *
   * @param key a key such as `shop/web-1`, or an object with a name and a namespace.
   */
  get(key: string | Keyed): Entry<T> | undefined {
    return this.#entries.get(typeof key === 'string' ? key : this.#keyFunc(key))
  }

  /** Returns the key under which the store keeps an entry, or would keep it. */
  keyOf(entry: Entry<T>): string {
    // The same string, but an existing one, which saves one string per object.
    return this.#keyFunc === metaNamespaceKey ? entry.key : this.#keyFunc(entry)
  }

  /** Adds or replaces one object. */
  add(object: T | Entry<T>): void {
    const changes: StoreChange<T>[] = []
    this.#put(toEntry(object), changes)
    this.#tell('apply', changes)
  }

  /** Adds or replaces one object, as {@link add} does: the store decides whether an object is new. */
  update(object: T | Entry<T>): void {
    this.add(object)
  }

  /** Removes one object. No-op when it does not exist. */
  delete(object: Keyed): void {
    const entry = this.get(object)
    if (!entry) return
    this.#remove(entry)
    this.#tell('apply', [{ type: 'deleted', entry }])
  }

  /**
   * Replaces the content at once. An object whose uid and resourceVersion are unchanged keeps its entry and is not reported. An object with
   * another uid is another object: the old one is deleted, the new one added.
   */
  replace(objects: readonly (T | Entry<T>)[], resourceVersion: string): void {
    const next = new Map<string, Entry<T>>()
    for (const object of objects) {
      const entry = toEntry(object)
      const key = this.keyOf(entry)
      const known = this.#entries.get(key)
      next.set(key, known && isSame(known, entry) ? known : entry)
    }
    const deletes: StoreChange<T>[] = []
    for (const [key, entry] of this.#entries) {
      if (next.get(key)?.uid !== entry.uid) deletes.push({ type: 'deleted', entry })
    }
    const puts: StoreChange<T>[] = []
    for (const [key, entry] of next) {
      const previous = this.#entries.get(key)
      if (previous === entry) continue
      puts.push(previous?.uid === entry.uid ? { type: 'updated', entry, previous } : { type: 'added', entry })
    }
    for (const { entry } of deletes) releaseEntry(entry, this.#holder)
    for (const change of puts) {
      if (change.type === 'updated') releaseEntry(change.previous, this.#holder)
      holdEntry(change.entry, this.#holder)
    }
    this.#entries = next
    this.#list = undefined
    this.#resourceVersion = resourceVersion
    this.#tell('replace', [...deletes, ...puts])
  }

  /**
   * Accepts a stored state, unless the store has a state already, because a cache can lose the race against the network.
   *
   * @returns whether the state was accepted.
   */
  hydrate(entries: readonly Entry<T>[], resourceVersion: string): boolean {
    if (this.#resourceVersion !== '') return false
    this.replace(entries, resourceVersion)
    return true
  }

  /**
   * Applies a batch of watch events in order. The content of the store decides whether an object is new, changed or deleted.
   *
   * @param observer notified of events that are older than the store's version of their object, which are then skipped, and of changes to
   *   an object whose key another object has. Default: such events are applied like any other.
   */
  apply(
    events: readonly { readonly type: ChangeType; readonly entry: Entry<T> }[],
    resourceVersion: string,
    observer?: ApplyObserver<T>,
  ): void {
    const changes: StoreChange<T>[] = []
    for (const { type, entry } of events) {
      const known = this.#entries.get(this.keyOf(entry))
      if (observer && known && isOutdated(entry, known)) observer.outdated(entry)
      else if (type !== 'DELETED') {
        if (observer && type === 'MODIFIED' && known && known.uid !== entry.uid) observer.collided(entry)
        if (!known || !isSame(known, entry)) this.#put(entry, changes)
      } else if (known && (known.uid === entry.uid || !entry.uid)) {
        this.#remove(known)
        changes.push({ type: 'deleted', entry })
      }
    }
    this.#resourceVersion = resourceVersion
    this.#tell('apply', changes)
  }

  /** Advances the version of the collection without a change of these objects. */
  bookmark(resourceVersion: string): void {
    this.apply([], resourceVersion)
  }

  /** Calls the subscribers again with every object, or with those of the given objects that exist. */
  resync(objects?: readonly Keyed[]): void {
    const entries = objects ? objects.flatMap((object) => this.get(object) ?? []) : this.list()
    const changes = entries.map((entry) => ({ type: 'resynced' as const, entry }))
    this.#tell('resync', changes)
  }

  /** Calls `listener` after each step, synchronously. Returns the function that ends it. Bound. */
  readonly subscribe = (listener: (update: StoreUpdate<T>) => void): (() => void) => this.#updates.add(listener)

  /**
   * Calls `listener` when a reader finds an entry whose text does not parse. The store has dropped it, and it should be fetched again.
   * Returns the function that ends it.
   */
  onUnreadable(listener: (entry: UnparsedEntry) => void): () => void {
    return this.#unreadable.add(listener)
  }

  /** Calls `listener` with each entry whose object is parsed. Returns the function that ends it. */
  onParse(listener: (entry: UnparsedEntry) => void): () => void {
    this.#parses ??= new Listeners()
    const parses = this.#parses
    this.#holder.parsed = (entry) => parses.notify(entry)
    return parses.add(listener)
  }

  /** Calls the subscribers with a step. A subclass updates derived data here, before subscribers read it. */
  protected tell(update: StoreUpdate<T>): void {
    this.#updates.notify(update)
  }

  #put(entry: Entry<T>, changes: StoreChange<T>[]): void {
    const key = this.keyOf(entry)
    const previous = this.#entries.get(key)
    if (previous) releaseEntry(previous, this.#holder)
    holdEntry(entry, this.#holder)
    this.#entries.set(key, entry)
    this.#list = undefined
    if (!previous) changes.push({ type: 'added', entry })
    else if (previous.uid === entry.uid) changes.push({ type: 'updated', entry, previous })
    else changes.push({ type: 'deleted', entry: previous }, { type: 'added', entry })
  }

  #remove(entry: Entry<T>): void {
    this.#entries.delete(this.keyOf(entry))
    this.#list = undefined
    releaseEntry(entry, this.#holder)
  }

  readonly #holder: EntryHolder = { unreadable: (entry) => this.#drop(entry) }

  #drop(unreadable: UnparsedEntry): void {
    const entry = this.get(unreadable)
    if (!entry) return
    this.#remove(entry)
    // With an object missing, the store has no version any more, so that the state is not stored under one.
    this.#resourceVersion = ''
    this.#tell('apply', [{ type: 'deleted', entry }])
    this.#unreadable.notify(entry)
  }

  #tell(type: StoreUpdate<T>['type'], changes: readonly StoreChange<T>[]): void {
    this.tell({ type, changes, resourceVersion: this.#resourceVersion })
  }
}

function toEntry<T extends KubeObject>(object: T | Entry<T>): Entry<T> {
  if (isEntry(object)) return object as Entry<T>
  if (typeof object === 'object' && object !== null && 'metadata' in object) return entryFromObject(object)
  throw new TypeError(
    `a store keeps Kubernetes objects, which have metadata, and entries, got ${describeValue(object)}: make an entry of a text with entryFromText`,
  )
}

/**
 * Whether two entries are the same version of the same object. Objects that were never on a server have no version, and are never the same.
 */
function isSame<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.resourceVersion !== '' && a.resourceVersion === b.resourceVersion && a.uid === b.uid
}

/** Whether an event has an older version of the same object. Opaque versions have no order. */
function isOutdated<T>({ uid, resourceVersion }: Entry<T>, known: Entry<T>): boolean {
  if (resourceVersion.length > known.resourceVersion.length || uid !== known.uid) return false
  if (!isResourceVersion(resourceVersion) || !isResourceVersion(known.resourceVersion)) return false
  return compareResourceVersions(resourceVersion, known.resourceVersion) < 0
}
