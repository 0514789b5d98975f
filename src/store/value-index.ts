import { flatten } from '../internal/flatten'

interface Bucket {
  readonly value: string
  readonly keys: Set<string>
}

/** Which keys have which values. A key may have several values, and a value several keys. What a change costs does not depend on how many there are. */
export class ValueIndex {
  readonly #buckets = new Map<string, Bucket>()
  /** Where each key is: nothing has to be computed again to take it out. */
  readonly #places = new Map<string, readonly Bucket[]>()

  /** The keys that have a value. */
  keys(value: string): Iterable<string> {
    return this.#buckets.get(value)?.keys ?? []
  }

  /** Every value that some key has. */
  values(): string[] {
    return [...this.#buckets.keys()]
  }

  /** Gives a key these values in place of those it had; none takes it out. */
  set(key: string, values: readonly string[]): void {
    const before = this.#places.get(key) ?? []
    if (values.length === before.length && values.every((value, i) => value === before[i]?.value)) return
    const now = Array.from(new Set(values), (value) => this.#bucket(value))
    const left = new Set(before)
    for (const bucket of now) {
      bucket.keys.add(key)
      left.delete(bucket)
    }
    for (const { value, keys } of left) {
      keys.delete(key)
      if (keys.size === 0) this.#buckets.delete(value)
    }
    if (now.length > 0) this.#places.set(key, now)
    else this.#places.delete(key)
  }

  #bucket(value: string): Bucket {
    let bucket = this.#buckets.get(value)
    if (!bucket) {
      // A value that was cut from an entry's text would keep the whole text.
      bucket = { value: flatten(value), keys: new Set() }
      this.#buckets.set(bucket.value, bucket)
    }
    return bucket
  }
}
