// Finds the objects of a store by a label.

import type { KubeObject } from '../api/object'
import type { Entry } from '../codec/entry'
import type { StoreUpdate } from './changes'
import { ValueIndex } from './value-index'

/** The part of a store that a {@link LabelIndex} reads. */
interface LabelledStore<T> {
  get(key: string): Entry<T> | undefined
  keys(): string[]
}

/**
 * An inverted index of labels. Reads no labels until the first query, and then those of the objects that have changed since the last one:
 * a store without queries by labels pays one entry in a set for each changed object.
 */
export class LabelIndex<T extends KubeObject> {
  readonly #store: LabelledStore<T>
  readonly #found = new ValueIndex()
  /** The keys whose labels have changed since the last query. */
  readonly #changed: Set<string>

  constructor(store: LabelledStore<T>) {
    this.#store = store
    this.#changed = new Set(store.keys())
  }

  /** Notes the objects of a step. */
  follow({ changes }: StoreUpdate<T>, keyOf: (entry: Entry<T>) => string): void {
    for (const { type, entry } of changes) if (type !== 'resynced') this.#changed.add(keyOf(entry))
  }

  /**
   * Returns the keys of the objects whose label has one of the values.
   *
   * @throws ParseError when the text of a changed entry is not JSON. The store has dropped that entry, so the next call succeeds.
   */
  keys(label: string, values: readonly string[]): ReadonlySet<string> {
    for (const key of this.#changed) {
      const labels = this.#store.get(key)?.labels ?? {}
      this.#found.set(
        key,
        Object.entries(labels).map(([name, value]) => pairOf(name, value)),
      )
      this.#changed.delete(key)
    }
    const [only, ...more] = values.map((value) => this.#found.keys(pairOf(label, value)))
    if (!only) return new Set()
    return more.length === 0 ? only : new Set([only, ...more].flatMap((keys) => [...keys]))
  }
}

/** The name of a label has no `=`. */
const pairOf = (label: string, value: string): string => `${label}=${value}`
