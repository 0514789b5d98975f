import type { Clock } from '../internal/clock'
import { nextTurn } from '../internal/turn'
import { PIECE } from './protocol'

/** What crosses at once: bytes that came, and cells, if there are any. */
export interface Parcel {
  readonly bytes: number
  readonly cells: readonly string[] | undefined
}

/** A frame: who draws what crosses sees no difference, and each message costs a page something when its garbage is collected. */
const REST_MS = 16

/**
 * Sends the cells of one call. There is never more than one parcel on its way: what comes before it was dealt with, and in the frame after that, goes
 * together into the next one. Nothing rests when there is a whole piece to send, and who brings more than that waits.
 */
export class Outbox {
  readonly #post: (parcel: Parcel) => void
  readonly #clock: Clock
  #cells: string[] | undefined
  #size = 0
  #bytes = 0
  #state: 'free' | 'sent' | 'resting' = 'free'
  #rest: unknown
  #isClosed = false
  #ticking = false
  #onRoom: (() => void)[] = []

  constructor(post: (parcel: Parcel) => void, clock: Clock) {
    this.#post = post
    this.#clock = clock
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
    this.#state = 'resting'
    this.#rest = this.#clock.setTimeout(() => this.#wake(), REST_MS)
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
    const room = new Promise<void>((resolve) => void this.#onRoom.push(resolve))
    this.#flush()
    return room
  }

  #wake(): void {
    this.#clock.clearTimeout(this.#rest)
    this.#state = 'free'
    this.#flush()
  }

  #flush(): void {
    // Somebody waits for room: for the end, or since there is a whole piece.
    if (this.#state === 'resting' && (this.#isClosed || this.#onRoom.length > 0)) this.#wake()
    if (this.#state !== 'free' && !this.#isClosed) return
    const parcel = { bytes: this.#bytes, cells: this.#cells }
    const isEmpty = parcel.cells === undefined && parcel.bytes === 0
    this.#cells = undefined
    this.#size = this.#bytes = 0
    if (!isEmpty && !this.#isClosed) {
      this.#state = 'sent'
      this.#post(parcel)
    }
    const waiting = this.#onRoom
    this.#onRoom = []
    for (const resume of waiting) resume()
  }
}
