// The part of an indexer that has one value in an index, as the source of a view.

import type { KubeObject } from '../api/object'
import type { Entry } from '../codec/entry'
import type { StoreChange, StoreUpdate } from './changes'
import type { Indexer, NamespaceIndex } from './indexer'

/** A part of a store that can be listed and observed like the store: the source of a view. */
export interface IndexedEntries<T> {
  /** The entries that have the value. Returns the same array until one of them changes. */
  list(): readonly Entry<T>[]
  /** The key under which the store keeps an entry. */
  keyOf(entry: Entry<T>): string
  /** Calls `listener` after each step that concerns these entries, with their changes only. Returns the function that ends it. */
  subscribe(listener: (update: StoreUpdate<T>) => void): () => void
}

/**
 * Selects the entries that have a value in an index, as the source of a view. A step of the store costs its changes and the entries with the value,
 * however many objects there are; an object that gains or loses the value is added or deleted.
 *
 * @param indexer the store, or an informer's `indexer`.
 * @param index the name of one of its indexes.
 * @throws TypeError from each method when there is no such index.
 * @example
 * ```ts
 * const pods = createInformer(client, Pod, { indexers: { node: fieldIndex(['spec', 'nodeName']) } })
 * const view = createView(indexed(pods.indexer, 'node', 'n1'))
 * ```
 */
export function indexed<T extends KubeObject, Names extends string>(
  indexer: Indexer<T, Names>,
  index: NoInfer<Names> | NamespaceIndex,
  value: string,
): IndexedEntries<T> {
  let listed: readonly Entry<T>[] = []
  return {
    list() {
      const now = indexer.byIndex(index, value)
      if (now.length !== listed.length || now.some((entry, i) => entry !== listed[i])) listed = now
      return listed
    },
    keyOf: (entry) => indexer.keyOf(entry),
    subscribe(listener) {
      const known = new Map(indexer.byIndex(index, value).map((entry) => [indexer.keyOf(entry), entry]))
      return indexer.subscribe(({ changes, ...step }) => {
        const own: StoreChange<T>[] = []
        const members = new Set(changes.length > 0 ? indexer.indexKeys(index, value) : [])
        for (const change of changes) {
          const { type, entry } = change
          const key = indexer.keyOf(entry)
          const before = known.get(key)
          if (type === 'resynced') {
            if (before) own.push(change)
          } else if (type !== 'deleted' && members.has(key)) {
            known.set(key, entry)
            own.push(before ? { type: 'updated', entry, previous: before } : { type: 'added', entry })
          } else if (known.delete(key)) {
            own.push({ type: 'deleted', entry: type === 'deleted' ? entry : (before as Entry<T>) })
          }
        }
        if (own.length > 0) listener({ ...step, changes: own })
      })
    },
  }
}
