import { nextTurn } from '../internal/turn'
import { PIECE } from './protocol'

/** What crosses at once: bytes that came, and cells, if there are any. */
export interface Parcel {
  readonly bytes: number
  readonly cells: readonly string[] | undefined
}

/**
 * Sends the cells of one call. There is never more than one parcel on its way: what comes before it was dealt with goes together into the next one,
 * and who brings more than a piece of that waits.
 */
export class Outbox {
  readonly #post: (parcel: Parcel) => void
  #cells: string[] | undefined
  #size = 0
  #bytes = 0
  #isWaiting = false
  #isClosed = false
  #ticking = false
  #onRoom: (() => void)[] = []

  constructor(post: (parcel: Parcel) => void) {
    this.#post = post
  }

  /** Sends cells, also when there are none. Resolves when there is room for more. */
  push(cells: readonly string[]): Promise<void> {
    this.#cells ??= []
    for (const cell of cells) {
      this.#cells.push(cell)
      this.#size += cell.length
    }
    this.#flush()
    return this.#size < PIECE ? Promise.resolve() : this.#room()
  }

  /** Tells of bytes: with what is made of them, or by themselves when nothing is for a turn of the event loop. */
  async addBytes(count: number): Promise<void> {
    this.#bytes += count
    if (this.#ticking) return
    this.#ticking = true
    await nextTurn()
    this.#ticking = false
    this.#flush()
  }

  /** The last parcel was dealt with. */
  acknowledge(): void {
    this.#isWaiting = false
    this.#flush()
  }

  /** Resolves when everything was sent. */
  async drain(): Promise<void> {
    while (this.#cells !== undefined) await this.#room()
  }

  /** Nobody wants more: what is left is thrown away. */
  close(): void {
    this.#isClosed = true
    this.#flush()
  }

  #room(): Promise<void> {
    return new Promise((resolve) => void this.#onRoom.push(resolve))
  }

  #flush(): void {
    if (this.#isWaiting && !this.#isClosed) return
    const parcel = { bytes: this.#bytes, cells: this.#cells }
    const isEmpty = parcel.cells === undefined && parcel.bytes === 0
    this.#cells = undefined
    this.#size = this.#bytes = 0
    if (!isEmpty && !this.#isClosed) {
      this.#isWaiting = true
      this.#post(parcel)
    }
    const waiting = this.#onRoom
    this.#onRoom = []
    for (const resume of waiting) resume()
  }
}
