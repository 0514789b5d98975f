import type { StoredRecord } from './persister'

/** A log this small, in characters, is never worth tidying. */
const SMALL_LOG = 1 << 18
/** A record this small, in characters, takes longer to be asked for than to be read. */
const SMALL_RECORD = 1 << 14
/** So many of them in a row are made one. */
const SMALL_RECORDS = 64
/** About how much is tidied in one transaction, in characters: no page is held up by that. */
const STEP = 1 << 19

/** A record of a log. */
export interface LogRecord {
  readonly keys: readonly string[]
  /** The text of each key. */
  readonly texts: readonly string[]
  /** Come before the texts. */
  readonly deletes: readonly string[]
}

/** Records that are to be replaced by one that has what is still needed of them: from one number up to another, which is not included. */
export interface Chore {
  readonly from: number
  readonly to: number
}

/** Where the newest text of a key lies, and its size with the key, in characters. */
interface Row {
  readonly at: number
  readonly size: number
}

/**
 * What a log of records holds, and what of it is still needed: that is the newest text of each key. Knows where things lie, not what they are.
 *
 * It is tidied from its old end, so that nothing older can need a delete that is dropped. That begins when half of it is no longer
 * needed: in the time that all of it goes by, as much has been freed as was written again, at least. Hence a changed byte is written at most
 * twice on average; once more when it came in a tiny record.
 */
export class IdbLog {
  /** Where the newest text of a key is. Undefined: it was deleted by a record, and older ones are still being read. */
  readonly #rows = new Map<string, Row | undefined>()
  /** The size of each record, from the first one on. */
  readonly #sizes: number[] = []
  #first: number
  #size = 0
  #needed = 0
  /** How many records at the end are small. */
  #smallOnes = 0

  constructor(first = 0) {
    this.#first = first
  }

  /** The number of its first record. */
  get first(): number {
    return this.#first
  }

  /** The number of the record to come. */
  get next(): number {
    return this.#first + this.#sizes.length
  }

  /** What there is to tidy; undefined when it is tidy. */
  get chore(): Chore | undefined {
    const { first, next } = this
    if (this.#size > SMALL_LOG && this.#size >= 2 * this.#needed) {
      let to = first
      for (let size = 0; to < next && size < STEP; to++) size += this.#sizes[to - first] ?? 0
      return { from: first, to }
    }
    return this.#smallOnes < SMALL_RECORDS ? undefined : { from: next - this.#smallOnes, to: next }
  }

  /** Whether tidying cannot wait for a better time. */
  get isOverdue(): boolean {
    return this.#size > SMALL_LOG && this.#size > 3 * this.#needed
  }

  /** Notes that a record was written at {@link next}. */
  append(record: LogRecord): void {
    const at = this.next
    for (const key of record.deletes) this.#forget(key)
    record.keys.forEach((key, n) => {
      this.#forget(key)
      const size = key.length + (record.texts[n]?.length ?? 0)
      this.#rows.set(key, { at, size })
      this.#needed += size
    })
    const size = sizeOf(record)
    this.#sizes.push(size)
    this.#size += size
    this.#smallOnes = size < SMALL_RECORD ? this.#smallOnes + 1 : 0
  }

  /** Notes the record before {@link first}. Returns the objects in it that are still needed, the last one first. */
  prepend(record: LogRecord): StoredRecord[] {
    const at = --this.#first
    const needed: StoredRecord[] = []
    for (let n = record.keys.length - 1; n >= 0; n--) {
      const key = record.keys[n] ?? ''
      if (this.#rows.has(key)) continue
      const text = record.texts[n] ?? ''
      const size = key.length + text.length
      this.#rows.set(key, { at, size })
      this.#needed += size
      needed.push({ key, text })
    }
    // They come before the texts.
    for (const key of record.deletes) if (!this.#rows.has(key)) this.#rows.set(key, undefined)
    const size = sizeOf(record)
    if (size < SMALL_RECORD && this.#smallOnes === this.#sizes.length) this.#smallOnes++
    this.#sizes.unshift(size)
    this.#size += size
    return needed
  }

  /** What is still needed of a chore's records, as one record; undefined when that is nothing. */
  gather({ from }: Chore, records: readonly LogRecord[]): LogRecord | undefined {
    const keys: string[] = []
    const texts: string[] = []
    const deletes = new Set<string>()
    for (const [n, record] of records.entries()) {
      record.keys.forEach((key, each) => {
        if (this.#rows.get(key)?.at !== from + n) return
        keys.push(key)
        texts.push(record.texts[each] ?? '')
      })
      if (from > this.#first) for (const key of record.deletes) deletes.add(key)
    }
    return keys.length + deletes.size > 0 ? { keys, texts, deletes: [...deletes] } : undefined
  }

  /** Where the record of a chore is to be written: at the end, unless its records are there already. */
  placeOf({ from }: Chore): number {
    return from === this.#first ? this.next : from
  }

  /** Notes that a chore was done. */
  settle(chore: Chore, record: LogRecord | undefined): void {
    const isOldest = chore.from === this.#first
    for (const size of this.#sizes.splice(chore.from - this.#first, chore.to - chore.from)) this.#size -= size
    if (isOldest) this.#first = chore.to
    this.#smallOnes = 0
    if (record) this.append(record)
  }

  #forget(key: string): void {
    this.#needed -= this.#rows.get(key)?.size ?? 0
    this.#rows.delete(key)
  }
}

function sizeOf({ keys, texts, deletes }: LogRecord): number {
  return [keys, texts, deletes].reduce((sum, strings) => strings.reduce((size, string) => size + string.length, sum), 0)
}
