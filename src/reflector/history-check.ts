import type { Entry } from '../meta/entry'
import { compareResourceVersions, isResourceVersion } from '../meta/resource-version'
import type { EntryList, ListOptions } from '../meta/wire'
import type { EntryChange } from './options'

/**
 * Decides whether the server that answers has the history that a store's state is from. A resourceVersion alone does not tell: a recreated
 * cluster, another context behind the same URL or a restored backup accepts it and goes on from there.
 *
 * Two lists of one object each are asked for, at exactly the store's version where the server still has it: the first object of the collection,
 * which brings the number of objects along, and the newest object the store has. Pure: the caller makes the requests.
 */
export class HistoryCheck<T> {
  readonly #known: readonly Entry<T>[]
  readonly #resourceVersion: string
  readonly #isComplete: boolean
  readonly #newest: Entry<T> | undefined
  // The keys of objects that have changed since: the watch still has to bring them.
  readonly #expected = new Set<string>()

  /**
   * @param known what the store holds at `resourceVersion`.
   * @param isComplete whether the store keeps every object of the collection: not when some were refused.
   */
  constructor(known: readonly Entry<T>[], resourceVersion: string, isComplete: boolean) {
    this.#known = known
    this.#resourceVersion = resourceVersion
    this.#isComplete = isComplete
    this.#newest = newestOf(known)
  }

  /** Asks for the first object of the collection. */
  get first(): ListOptions {
    return { limit: 1, resourceVersion: this.#resourceVersion, resourceVersionMatch: 'Exact' }
  }

  /** Asks for the newest object that the store has; undefined when it has none. */
  get newest(): ListOptions | undefined {
    if (!this.#newest) return undefined
    const { name, namespace } = this.#newest
    const fieldSelector = `metadata.name=${name}${namespace ? `,metadata.namespace=${namespace}` : ''}`
    return { ...this.first, fieldSelector }
  }

  /** Whether the answer to {@link first} fits. */
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

  /** Whether the answer to {@link newest} fits. */
  takeNewest(list: EntryList<T>): boolean {
    const newest = this.#newest
    if (this.#isBehind(list)) return false
    const [entry] = list.entries
    // The caller's own options may have asked for something else.
    if (!newest || (entry && entry.key !== newest.key)) return true
    if (entry && isSame(newest, entry)) return true
    if (list.resourceVersion === this.#resourceVersion) return false
    if (entry) return this.#takeCurrent(entry)
    this.#expected.add(newest.key)
    return true
  }

  /** Whether the watch still has to bring something that the server is known to have. */
  get isPending(): boolean {
    return this.#expected.size > 0
  }

  /** Notes what the watch brought. */
  observe(changes: readonly EntryChange<T>[]): void {
    for (const { entry } of changes) this.#expected.delete(entry.key)
  }

  /** An object at a version after the store's: the watch brings it, unless it should have been in the store. */
  #takeCurrent(entry: Entry<T> | undefined): boolean {
    const known = entry && this.#find(entry.key)
    if (!entry || isSame(known, entry) || !isOrdered(entry.resourceVersion, this.#resourceVersion)) return true
    if (compareResourceVersions(entry.resourceVersion, this.#resourceVersion) <= 0) return !known && !this.#isComplete
    if (known || this.#isComplete) this.#expected.add(entry.key)
    return true
  }

  /** The server has not come as far as the store. */
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

/** The entry with the highest version; the first one where versions are opaque. */
export function newestOf<T>(entries: readonly Entry<T>[]): Entry<T> | undefined {
  let newest: Entry<T> | undefined
  for (const entry of entries) {
    const { resourceVersion } = entry
    if (!newest || !isOrdered(resourceVersion, newest.resourceVersion)) newest ??= entry
    else if (compareResourceVersions(resourceVersion, newest.resourceVersion) > 0) newest = entry
  }
  return newest
}
