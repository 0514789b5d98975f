/** First in, first out. Taking out costs the same however long the line is, which is not so with an array. */
export class Line<V> {
  readonly #values: (V | undefined)[] = []
  #first = 0

  get length(): number {
    return this.#values.length - this.#first
  }

  /** The first one; undefined when there is none. */
  get first(): V | undefined {
    return this.#values[this.#first]
  }

  push(value: V): void {
    this.#values.push(value)
  }

  /** Takes the first one out; undefined when there is none. */
  shift(): V | undefined {
    const value = this.first
    if (this.length === 0) return undefined
    this.#values[this.#first++] = undefined
    // By now as many were taken as would have to be moved.
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
