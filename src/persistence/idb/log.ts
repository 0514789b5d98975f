// Tracks which records of an IndexedDB log are still needed, and plans its compaction.

import { plainRows, type RowCodec, type RowSelection, type Rows } from './rows'

/** The size in characters up to which a log is never compacted. */
const SMALL_LOG = 1 << 18
/** The size in characters below which reading a record costs less than requesting it. */
const SMALL_RECORD = 1 << 14
/** The number of consecutive small records that are merged into one. */
const SMALL_RECORDS = 64
/** The approximate amount compacted in one transaction, in characters; small enough not to delay a page. */
const STEP = 1 << 19

/** A record of a log. */
export interface LogRecord extends Rows {
  /** Applied before the texts. */
  readonly deletes: readonly string[]
}

/** A record whose texts are known by their lengths only. */
export interface LogOutline extends Omit<LogRecord, 'texts'> {
  readonly texts: readonly { readonly length: number }[]
}

/** Records to replace by one record with the parts of them still needed: from one number up to another, exclusive. */
export interface Chore {
  readonly from: number
  readonly to: number
}

/** The location of the newest text of a key, and its size including the key, in characters. */
interface Row {
  readonly at: number
  readonly size: number
}

/**
 * An index of a log: which records hold the newest text of each key. Stores locations, not texts.
 *
 * Compacts the log from its old end, so that no older record can depend on a dropped delete. Compaction starts when half of the log is
 * obsolete: one pass over the log then frees at least as much as it rewrites. A changed byte is therefore written at most twice on average,
 * and once more if it was in a tiny record.
 */
export class IdbLog {
  /** The location of the newest text of each key. Undefined: deleted by a record, while older records are still being read. */
  readonly #rows = new Map<string, Row | undefined>()
  /** The size of each record, from the first one. */
  readonly #sizes: number[] = []
  readonly #codec: RowCodec
  #first: number
  #size = 0
  #needed = 0
  /** The number of small records at the end. */
  #smallOnes = 0

  /** @param rows decodes and combines the rows of records; default {@link plainRows}. */
  constructor(first = 0, rows: RowCodec = plainRows) {
    this.#first = first
    this.#codec = rows
  }

  /** The number of the first record. */
  get first(): number {
    return this.#first
  }

  /** The number of the next record to write. */
  get next(): number {
    return this.#first + this.#sizes.length
  }

  /** The next compaction step; undefined when none is due. */
  get chore(): Chore | undefined {
    const { first, next } = this
    if (this.#size > SMALL_LOG && this.#size >= 2 * this.#needed) {
      let to = first
      for (let size = 0; to < next && size < STEP; to++) size += this.#sizes[to - first] ?? 0
      return { from: first, to }
    }
    return this.#smallOnes < SMALL_RECORDS ? undefined : { from: next - this.#smallOnes, to: next }
  }

  /** Whether compaction can no longer wait until the page is idle. */
  get isOverdue(): boolean {
    return this.#size > SMALL_LOG && this.#size > 3 * this.#needed
  }

  /** Returns the number of the record with the newest text of a key; undefined when there is none. */
  recordOf(key: string): number | undefined {
    return this.#rows.get(key)?.at
  }

  /** Registers a record written at {@link next}. */
  append(record: LogOutline): void {
    const at = this.next
    for (const key of record.deletes) this.#forget(key)
    record.keys.forEach((key, n) => {
      if (isTemplate(record, n)) return
      this.#forget(key)
      this.#add(record, n, at)
    })
    const size = sizeOf(record)
    this.#sizes.push(size)
    this.#size += size
    this.#smallOnes = size < SMALL_RECORD ? this.#smallOnes + 1 : 0
  }

  /** Registers the record before {@link first}. Returns the rows of its objects that are still valid, last one first. */
  prepend(record: LogOutline): number[] {
    const at = --this.#first
    const needed: number[] = []
    for (let n = record.keys.length - 1; n >= 0; n--) {
      const key = record.keys[n] ?? ''
      if (isTemplate(record, n) || this.#rows.has(key)) continue
      this.#add(record, n, at)
      needed.push(n)
    }
    // Deletes are applied before the texts.
    for (const key of record.deletes) if (!this.#rows.has(key)) this.#rows.set(key, undefined)
    const size = sizeOf(record)
    if (size < SMALL_RECORD && this.#smallOnes === this.#sizes.length) this.#smallOnes++
    this.#sizes.unshift(size)
    this.#size += size
    return needed
  }

  /** Combines the parts of a chore's records that are still needed into one record; undefined when nothing is needed. */
  gather({ from }: Chore, records: readonly LogRecord[]): LogRecord | undefined {
    const selections: RowSelection[] = []
    const deletes = new Set<string>()
    for (const [n, record] of records.entries()) {
      const selected = [...record.keys.keys()].filter((row) => {
        const key = record.keys[row] ?? ''
        return !isTemplate(record, row) && this.#rows.get(key)?.at === from + n
      })
      if (selected.length > 0) selections.push({ rows: record, selected })
      if (from > this.#first) for (const key of record.deletes) deletes.add(key)
    }
    if (selections.length + deletes.size === 0) return undefined
    return { ...this.#codec.combine(selections), deletes: [...deletes] }
  }

  /** Returns where to write the combined record of a chore: at the end, unless the chore covers the end already. */
  placeOf({ from }: Chore): number {
    return from === this.#first ? this.next : from
  }

  /** Registers that a chore was done. */
  settle(chore: Chore, record: LogRecord | undefined): void {
    const isOldest = chore.from === this.#first
    for (const size of this.#sizes.splice(chore.from - this.#first, chore.to - chore.from)) this.#size -= size
    if (isOldest) this.#first = chore.to
    this.#smallOnes = 0
    if (record) this.append(record)
  }

  /** Registers a row with the size that it will take once its record is compacted. */
  #add({ keys, texts, templates }: LogOutline, row: number, at: number): void {
    const key = keys[row] ?? ''
    const length = texts[row]?.length ?? 0
    const size = key.length + (templates ? length : length * this.#codec.shrink)
    this.#rows.set(key, { at, size })
    this.#needed += size
  }

  #forget(key: string): void {
    this.#needed -= this.#rows.get(key)?.size ?? 0
    this.#rows.delete(key)
  }
}

/** Whether a row is kept only because others are packed against it. */
const isTemplate = ({ keys, templates }: Pick<Rows, 'keys' | 'templates'>, row: number): boolean =>
  templates !== undefined && keys[row] === ''

const sizeOf = ({ keys, texts, deletes }: LogOutline): number => [keys, texts, deletes].flat().reduce((sum, { length }) => sum + length, 0)
