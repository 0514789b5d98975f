import { PersistenceError } from '../errors'
import { Slices } from '../internal/turn'
import { type Entry, restoreEntry } from '../meta/entry'
import type { StoredRecord } from './persister'

/** What a {@link Restoring} is given. */
export interface RestoringOptions<T> {
  /** Whether the entries are still wanted. Once they are not, no more are made. */
  readonly isWanted: () => boolean
  /** Throws when the store must not hold an entry that was stored under this key. */
  readonly check: (entry: Entry<T>, key: string) => void
  /**
   * Called with the entries as they are made, the last record's first. `before` is the number of entries delivered already; `0` means start over
   * and discard earlier batches. Must not throw.
   */
  readonly onEntries: (entries: readonly Entry<T>[], before: number) => void
}

/**
 * Makes the entries of a snapshot as its records come, each once and in slices, so that the page can do something else meanwhile. Storage is
 * checked like the network: a single record that is not what it should be makes the whole snapshot useless, since the object that it stands for
 * would be missing until it changes.
 */
export class Restoring<T> {
  readonly #options: RestoringOptions<T>
  readonly #slices = new Slices()
  /** The records read so far, from the snapshot's last one on. */
  #records: StoredRecord[] = []
  /** The entry of each record that had its turn. */
  #entries: Entry<T>[] = []
  #keys = new Set<string>()
  #delivered = 0
  #failure: { readonly error: unknown } | undefined
  #isWorking = false
  #work: Promise<void> = Promise.resolve()

  constructor(options: RestoringOptions<T>) {
    this.#options = options
  }

  /** Takes records as a persister's `onRecords` gets them. */
  readonly take = (records: readonly StoredRecord[], before: number): void => {
    if (!this.#options.isWanted()) return
    if (before === 0) this.#begin()
    for (const record of records) this.#records.push(record)
    if (!this.#isWorking) this.#work = this.#makeEntries()
  }

  /**
   * Returns the entries of a snapshot whose records were taken, all of them or none yet.
   *
   * @throws ParseError when a text is not an object's; what `check` throws; PersistenceError when a key comes twice.
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
    // The caller gets its promise before the first batch: a persister may have records at once.
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

  #restore({ key, text }: StoredRecord): Entry<T> {
    const entry = restoreEntry<T>(text)
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
