import type { Entry, KubeObject } from 'kubeflect'
import type { Cell, Column } from './columns.ts'

/** A row of the table: one version of one object, which is parsed when a cell needs it. */
export class Row {
  readonly entry: Entry<KubeObject>
  readonly #columns: readonly Column[]
  readonly #cells: Cell[] = []
  #words: string | undefined

  constructor(entry: Entry<KubeObject>, columns: readonly Column[]) {
    this.entry = entry
    this.#columns = columns
  }

  get key(): string {
    return this.entry.key
  }

  /** What the row has in a column. */
  cell(column: Column): Cell {
    const at = this.#columns.indexOf(column)
    this.#cells[at] ??= column.read(this.entry)
    return this.#cells[at]
  }

  /** Whether the row contains a word in lower case. What is read from the key is not parsed. */
  contains(word: string): boolean {
    if (this.key.includes(word)) return true
    this.#words ??= this.#columns
      .filter(isSearched)
      .map((column) => this.cell(column).text.toLowerCase())
      .join(' ')
    return this.#words.includes(word)
  }
}

/** Whether rows are found by what they have in a column. */
export function isSearched({ look }: Column): boolean {
  return look !== 'number' && look !== 'age'
}

/** By what rows are sorted, and which way. */
export interface Order {
  readonly column: Column
  readonly direction: 'ascending' | 'descending'
}

/** Rows that match a filter, in order. A change moves only the rows it is about. */
export class RowList {
  readonly columns: readonly Column[]
  readonly #all = new Map<string, Row>()
  #shown: Row[] = []
  #words: readonly string[] = []
  #order: Order

  /**
   * The newest come first.
   *
   * @throws TypeError when there are no columns.
   */
  constructor(columns: readonly Column[]) {
    const last = columns.at(-1)
    if (!last) throw new TypeError('RowList: a table has columns')
    this.columns = columns
    this.#order = { column: last, direction: 'ascending' }
  }

  /** The rows to show, in order. */
  get shown(): readonly Row[] {
    return this.#shown
  }

  /** How many rows there are, shown or not. */
  get size(): number {
    return this.#all.size
  }

  /** The keys of all rows, shown or not. */
  get keys(): Iterable<string> {
    return this.#all.keys()
  }

  /** The newest entry of a key; undefined when there is none. */
  get(key: string): Entry<KubeObject> | undefined {
    return this.#all.get(key)?.entry
  }

  get order(): Order {
    return this.#order
  }

  /** Sorts by something else. */
  sort(order: Order): void {
    this.#order = order
    this.#rebuild()
  }

  /** Shows the rows that contain each of some words. */
  filter(text: string): void {
    this.#words = text.toLowerCase().split(/\s+/).filter(Boolean)
    this.#rebuild()
  }

  /** Takes over the newest entry of each key that changed; undefined for one that is gone. */
  apply(changes: ReadonlyMap<string, Entry<KubeObject> | undefined>): void {
    // Moving a row costs a shift of the others: beyond some hundred, sorting everything is cheaper.
    const whole = changes.size > 100 + this.#all.size / 20
    for (const [key, entry] of changes) {
      const before = this.#all.get(key)
      const after = entry && new Row(entry, this.columns)
      if (after) this.#all.set(key, after)
      else this.#all.delete(key)
      if (!whole) this.#move(before, after)
    }
    if (whole) this.#rebuild()
  }

  #move(before: Row | undefined, after: Row | undefined): void {
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

  #matches(row: Row): boolean {
    return this.#words.every((word) => row.contains(word))
  }

  /** Where a row is, or would have to be. */
  #indexOf(row: Row): number {
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
  #compare(a: Row, b: Row): number {
    const { column, direction } = this.#order
    const byValue = compare(a.cell(column).value, b.cell(column).value)
    return (direction === 'ascending' ? byValue : -byValue) || compare(a.key, b.key)
  }
}

/** Numbers come before texts: compared with each other they would have no order. */
function compare(a: string | number, b: string | number): number {
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1
  return a < b ? -1 : a > b ? 1 : 0
}
