// Compares a server's history with a store's state.

import { nameSelector } from '../api/name-selector'
import type { ListOptions } from '../api/options'
import { compareResourceVersions, isResourceVersion } from '../api/resource-version'
import type { Entry } from '../codec/entry'
import type { EntryList } from '../codec/wire'
import type { EntryChange } from './options'

/**
 * Decides whether the store's state is from the history of the server that answers. A resourceVersion alone cannot tell: a recreated
 * cluster, another context behind the same URL or a restored backup accepts it and continues from there.
 *
 * Compares two lists of one object each, read at exactly the store's version if the server still has it: the first object of the
 * collection, which comes with the number of objects, and the newest object in the store. Pure: the caller makes the requests.
 */
export class HistoryCheck<T> {
  readonly #known: readonly Entry<T>[]
  readonly #resourceVersion: string
  readonly #isComplete: boolean
  readonly #newest: Entry<T> | undefined
  // The keys of objects that have changed since; the watch must still deliver them.
  readonly #expected = new Set<string>()

  /**
   * @param known the store's entries at `resourceVersion`.
   * @param isComplete whether the store keeps every object of the collection, that is, rejected none.
   */
  constructor(known: readonly Entry<T>[], resourceVersion: string, isComplete: boolean) {
    this.#known = known
    this.#resourceVersion = resourceVersion
    this.#isComplete = isComplete
    this.#newest = newestOf(known)
  }

  /** The options of the list of the collection's first object. */
  get first(): ListOptions {
    return { limit: 1, resourceVersion: this.#resourceVersion, resourceVersionMatch: 'Exact' }
  }

  /** The options of the list of the store's newest object; undefined when the store is empty. */
  get newest(): ListOptions | undefined {
    if (!this.#newest) return undefined
    const { name, namespace } = this.#newest
    return { ...this.first, fieldSelector: nameSelector(name, namespace) }
  }

  /** Returns whether the response to {@link first} agrees with the store. */
  takeFirst(list: EntryList<T>): boolean {
    if (this.#isBehind(list)) return false
    const [entry] = list.entries
    if (list.resourceVersion !== this.#resourceVersion) return this.#takeCurrent(entry)
    if (!this.#isComplete) return true
    const { remainingItemCount: remaining = list.continue ? undefined : 0 } = list
    const count = remaining === undefined ? undefined : list.entries.length + remaining
    if (count !== undefined && count !== this.#known.length) return false
    return entry ? isSame(this.#find(entry.key), entry) : this.#known.length === 0
  }

  /** Returns whether the response to {@link newest} agrees with the store. */
  takeNewest(list: EntryList<T>): boolean {
    const newest = this.#newest
    if (this.#isBehind(list)) return false
    const [entry] = list.entries
    // The caller's own options may have selected another object.
    if (!newest || (entry && entry.key !== newest.key)) return true
    if (entry && isSame(newest, entry)) return true
    if (list.resourceVersion === this.#resourceVersion) return false
    if (entry) return this.#takeCurrent(entry)
    this.#expected.add(newest.key)
    return true
  }

  /** Whether the watch must still deliver something that the server is known to have. */
  get isPending(): boolean {
    return this.#expected.size > 0
  }

  /** Registers changes delivered by the watch. */
  observe(changes: readonly EntryChange<T>[]): void {
    for (const { entry } of changes) this.#expected.delete(entry.key)
  }

  /** Handles an object newer than the store: the watch must deliver it, unless it should be in the store already. */
  #takeCurrent(entry: Entry<T> | undefined): boolean {
    const known = entry && this.#find(entry.key)
    if (!entry || isSame(known, entry) || !isOrdered(entry.resourceVersion, this.#resourceVersion)) return true
    if (compareResourceVersions(entry.resourceVersion, this.#resourceVersion) <= 0) return !known && !this.#isComplete
    if (known || this.#isComplete) this.#expected.add(entry.key)
    return true
  }

  /** Whether the server has not reached the store's version. */
  #isBehind({ resourceVersion }: EntryList<T>): boolean {
    return isOrdered(resourceVersion, this.#resourceVersion) && compareResourceVersions(resourceVersion, this.#resourceVersion) < 0
  }

  #find(key: string): Entry<T> | undefined {
    return this.#known.find((entry) => entry.key === key)
  }
}

function isSame<T>(known: Entry<T> | undefined, entry: Entry<T>): boolean {
  return known?.resourceVersion === entry.resourceVersion && known.uid === entry.uid
}

function isOrdered(a: string, b: string): boolean {
  return isResourceVersion(a) && isResourceVersion(b)
}

/** Returns the entry with the highest version; the first one when versions are opaque. */
export function newestOf<T>(entries: readonly Entry<T>[]): Entry<T> | undefined {
  let newest: Entry<T> | undefined
  for (const entry of entries) {
    const { resourceVersion } = entry
    if (!newest || !isOrdered(resourceVersion, newest.resourceVersion)) newest ??= entry
    else if (compareResourceVersions(resourceVersion, newest.resourceVersion) > 0) newest = entry
  }
  return newest
}
