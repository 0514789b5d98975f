// Keeps the texts of entries in storage only, as far as they do not fit into a bound.

import { PersistenceError } from '../api/errors'
import { type Entry, entryFromPacked, isEntry, keptLength, moveText } from '../codec/entry'
import { packEntries } from '../codec/pack-entries'
import { Packer } from '../codec/packer'
import { flatten } from '../internal/flatten'
import type { LogRecord } from '../persistence/idb/log'
import type { Step, StoredRecord } from '../persistence/persister'

/** The number of segments whose texts stay in memory after they were read. Each has about half a million characters. */
const SEGMENTS = 8

/** The bound of the texts in memory. Several resources share it. */
export interface TextBudget {
  /** The most characters, packed where the entries are. */
  readonly maxLength: number
  /** The characters in memory now. */
  length: number
}

/** The storage of the texts. */
export interface TextStorage {
  /** Returns the number of the segment with the newest text of a key. */
  segmentOf(key: string): number | undefined
  /** Reads a segment. */
  read(segment: number): LogRecord | undefined
  /** Called with the error when a text cannot be read. */
  readonly onError: (error: PersistenceError) => void
}

interface ReadSegment {
  readonly record: LogRecord
  readonly rows: ReadonlyMap<string, number>
}

/**
 * The entries of one log as a store holds them, some with their text in memory and some without: these read it from the log whenever it is
 * needed. A segment that is read while the bound has room is used whole: the texts of all its entries stay in memory, packed.
 *
 * A step that removes a text from the log must first bring it back with {@link recall}, because a watch or a list in progress may need it.
 */
export class StoredTexts {
  readonly #storage: TextStorage
  readonly #budget: TextBudget
  readonly #packer = new Packer()
  /** The newest stored entry of each key. */
  #entries = new Map<string, Entry<unknown>>()
  /** The entries whose text is in memory, with its length. The ones that changed the longest ago are first. */
  readonly #resident = new Map<Entry<unknown>, number>()
  readonly #segments = new Map<number, ReadSegment>()

  constructor(storage: TextStorage, budget: TextBudget) {
    this.#storage = storage
    this.#budget = budget
  }

  /** Starts over with the objects of a log. Their texts stay in the log, except those that are in memory already. */
  load(records: readonly Omit<StoredRecord, 'text'>[]): Entry<unknown>[] {
    const before = this.#entries
    const entries = records.map(({ key, uid = '', resourceVersion = '' }) => {
      const known = before.get(key)
      return known?.resourceVersion === resourceVersion ? known : entryFromPacked(key, uid, resourceVersion, key, this.#restore)
    })
    this.#entries = new Map(entries.map((entry) => [entry.key, entry]))
    for (const entry of this.#resident.keys()) if (this.#entries.get(entry.key) !== entry) this.#drop(entry)
    this.#segments.clear()
    return entries
  }

  /** Brings the texts back into memory that a step removes from the log. Called in its transaction, before anything is written. */
  recall(step: Step): void {
    const isPut = new Set<unknown>(step.puts)
    const recall = (entry: Entry<unknown> | undefined) => {
      if (entry && !isPut.has(entry) && !this.#resident.has(entry)) this.#keep([[entry, this.#textOf(entry.key)]])
    }
    if (step.type === 'replace') for (const entry of this.#entries.values()) recall(entry)
    else for (const key of [...step.deletes, ...step.puts.map((put) => put.key)]) recall(this.#entries.get(key))
  }

  /** Takes the entries of a step that is stored. Leaves texts to the log until the bound is kept. */
  settle(step: Step): void {
    this.moved()
    const before = this.#entries
    if (step.type === 'replace') this.#entries = new Map()
    else for (const key of step.deletes) this.#forget(key)
    for (const put of step.puts) {
      const known = before.get(put.key)
      const isInLogOnly = known === put && !this.#resident.has(known)
      if (known && known !== put) this.#drop(known)
      this.#entries.delete(put.key)
      if (!isEntry(put)) continue
      this.#entries.set(put.key, put)
      if (!isInLogOnly) this.#count(put)
    }
    if (step.type === 'replace') for (const entry of before.values()) if (this.#entries.get(entry.key) !== entry) this.#drop(entry)
    for (const entry of this.#resident.keys()) {
      if (this.#budget.length <= this.#budget.maxLength) return
      this.#drop(entry)
      moveText(entry, entry.key, this.#restore)
    }
  }

  /** Forgets what was read: records have moved within the log. */
  moved(): void {
    this.#segments.clear()
  }

  /** Forgets all entries. Those whose text is in the log only cannot be read any more. */
  clear(): void {
    this.#entries.clear()
    for (const entry of this.#resident.keys()) this.#drop(entry)
    this.moved()
  }

  /** Restores the text of the entry with a key. */
  readonly #restore = (key: string): string => {
    const text = this.#textOf(key)
    if (this.#budget.length < this.#budget.maxLength) this.#keepSegmentOf(key)
    return text
  }

  #textOf(key: string): string {
    try {
      const { record, rows } = this.#segmentOf(key) ?? {}
      const row = rows?.get(key)
      const text = row === undefined ? undefined : record?.texts[row]
      // Another writer may have taken over the storage, and have written another segment under this number.
      if (text === undefined || record?.versions?.[row ?? 0] !== this.#entries.get(key)?.resourceVersion)
        throw new PersistenceError('fenced', `${key}: its text is no longer in the storage`)
      return text
    } catch (error) {
      this.#storage.onError(error as PersistenceError)
      throw error
    }
  }

  #segmentOf(key: string): ReadSegment | undefined {
    const number = this.#storage.segmentOf(key)
    if (number === undefined) return undefined
    const known = this.#segments.get(number)
    const record = known?.record ?? this.#storage.read(number)
    if (!record) return undefined
    const segment = known ?? { record, rows: new Map(record.keys.map((own, row) => [own, row])) }
    // The segment that was used last is the last one.
    this.#segments.delete(number)
    this.#segments.set(number, segment)
    const [oldest = number] = this.#segments.keys()
    if (this.#segments.size > SEGMENTS) this.#segments.delete(oldest)
    return segment
  }

  /** Keeps all texts of a segment in memory that are still needed. */
  #keepSegmentOf(key: string): void {
    const number = this.#storage.segmentOf(key)
    const { record } = this.#segmentOf(key) ?? {}
    const texts = (record?.keys ?? []).flatMap((own, row): [Entry<unknown>, string][] => {
      const entry = this.#entries.get(own)
      const isNeeded = entry && !this.#resident.has(entry) && this.#storage.segmentOf(own) === number
      return isNeeded ? [[entry, record?.texts[row] ?? '']] : []
    })
    this.#keep(texts)
  }

  #keep(texts: readonly (readonly [Entry<unknown>, string])[]): void {
    // A slice would keep the whole segment alive.
    for (const [entry, text] of texts) moveText(entry, flatten(text), undefined)
    const entries = texts.map(([entry]) => entry)
    packEntries(this.#packer, entries)
    for (const entry of entries) this.#count(entry)
  }

  #count(entry: Entry<unknown>): void {
    this.#drop(entry)
    const length = keptLength(entry)
    this.#resident.set(entry, length)
    this.#budget.length += length
  }

  #forget(key: string): void {
    const entry = this.#entries.get(key)
    if (entry) this.#drop(entry)
    this.#entries.delete(key)
  }

  #drop(entry: Entry<unknown>): void {
    this.#budget.length -= this.#resident.get(entry) ?? 0
    this.#resident.delete(entry)
  }
}
