// Detects objects with the same key in one list.

import { KubeError } from '../api/errors'
import type { Entry } from '../codec/entry'

/** Counts objects with the same key in one list or initial stream. Some aggregated APIs send them; a store keeps the last one. */
export class DuplicateKeys {
  #first = ''
  #ofFirst = 0
  #count = 0

  /** Counts an object whose key occurred before. */
  add(key: string): void {
    this.#first ||= key
    if (key === this.#first) this.#ofFirst++
    this.#count++
  }

  /** An error that names the first duplicate key and the total number of replaced objects; undefined without duplicates. */
  get error(): KubeError | undefined {
    if (this.#count === 0) return undefined
    const all = this.#count > this.#ofFirst ? `; ${this.#count - this.#ofFirst} more with other keys were replaced` : ''
    return new KubeError(
      `the list has ${this.#ofFirst + 1} objects called ${this.#first}: the last one is kept${all} (use a keyFunc to distinguish them)`,
    )
  }
}

/**
 * Keeps the last of the entries with the same key.
 *
 * @returns the entries, the same array when all keys differ; and an error that names a duplicate key, if any.
 */
export function lastOfEachKey<T>(
  entries: readonly Entry<T>[],
  keyOf: (entry: Entry<T>) => string,
): { readonly entries: readonly Entry<T>[]; readonly error: KubeError | undefined } {
  // API servers list in the order of keys, so that duplicates are usually ruled out without a map.
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
