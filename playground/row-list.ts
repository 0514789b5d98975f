// Sorts and filters the rows of the table.
import type { Entry, KubeObject } from 'kubeflect'
import type { Cell, Column } from './columns.ts'

/** A row of the table: one version of one object, parsed lazily for its cells. */
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

  /** Returns the cell of a column. */
  cell(column: Column): Cell {
    const at = this.#columns.indexOf(column)
    this.#cells[at] ??= column.read(this.entry)
    return this.#cells[at]
  }

  /** Whether the row contains a word in lower case. Columns that read the key need no parsing. */
  contains(word: string): boolean {
    if (this.key.includes(word)) return true
    this.#words ??= this.#columns
      .filter(isSearched)
      .map((column) => this.cell(column).text.toLowerCase())
      .join(' ')
    return this.#words.includes(word)
  }
}

/** Whether the search covers a column. */
export function isSearched({ look }: Column): boolean {
  return look !== 'number' && look !== 'age'
}

/** The column and direction that rows are sorted by. */
export interface Order {
  readonly column: Column
  readonly direction: 'ascending' | 'descending'
}

/** The sorted rows that match a filter. A change moves only its own rows. */
export class RowList {
  readonly columns: readonly Column[]
  readonly #all = new Map<string, Row>()
  #shown: Row[] = []
  #words: readonly string[] = []
  #order: Order

  /**
   * Sorts by the last column, the newest first.
   *
   * @throws TypeError when there are no columns.
   */
  constructor(columns: readonly Column[]) {
    const last = columns.at(-1)
    if (!last) throw new TypeError('RowList: a table needs at least one column')
    this.columns = columns
    this.#order = { column: last, direction: 'ascending' }
  }

  /** The visible rows, in order. */
  get shown(): readonly Row[] {
    return this.#shown
  }

  /** The number of rows, including hidden ones. */
  get size(): number {
    return this.#all.size
  }

  /** The keys of all rows, including hidden ones. */
  get keys(): Iterable<string> {
    return this.#all.keys()
  }

  /** Returns the newest entry of a key; undefined when there is none. */
  get(key: string): Entry<KubeObject> | undefined {
    return this.#all.get(key)?.entry
  }

  get order(): Order {
    return this.#order
  }

  /** Sorts by another column. */
  sort(order: Order): void {
    this.#order = order
    this.#rebuild()
  }

  /** Shows the rows that contain every word of a text. */
  filter(text: string): void {
    this.#words = text.toLowerCase().split(/\s+/).filter(Boolean)
    this.#rebuild()
  }

  /** Applies the newest entries of the changed keys; undefined for a deleted one. */
  apply(changes: ReadonlyMap<string, Entry<KubeObject> | undefined>): void {
    // Moving a row shifts the others; beyond a few hundred, sorting everything is cheaper.
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

  /** Returns the index of a row, or its insertion point. */
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

  /** Compares rows by value, then by key, so that no two rows are equal and the order is stable. */
  #compare(a: Row, b: Row): number {
    const { column, direction } = this.#order
    const byValue = compare(a.cell(column).value, b.cell(column).value)
    return (direction === 'ascending' ? byValue : -byValue) || compare(a.key, b.key)
  }
}

/** Compares values; numbers precede texts, because mixed values have no order. */
function compare(a: string | number, b: string | number): number {
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1
  return a < b ? -1 : a > b ? 1 : 0
}
