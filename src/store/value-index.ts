// Maps values to keys and back.

import { flatten } from '../internal/flatten'

interface Bucket {
  readonly value: string
  readonly keys: Set<string>
  /** An array of this bucket only: shared by every key that has this value and no other, as most keys do. */
  readonly alone: readonly Bucket[]
}

const NOWHERE: readonly Bucket[] = []
const NO_KEYS: ReadonlySet<string> = new Set()

/** Maps keys to values. A key may have several values, and a value several keys. The cost of a change does not depend on their numbers. */
export class ValueIndex {
  readonly #buckets = new Map<string, Bucket>()
  /** The buckets of each key, so that removing it computes nothing. */
  readonly #places = new Map<string, readonly Bucket[]>()

  /** Returns the keys that have a value. */
  keys(value: string): ReadonlySet<string> {
    return this.#buckets.get(value)?.keys ?? NO_KEYS
  }

  /** Returns every value that some key has. */
  values(): string[] {
    return [...this.#buckets.keys()]
  }

  /** Replaces the values of a key. Without values it is removed. */
  set(key: string, values: readonly string[]): void {
    const before = this.#places.get(key) ?? NOWHERE
    if (values.length === before.length && values.every((value, i) => value === before[i]?.value)) return
    const now = this.#place(values)
    for (const bucket of now) bucket.keys.add(key)
    if (before.length > 0) this.#leave(key, before, new Set(now))
    if (now.length > 0) this.#places.set(key, now)
    else this.#places.delete(key)
  }

  #leave(key: string, before: readonly Bucket[], now: ReadonlySet<Bucket>): void {
    for (const bucket of before) {
      if (now.has(bucket)) continue
      bucket.keys.delete(key)
      if (bucket.keys.size === 0) this.#buckets.delete(bucket.value)
    }
  }

  #place(values: readonly string[]): readonly Bucket[] {
    const [first, ...more] = values.length > 1 ? new Set(values) : values
    if (first === undefined) return NOWHERE
    const bucket = this.#bucket(first)
    return more.length === 0 ? bucket.alone : [bucket, ...more.map((value) => this.#bucket(value))]
  }

  #bucket(value: string): Bucket {
    let bucket = this.#buckets.get(value)
    if (!bucket) {
      const alone: Bucket[] = []
      // A value that was cut out of an entry's text would keep the whole text alive.
      bucket = { value: flatten(value), keys: new Set(), alone }
      alone.push(bucket)
      this.#buckets.set(bucket.value, bucket)
    }
    return bucket
  }
}
