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
  readonly #queue: (readonly string[])[] = []
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
    if (this.#isClosed) return Promise.resolve()
    this.#queue.push(cells)
    this.#size += sizeOf(cells)
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
    if (this.#isClosed) return
    this.#state = 'resting'
    this.#rest = this.#clock.setTimeout(() => {
      this.#endRest()
      this.#flush()
    }, REST_MS)
    this.#flush()
  }

  /** Resolves when everything was sent. */
  async drain(): Promise<void> {
    while (this.#queue.length > 0) await this.#room()
  }

  /** Nobody wants more: what is left is thrown away. */
  close(): void {
    this.#isClosed = true
    this.#queue.length = this.#size = this.#bytes = 0
    this.#endRest()
    this.#flush()
  }

  #room(): Promise<void> {
    const room = new Promise<void>((resolve) => void this.#onRoom.push(resolve))
    this.#flush()
    return room
  }

  #endRest(): void {
    this.#clock.clearTimeout(this.#rest)
    this.#state = 'free'
  }

  #flush(): void {
    // A whole piece does not rest, nor does what somebody waits for.
    if (this.#state === 'resting' && (this.#size >= PIECE || this.#onRoom.length > 0)) this.#endRest()
    if (this.#state !== 'free') return
    if (!this.#isClosed && (this.#queue.length > 0 || this.#bytes > 0)) {
      this.#state = 'sent'
      const bytes = this.#bytes
      this.#bytes = 0
      this.#post({ bytes, cells: this.#take() })
    }
    const waiting = this.#onRoom
    this.#onRoom = []
    for (const resume of waiting) resume()
  }

  /** About a piece; undefined when there is nothing. */
  #take(): readonly string[] | undefined {
    let [cells] = this.#queue.splice(0, 1)
    let size = cells ? sizeOf(cells) : 0
    while (cells && this.#queue.length > 0 && size < PIECE) {
      const [more = []] = this.#queue.splice(0, 1)
      cells = [...cells, ...more]
      size += sizeOf(more)
    }
    this.#size -= size
    return cells
  }
}

const sizeOf = (cells: readonly string[]): number => cells.reduce((size, { length }) => size + length, 0)
