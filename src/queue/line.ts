// A queue with constant-time removal.

/** A first-in, first-out queue. Removal takes constant time, unlike `shift` on an array. */
export class Line<V> {
  readonly #values: (V | undefined)[] = []
  #first = 0

  get length(): number {
    return this.#values.length - this.#first
  }

  /** The first element; undefined when empty. */
  get first(): V | undefined {
    return this.#values[this.#first]
  }

  push(value: V): void {
    this.#values.push(value)
  }

  /** Removes the first element; undefined when empty. */
  shift(): V | undefined {
    const value = this.first
    if (this.length === 0) return undefined
    this.#values[this.#first++] = undefined
    // At this point the removed elements outnumber those to move, so that moving is free in the long run.
    if (this.#first >= this.length) {
      this.#values.splice(0, this.#first)
      this.#first = 0
    }
    return value
  }

  *[Symbol.iterator](): Generator<V> {
    for (let i = this.#first; i < this.#values.length; i++) yield this.#values[i] as V
  }
}
