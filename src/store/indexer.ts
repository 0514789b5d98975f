// A store with indexes.

import { KubeError } from '../api/errors'
import { type KeyFunc, metaNamespaceKey } from '../api/keys'
import type { KubeObject } from '../api/object'
import type { LabelSelector } from '../api/selectors'
import { type Entry, entryFromObject, readValue } from '../codec/entry'
import { describeValue } from '../internal/describe-value'
import { report } from '../internal/report'
import type { StoreChange, StoreUpdate } from './changes'
import { LabelIndex } from './label-index'
import { Store } from './store'
import { ValueIndex } from './value-index'

/**
 * Returns the values by which an object is found; an empty array leaves it out of the index. The object is parsed once for each change,
 * whatever the number of indexes, and not at all for functions with `fromEntry`, such as those of {@link fieldIndex}.
 *
 * @see client-go `cache.IndexFunc`
 */
export interface IndexFunc<T> {
  (object: T, entry: Entry<T>): readonly string[]
  /** Returns the same values from an entry, without parsing its object. */
  readonly fromEntry?: ((entry: Entry<T>) => readonly string[]) | undefined
}

/** Index functions by name. */
export type Indexers<T, Names extends string> = Readonly<Record<Names, IndexFunc<T>>>

/** The index of every {@link Indexer}. It parses nothing, and is built on first use. */
export type NamespaceIndex = 'namespace'

/** Options of an {@link Indexer}. */
export interface IndexerOptions {
  /** Called when an index function throws. The object is stored, and missing in that index. Default: reported as an uncaught error. */
  onError?: ((error: unknown) => void) | undefined
}

interface Index<T> {
  readonly func: IndexFunc<T>
  readonly read: (entry: Entry<T>) => readonly string[]
  readonly found: ValueIndex
}

/**
 * Makes an index function that reads one value from an entry's text, without parsing the rest.
 *
 * @param path the member names that lead to the value, such as `['spec', 'nodeName']`.
 * @param valuesOf returns the index values for the value; default the value itself, if it is a string. Not called for a missing value.
 * @example
 * ```ts
 * new Indexer(metaNamespaceKey, {
 *   node: fieldIndex(['spec', 'nodeName']),
 *   owner: fieldIndex(['metadata', 'ownerReferences'], (owners: OwnerReference[]) => owners.map(({ uid }) => uid)),
 * })
 * ```
 */
export function fieldIndex<V>(
  path: readonly string[],
  valuesOf: (value: V) => readonly string[] = (value) => (typeof value === 'string' ? [value] : []),
): IndexFunc<KubeObject> {
  const fromEntry = (entry: Entry<KubeObject>) => {
    const value = readValue<V | null>(entry, path)
    return value === undefined || value === null ? [] : valuesOf(value)
  }
  return Object.assign((_object: KubeObject, entry: Entry<KubeObject>) => fromEntry(entry), { fromEntry })
}

const NAMESPACE: NamespaceIndex = 'namespace'
const namespaceOf: IndexFunc<KubeObject> = Object.assign(({ metadata }: KubeObject) => [metadata.namespace ?? ''], {
  fromEntry: ({ namespace }: Entry<KubeObject>) => [namespace],
})

/**
 * A store that finds its objects by computed values. Indexes are part of each step: subscribers never see an index that lags behind the
 * objects.
 *
 * @example
 * ```ts
 * const indexer = new Indexer(metaNamespaceKey, { node: (pod: Pod) => [pod.spec?.nodeName ?? ''] })
 * indexer.byIndex('node', 'n1')
 * ```
 * @see client-go `cache.Indexer`, `cache.NewIndexer`
 */
export class Indexer<T extends KubeObject, Names extends string = never> extends Store<T> {
  readonly #onError: (error: unknown) => void
  readonly #indexes = new Map<string, Index<T>>()
  #labels: LabelIndex<T> | undefined
  readonly #pendingUpdates: StoreUpdate<T>[] = []

  /**
   * @param keyFunc returns the key of an object; default {@link metaNamespaceKey}.
   * @param indexers the initial indexes, besides `namespace`.
   * @throws TypeError for an index named `namespace`.
   */
  constructor(
    keyFunc: KeyFunc = metaNamespaceKey,
    indexers: Indexers<T, Names> = {} as Indexers<T, Names>,
    { onError = report }: IndexerOptions = {},
  ) {
    super(keyFunc)
    this.#onError = onError
    this.addIndexers(indexers)
  }

  /**
   * Returns the entries that have a value in an index, in no particular order.
   *
   * @throws TypeError for an unknown index.
   */
  byIndex(name: Names | NamespaceIndex, value: string): Entry<T>[] {
    return this.#entries([value], this.#index(name))
  }

  /**
   * Returns the entries that share a value with an object in an index, in no particular order. The object need not be in the store.
   *
   * @throws TypeError for an unknown index; the error of the index function.
   */
  index(name: Names | NamespaceIndex, object: T | Entry<T>): Entry<T>[] {
    const index = this.#index(name)
    return this.#entries(index.read('metadata' in object ? entryFromObject(object) : object), index)
  }

  /**
   * Returns the keys of the entries that have a value in an index, in no particular order.
   *
   * @throws TypeError for an unknown index.
   */
  indexKeys(name: Names | NamespaceIndex, value: string): string[] {
    return [...this.#index(name).found.keys(value)]
  }

  /**
   * Returns every value that some object has in an index, in no particular order.
   *
   * @throws TypeError for an unknown index.
   */
  indexValues(name: Names | NamespaceIndex): string[] {
    return this.#index(name).found.values()
  }

  /**
   * Returns the entries that a label selector can match, judged by its most selective `=` or `in`; undefined when it has neither. The index
   * of labels is made by the first call.
   *
   * @throws ParseError when an entry's text is not JSON. The store has dropped that entry, so the next call succeeds.
   */
  candidates({ equalities }: Pick<LabelSelector, 'equalities'>): Entry<T>[] | undefined {
    if (equalities.length === 0) return undefined
    this.#labels ??= new LabelIndex<T>(this)
    let fewest: ReadonlySet<string> | undefined
    for (const { key, values } of equalities) {
      const keys = this.#labels.keys(key, values)
      if (!fewest || keys.size < fewest.size) fewest = keys
    }
    return Array.from(fewest ?? [], (key) => this.get(key)).filter((entry) => entry !== undefined)
  }

  /** Returns the index functions by name, including `namespace`. */
  getIndexers(): Indexers<T, Names | NamespaceIndex> {
    const funcs = Array.from(this.#indexes, ([name, { func }]) => [name, func])
    return { [NAMESPACE]: namespaceOf, ...Object.fromEntries(funcs) } as Indexers<T, Names | NamespaceIndex>
  }

  /**
   * Adds indexes, and indexes the present objects at once.
   *
   * @returns this indexer, typed with the new names.
   * @throws TypeError for a name that exists already, or an indexer that is not a function. Adds nothing in that case.
   */
  addIndexers<More extends string>(indexers: Indexers<T, More>): Indexer<T, Names | More> {
    const names = Object.keys(indexers) as More[]
    for (const name of names) {
      if (name === NAMESPACE || this.#indexes.has(name))
        throw new TypeError(`there is an index '${name}' already: give the new one another name`)
      if (typeof indexers[name] !== 'function')
        throw new TypeError(`the index '${name}' needs a function that gives an object's values, got ${describeValue(indexers[name])}`)
    }
    this.#add(names.map((name) => [name, indexers[name]]))
    return this as unknown as Indexer<T, Names | More>
  }

  #add(funcs: readonly (readonly [name: string, func: IndexFunc<T>])[]): void {
    const added = new Map<string, Index<T>>()
    for (const [name, func] of funcs)
      added.set(name, { func, read: func.fromEntry ?? ((entry) => func(entry.object, entry)), found: new ValueIndex() })
    for (const [name, index] of added) this.#indexes.set(name, index)
    if (added.size > 0) for (const key of this.keys()) this.#place(key, added)
  }

  protected override tell(update: StoreUpdate<T>): void {
    this.#pendingUpdates.push(update)
    this.#labels?.follow(update, (entry) => this.keyOf(entry))
    this.#follow(update.changes)
    // An index function may have found a text that is not JSON. Subscribers are notified of the step that drops it after the step that
    // added it.
    if (this.#pendingUpdates[0] !== update) return
    for (const next of this.#pendingUpdates.splice(0)) super.tell(next)
  }

  #follow(changes: readonly StoreChange<T>[]): void {
    if (this.#indexes.size === 0) return
    const keys = new Set<string>()
    for (const { type, entry } of changes) if (type !== 'resynced') keys.add(this.keyOf(entry))
    for (const key of keys) this.#place(key, this.#indexes)
  }

  #place(key: string, indexes: ReadonlyMap<string, Index<T>>): void {
    const entry = this.get(key)
    for (const [name, { read, found }] of indexes) {
      let values: readonly string[] = []
      try {
        if (entry) values = valuesOf(read(entry))
      } catch (cause) {
        this.#report(name, key, cause)
      }
      // Reading may have revealed that the text is not JSON. The entry and its index values are removed in that case.
      if (this.get(key) !== entry) return
      found.set(key, values)
    }
  }

  #entries(values: readonly string[], { found }: Index<T>): Entry<T>[] {
    const keys = new Set<string>()
    for (const value of values) for (const key of found.keys(value)) keys.add(key)
    return Array.from(keys, (key) => this.get(key)).filter((entry) => entry !== undefined)
  }

  #index(name: string): Index<T> {
    if (name === NAMESPACE && !this.#indexes.has(name)) this.#add([[name, namespaceOf]])
    const index = this.#indexes.get(name)
    if (index) return index
    const names = Object.keys(this.getIndexers())
      .map((known) => `'${known}'`)
      .join(', ')
    throw new TypeError(`there is no index '${name}', only ${names}: add it with addIndexers`)
  }

  #report(name: string, key: string, cause: unknown): void {
    try {
      this.#onError(new KubeError(`the index function '${name}' threw for ${key}, which this index lacks now`, { cause }))
    } catch (thrown) {
      report(thrown)
    }
  }
}

function valuesOf(values: readonly string[]): readonly string[] {
  if (Array.isArray(values)) return [...values]
  throw new TypeError(
    `an index function gives an array of strings, got ${describeValue(values)}: put one value in brackets, leave out none with []`,
  )
}
