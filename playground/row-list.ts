import type { Entry } from 'kubeflect'
import type { Pod } from 'kubeflect/resources/core/v1'
import { PodRow } from './pods.ts'

/** What rows can be sorted by. */
export type Column = 'name' | 'namespace' | 'phase' | 'node' | 'restarts' | 'age'

/** By what rows are sorted, and which way. */
export interface Order {
  readonly column: Column
  readonly direction: 'ascending' | 'descending'
}

const sortKeys: Record<Column, (row: PodRow) => string | number> = {
  name: ({ entry }) => entry.name,
  namespace: ({ entry }) => entry.namespace,
  phase: ({ details }) => details.phase,
  node: ({ details }) => details.node,
  restarts: ({ details }) => details.restarts,
  age: ({ details }) => -details.created,
}

/** Rows that match a filter, in order. A change moves only the rows it is about. */
export class RowList {
  readonly #all = new Map<string, PodRow>()
  #shown: PodRow[] = []
  #words: readonly string[] = []
  #order: Order = { column: 'age', direction: 'ascending' }

  /** The rows to show, in order. */
  get shown(): readonly PodRow[] {
    return this.#shown
  }

  /** How many rows there are, shown or not. */
  get size(): number {
    return this.#all.size
  }

  get order(): Order {
    return this.#order
  }

  /** Sorts by something else. */
  sort(order: Order): void {
    this.#order = order
    this.#rebuild()
  }

  /** Shows the rows whose name, namespace, phase or node contain each of some words. */
  filter(text: string): void {
    this.#words = text.toLowerCase().split(/\s+/).filter(Boolean)
    this.#rebuild()
  }

  /** Takes over the newest entry of each key that changed; undefined for one that is gone. */
  apply(changes: ReadonlyMap<string, Entry<Pod> | undefined>): void {
    // Moving a row costs a shift of the others: beyond some hundred, sorting everything is cheaper.
    const whole = changes.size > 100 + this.#all.size / 20
    for (const [key, entry] of changes) {
      const before = this.#all.get(key)
      const after = entry && new PodRow(entry)
      if (after) this.#all.set(key, after)
      else this.#all.delete(key)
      if (!whole) this.#move(before, after)
    }
    if (whole) this.#rebuild()
  }

  #move(before: PodRow | undefined, after: PodRow | undefined): void {
    const shown = this.#shown
    const from = before ? this.#indexOf(before) : -1
    const isShown = before !== undefined && shown[from] === before
    const willBe = after !== undefined && this.#matches(after)
    if (isShown && willBe && this.#compare(before, after) === 0) shown[from] = after
    else {
      if (isShown) shown.splice(from, 1)
      if (willBe) shown.splice(this.#indexOf(after), 0, after)
    }
  }

  #rebuild(): void {
    const rows = [...this.#all.values()]
    this.#shown = (this.#words.length > 0 ? rows.filter((row) => this.#matches(row)) : rows).sort((a, b) => this.#compare(a, b))
  }

  #matches(row: PodRow): boolean {
    // The details are read only where the key does not decide.
    return this.#words.every((word) => row.key.includes(word) || `${row.details.phase} ${row.details.node}`.toLowerCase().includes(word))
  }

  /** Where a row is, or would have to be. */
  #indexOf(row: PodRow): number {
    let low = 0
    let high = this.#shown.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = this.#shown[middle]
      if (other && this.#compare(other, row) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Rows of equal value are in the order of their keys, so that no two rows are equal and none jumps about. */
  #compare(a: PodRow, b: PodRow): number {
    const read = sortKeys[this.#order.column]
    const byValue = compare(read(a), read(b))
    return (this.#order.direction === 'ascending' ? byValue : -byValue) || compare(a.key, b.key)
  }
}

function compare(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0
}
