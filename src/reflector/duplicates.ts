import { KubeError } from '../errors'
import type { Entry } from '../meta/entry'

/** Counts objects with the same key in one list, or in one initial stream. Some aggregated APIs send them; a store keeps the last. */
export class DuplicateKeys {
  #first = ''
  #ofFirst = 0
  #count = 0

  /** Notes that an object has the key of one before it. */
  add(key: string): void {
    this.#first ||= key
    if (key === this.#first) this.#ofFirst++
    this.#count++
  }

  /** Names the first key that occurred twice, and says how many objects were replaced in all; undefined when there are none. */
  get error(): KubeError | undefined {
    if (this.#count === 0) return undefined
    const all = this.#count > this.#ofFirst ? `; of other keys ${this.#count - this.#ofFirst} more were replaced` : ''
    return new KubeError(
      `the list has ${this.#ofFirst + 1} objects called ${this.#first}: the last is kept${all} (keyFunc can tell them apart)`,
    )
  }
}

/**
 * Keeps the last of the entries with the same key.
 *
 * @returns the entries, the same array when all keys differ; and an error that names a key that occurs more than once.
 */
export function lastOfEachKey<T>(
  entries: readonly Entry<T>[],
  keyOf: (entry: Entry<T>) => string,
): { readonly entries: readonly Entry<T>[]; readonly error: KubeError | undefined } {
  // API servers list in the order of the keys: then no two are the same, and no map of them is needed to know.
  if (isAscending(entries, keyOf)) return { entries, error: undefined }
  const last = new Map<string, Entry<T>>()
  const duplicates = new DuplicateKeys()
  for (const entry of entries) {
    const key = keyOf(entry)
    if (last.has(key)) duplicates.add(key)
    last.set(key, entry)
  }
  const { error } = duplicates
  return { entries: error ? [...last.values()] : entries, error }
}

function isAscending<T>(entries: readonly Entry<T>[], keyOf: (entry: Entry<T>) => string): boolean {
  let previous: string | undefined
  for (const entry of entries) {
    const key = keyOf(entry)
    if (previous !== undefined && key <= previous) return false
    previous = key
  }
  return true
}
