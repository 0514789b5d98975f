// Filters and sorts the rows of a view.

import { KubeError } from '../api/errors'
import { type LabelSelector, parseLabelSelector } from '../api/selectors'
import type { Entry } from '../codec/entry'
import { describeValue } from '../internal/describe-value'
import { isSameFunction } from './keyed'
import type { SortValue, ViewFilter, ViewSort } from './query'
import { type Block, type Listed, SortedList } from './sorted-list'

/** One version of an entry, with everything computed from it. */
export class Row<T> implements Listed<Row<T>> {
  readonly key: string
  readonly entry: Entry<T>
  /** The plan that placed it. */
  plan: Plan<T> | undefined
  /**
   * Its block in that plan's list, if any. A row that no longer passes the filter stays there, hidden, because its sort values are known.
   */
  block: Block<Row<T>> | undefined
  shown = false
  /** The result of `where`. */
  verdict: boolean | undefined
  /** The text to search. */
  haystack: string | undefined
  /** The sort values, in the order of the columns. */
  values: readonly SortValue[] = []
  columns: readonly ViewSort<T>[] = []

  constructor(key: string, entry: Entry<T>) {
    this.key = key
    this.entry = entry
  }
}

/** The surroundings of a {@link Plan}, provided by its view. */
export interface PlanDeps {
  readonly collator: Intl.Collator | undefined
  readonly onError: ((error: unknown) => void) | undefined
}

/** A filter and an order, with the rows they apply to. Reuses the results of an earlier plan where the query is unchanged. */
export class Plan<T> {
  readonly filter: ViewFilter<T>
  readonly columns: readonly ViewSort<T>[]
  /**
   * The rows; those that pass are shown, some others are hidden. A plan that differs only in the filter takes over the list of the one
   * before.
   */
  readonly rows: SortedList<Row<T>>
  readonly #host: PlanDeps
  readonly #selector: LabelSelector
  readonly #words: readonly string[]

  /**
   * @throws SelectorError for an invalid label selector; TypeError when a part of the filter is not a function, or the searched text is not
   *   a string.
   */
  constructor(host: PlanDeps, filter: ViewFilter<T>, columns: readonly ViewSort<T>[], rows?: SortedList<Row<T>>) {
    const { where, search } = filter
    if (where !== undefined) checkFunction('filter.where', where, 'filter: { where: (entry) => entry.name !== "" }')
    if (search?.in !== undefined) checkFunction('filter.search.in', search.in, 'search: { text, in: (entry) => entry.name }')
    this.#host = host
    this.#selector = parseLabelSelector(filter.labelSelector ?? '')
    this.#words = wordsOf(filter)
    this.filter = filter
    this.columns = columns
    this.rows = rows ?? new SortedList((a, b) => this.#compare(a, b))
  }

  /** Returns the plan for a changed query; this one when nothing changes. */
  with(filter: ViewFilter<T> = this.filter, columns: readonly ViewSort<T>[] = this.columns): Plan<T> {
    const sameOrder = isSameOrder(columns, this.columns)
    if (sameOrder && isSameFilter(filter, this.filter)) return this
    return sameOrder ? new Plan(this.#host, filter, this.columns, this.rows) : new Plan(this.#host, filter, columns)
  }

  /** Inserts a row at its place, or removes it. */
  place(row: Row<T>): void {
    const before = row.plan
    row.plan = this
    if (!isSameFunction(before?.filter.where, this.filter.where)) row.verdict = undefined
    if (!isSameFunction(before?.filter.search?.in, this.filter.search?.in)) row.haystack = undefined
    if (before?.rows !== this.rows) {
      row.block = undefined
      row.shown = false
    }
    const passes = this.#passes(row)
    if (row.block) this.rows.show(row, passes)
    else if (passes) this.rows.add(this.#valued(row))
  }

  /** Removes a row whose entry was deleted. */
  remove(row: Row<T>): void {
    if (row.plan?.rows === this.rows) this.rows.delete(row)
  }

  #passes(row: Row<T>): boolean {
    const { namespace, where } = this.filter
    if (namespace && row.entry.namespace !== namespace) return false
    if (!this.#selector.empty && !this.#ask(row, 'labels cannot be read', false, ({ labels }) => this.#selector.matches(labels)))
      return false
    if (where) {
      row.verdict ??= this.#ask(row, 'filter.where threw', false, where)
      if (!row.verdict) return false
    }
    if (this.#words.length === 0) return true
    const haystack = this.#haystack(row)
    return this.#words.every((word) => haystack.includes(word))
  }

  #haystack(row: Row<T>): string {
    row.haystack ??= this.#ask(row, 'filter.search.in threw', '', (entry) => {
      const fields = this.filter.search?.in?.(entry) ?? entry.key
      // One line per field, so that a word never matches across two fields.
      return (typeof fields === 'string' ? fields : fields.join('\n')).toLowerCase()
    })
    return row.haystack
  }

  #valued(row: Row<T>): Row<T> {
    const { columns, values } = row
    if (columns === this.columns) return row
    row.values = this.columns.map(({ by }) => {
      const known = columns.findIndex((column) => isSameFunction(column.by, by))
      return known >= 0 ? values[known] : this.#ask(row, 'sort.by threw', undefined, (entry) => sortValue(by(entry)))
    })
    row.columns = this.columns
    return row
  }

  #ask<R>(row: Row<T>, problem: string, otherwise: R, read: (entry: Entry<T>) => R): R {
    try {
      return read(row.entry)
    } catch (cause) {
      const consequence = problem.startsWith('sort') ? 'comes last' : 'is left out'
      this.#host.onError?.(new KubeError(`a view's ${problem} for ${row.key}, which ${consequence}`, { cause }))
      return otherwise
    }
  }

  #compare(a: Row<T>, b: Row<T>): number {
    for (let i = 0; i < this.columns.length; i++) {
      const order = this.#compareValues(a.values[i], b.values[i], this.columns[i]?.descending === true ? -1 : 1)
      if (order !== 0) return order
    }
    return a.key < b.key ? -1 : a.key > b.key ? 1 : 0
  }

  #compareValues(a: SortValue, b: SortValue, direction: 1 | -1): number {
    if (a === b) return 0
    if (a === undefined || a === null) return 1
    if (b === undefined || b === null) return -1
    const { collator } = this.#host
    if (collator && typeof a === 'string' && typeof b === 'string') return direction * collator.compare(a, b)
    return typeof a === typeof b ? direction * (a < b ? -1 : 1) : typeof a < typeof b ? -direction : direction
  }
}

/** @throws TypeError that names the part of the query, with an example. */
export function checkFunction(part: string, value: unknown, example: string): void {
  if (typeof value !== 'function') throw new TypeError(`a view's ${part} is a function, got ${describeValue(value)}: write ${example}`)
}

function sortValue(value: SortValue): SortValue {
  if (typeof value === 'object' && value !== null) {
    throw new TypeError(
      `entries are sorted by strings, numbers and booleans, not by ${JSON.stringify(value)}: let sort.by return one of these`,
    )
  }
  return Number.isNaN(value) || value === null ? undefined : value
}

function wordsOf<T>({ search }: ViewFilter<T>): string[] {
  if (!search) return []
  if (typeof search.text !== 'string') throw new TypeError(`a view's filter.search.text is a string, got ${describeValue(search.text)}`)
  return search.text.toLowerCase().match(/\S+/g) ?? []
}

function isSameFilter<T>(a: ViewFilter<T>, b: ViewFilter<T>): boolean {
  return (
    (a.namespace ?? '') === (b.namespace ?? '') &&
    (a.labelSelector ?? '') === (b.labelSelector ?? '') &&
    isSameFunction(a.where, b.where) &&
    isSameFunction(a.search?.in, b.search?.in) &&
    wordsOf(a).join(' ') === wordsOf(b).join(' ')
  )
}

function isSameOrder<T>(a: readonly ViewSort<T>[], b: readonly ViewSort<T>[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ by, descending = false }, i) => isSameFunction(by, b[i]?.by) && descending === (b[i]?.descending ?? false))
  )
}
