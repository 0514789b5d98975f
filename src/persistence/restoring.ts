// Makes and checks the entries of a snapshot while it is being read.

import { PersistenceError } from '../api/errors'
import { type Entry, entryFromParts, isEntry, restoreEntry } from '../codec/entry'
import { Slices } from '../internal/turn'
import type { StoredRecord } from './persister'

/** The constructor options of {@link Restoring}. */
export interface RestoringOptions<T> {
  /** Whether the entries are still needed. Once this returns false, no more are made. */
  readonly isWanted: () => boolean
  /** Throws when the store must not hold an entry stored under this key. */
  readonly check: (entry: Entry<T>, key: string) => void
  /**
   * Called with each batch of entries as they are made, in the order of the records, last one first. `before` is the number of entries
   * already delivered; `0` means start over and discard earlier batches. Must not throw.
   */
  readonly onEntries: (entries: readonly Entry<T>[], before: number) => void
}

/**
 * Makes the entries of a snapshot as its records arrive, in time slices, so that the page stays responsive. Stored data is checked like
 * data from the network. A single invalid record invalidates the whole snapshot, because its object would be missing until its next change.
 */
export class Restoring<T> {
  readonly #options: RestoringOptions<T>
  readonly #slices = new Slices()
  /** The records received so far, from the snapshot's last one. */
  #records: StoredRecord[] = []
  /** The entries made so far, in the order of the records. */
  #entries: Entry<T>[] = []
  #keys = new Set<string>()
  #delivered = 0
  #failure: { readonly error: unknown } | undefined
  #isWorking = false
  #work: Promise<void> = Promise.resolve()

  constructor(options: RestoringOptions<T>) {
    this.#options = options
  }

  /** Accepts records in the form of a persister's `onRecords`. */
  readonly take = (records: readonly StoredRecord[], before: number): void => {
    if (!this.#options.isWanted()) return
    if (before === 0) this.#begin()
    for (const record of records) this.#records.push(record)
    if (!this.#isWorking) this.#work = this.#makeEntries()
  }

  /**
   * Returns the entries of a snapshot. Its records may have been passed to `take` before, either all of them or none.
   *
   * @throws ParseError when a text is not an object; what `check` throws; PersistenceError for a duplicate key.
   */
  async finish(records: readonly StoredRecord[]): Promise<readonly Entry<T>[]> {
    if (this.#records.length !== records.length) this.take([...records].reverse(), 0)
    await this.#work
    if (this.#failure) throw this.#failure.error
    return this.#entries.reverse()
  }

  #begin(): void {
    this.#records = []
    this.#entries = []
    this.#keys = new Set()
    this.#delivered = 0
    this.#failure = undefined
  }

  async #makeEntries(): Promise<void> {
    this.#isWorking = true
    // Deferred, so that the caller has its promise before the first batch: a persister may deliver records at once.
    await undefined
    this.#slices.begin()
    try {
      for (let record = this.#next(); record !== undefined; record = this.#next()) {
        this.#entries.push(this.#restore(record))
        if (!this.#slices.isSpent) continue
        this.#deliver()
        await this.#slices.pause()
      }
      this.#deliver()
    } catch (error) {
      this.#failure = { error }
    }
    this.#isWorking = false
  }

  #next(): StoredRecord | undefined {
    return this.#failure || !this.#options.isWanted() ? undefined : this.#records[this.#entries.length]
  }

  #restore(record: StoredRecord): Entry<T> {
    const { key } = record
    const entry = entryOf<T>(record)
    this.#options.check(entry, key)
    if (this.#keys.has(key)) throw new PersistenceError('damaged', `${key} is stored twice`)
    this.#keys.add(key)
    return entry
  }

  #deliver(): void {
    const before = this.#delivered
    this.#delivered = this.#entries.length
    if (this.#delivered > before) this.#options.onEntries(this.#entries.slice(before), before)
  }
}

/** Makes an entry. One whose uid and version were stored is not scanned; its text is checked against them when it is parsed. */
function entryOf<T>(record: StoredRecord): Entry<T> {
  if (isEntry(record)) return record as Entry<T>
  const { key, text, uid, resourceVersion } = record
  return resourceVersion && uid !== undefined ? entryFromParts<T>(key, uid, resourceVersion, text) : restoreEntry<T>(text)
}
