import { Slices } from '../internal/turn'
import { type Entry, restoreEntry } from '../meta/entry'

/** What a {@link Restoring} is given. */
export interface RestoringOptions<T> {
  /** Whether anybody still wants entries. Once nobody does, nothing more is made. */
  readonly isWanted: () => boolean
  /** Told of the entries as they are made, the last text's first. `before` is how many came earlier; 0: it began anew. Must not throw. */
  readonly onEntries: (entries: readonly Entry<T>[], before: number) => void
}

/** Makes the entries of a snapshot: as its texts come, each once, and in slices, so that the page can do something else meanwhile. */
export class Restoring<T> {
  readonly #options: RestoringOptions<T>
  readonly #slices = new Slices()
  /** What was read, from the snapshot's last text on. */
  #texts: string[] = []
  /** The entry of each of those that had their turn. */
  #entries: Entry<T>[] = []
  #told = 0
  #failure: { readonly error: unknown } | undefined
  #isWorking = false
  #work: Promise<void> = Promise.resolve()

  constructor(options: RestoringOptions<T>) {
    this.#options = options
  }

  /** Takes texts as a persister's `onTexts` is told of them. */
  readonly take = (texts: readonly string[], before: number): void => {
    if (!this.#options.isWanted()) return
    if (before === 0) this.#begin()
    for (const text of texts) this.#texts.push(text)
    if (!this.#isWorking) this.#work = this.#makeEntries()
  }

  /**
   * Gives the entries of a snapshot whose texts were taken, all of them or none yet.
   *
   * @throws ParseError when a text is none of an object.
   */
  async finish(texts: readonly string[]): Promise<readonly Entry<T>[]> {
    if (this.#texts.length !== texts.length) this.take([...texts].reverse(), 0)
    await this.#work
    if (this.#failure) throw this.#failure.error
    return this.#entries.reverse()
  }

  #begin(): void {
    this.#texts = []
    this.#entries = []
    this.#told = 0
    this.#failure = undefined
  }

  async #makeEntries(): Promise<void> {
    this.#isWorking = true
    // Nobody is told of anything before whoever began to load has got their answer: a persister may have texts at once.
    await undefined
    this.#slices.begin()
    try {
      for (let text = this.#next(); text !== undefined; text = this.#next()) {
        this.#entries.push(restoreEntry<T>(text))
        if (!this.#slices.isSpent) continue
        this.#tell()
        await this.#slices.pause()
      }
      this.#tell()
    } catch (error) {
      this.#failure = { error }
    }
    this.#isWorking = false
  }

  #next(): string | undefined {
    return this.#failure || !this.#options.isWanted() ? undefined : this.#texts[this.#entries.length]
  }

  #tell(): void {
    const before = this.#told
    this.#told = this.#entries.length
    if (this.#told > before) this.#options.onEntries(this.#entries.slice(before), before)
  }
}
