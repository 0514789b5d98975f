// A list that keeps its newest items.

/** Keeps at most `limit` items, and drops the oldest first. */
export class Ring<V> {
  readonly #limit: number
  #items: V[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  push(item: V): void {
    this.#items.push(item)
    // Seldom, because moving the items costs their number.
    if (this.#items.length >= 2 * this.#limit) this.#items = this.#items.slice(-this.#limit)
  }

  /** Returns the items, the oldest first. */
  items(): V[] {
    return this.#items.slice(-this.#limit)
  }
}
