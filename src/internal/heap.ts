// A priority queue of distinct keys.

interface Node<K> {
  readonly key: K
  readonly priority: number
  /** Insertion order; breaks ties between equal priorities. */
  readonly order: number
  index: number
}

/** Distinct keys ordered by priority, lowest first: a binary heap that can find, move and remove any key. */
export class Heap<K> {
  readonly #nodes: Node<K>[] = []
  readonly #byKey = new Map<K, Node<K>>()
  #order = 0

  get size(): number {
    return this.#nodes.length
  }

  /** Returns the priority of a key; undefined when it is absent. */
  get(key: K): number | undefined {
    return this.#byKey.get(key)?.priority
  }

  /** Adds a key, or moves it as if it had been removed and added. */
  set(key: K, priority: number): void {
    this.delete(key)
    const node = { key, priority, order: this.#order++, index: this.#nodes.length }
    this.#byKey.set(key, node)
    this.#nodes.push(node)
    this.#rise(node)
  }

  /** Removes a key. Returns whether it was present. */
  delete(key: K): boolean {
    const node = this.#byKey.get(key)
    const last = this.#nodes.at(-1)
    if (!node || !last) return false
    this.#byKey.delete(key)
    this.#nodes.pop()
    if (node !== last) {
      this.#place(last, node.index)
      this.#rise(last)
      this.#sink(last)
    }
    return true
  }

  /** Returns the key with the lowest priority without removing it; undefined when the heap is empty. */
  peek(): { readonly key: K; readonly priority: number } | undefined {
    return this.#nodes[0]
  }

  clear(): void {
    this.#nodes.length = 0
    this.#byKey.clear()
  }

  #rise(node: Node<K>): void {
    for (;;) {
      const parent = this.#nodes[(node.index - 1) >> 1]
      if (!parent || !isBefore(node, parent)) return
      this.#swap(node, parent)
    }
  }

  #sink(node: Node<K>): void {
    for (;;) {
      const left = this.#nodes[2 * node.index + 1]
      const right = this.#nodes[2 * node.index + 2]
      const child = left && right && isBefore(right, left) ? right : left
      if (!child || !isBefore(child, node)) return
      this.#swap(node, child)
    }
  }

  #swap(a: Node<K>, b: Node<K>): void {
    const { index } = a
    this.#place(a, b.index)
    this.#place(b, index)
  }

  #place(node: Node<K>, index: number): void {
    node.index = index
    this.#nodes[index] = node
  }
}

function isBefore<K>(a: Node<K>, b: Node<K>): boolean {
  return a.priority === b.priority ? a.order < b.order : a.priority < b.priority
}
