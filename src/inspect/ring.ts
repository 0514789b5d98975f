// A list that keeps its newest items.

/** Keeps at most `limit` items, a positive integer, and drops the oldest first. */
export class Ring<V> {
  readonly #limit: number
  /** In order until it is full; from then on the oldest is at {@link #next}. */
  readonly #items: V[] = []
  #next = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  push(item: V): void {
    this.#items[this.#next] = item
    this.#next = (this.#next + 1) % this.#limit
  }

  /** Returns the items, the oldest first. */
  items(): V[] {
    return [...this.#items.slice(this.#next), ...this.#items.slice(0, this.#next)]
  }
}
