// Sends the results of a call to the main thread in batches, with backpressure.

import type { Clock } from '../../internal/clock'
import { nextTurn } from '../../internal/turn'
import { PIECE } from '../protocol'

/** One message of a call: the number of bytes received, and the cells made from them, if any. */
export interface Parcel {
  readonly bytes: number
  readonly cells: readonly string[] | undefined
}

/**
 * The pause between two messages, in milliseconds: one frame. A UI that renders each frame is not delayed, and fewer messages mean less
 * garbage for the page to collect.
 */
const REST_MS = 16

/**
 * Sends the cells of one call. At most one parcel is unacknowledged. Cells that arrive before the acknowledgement, and in the frame after
 * it, are combined into the next parcel. A full chunk is sent at once; pushing more applies backpressure.
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

  /** Adds cells, possibly none. Resolves when there is room for more. */
  push(cells: readonly string[]): Promise<void> {
    if (this.#isClosed) return Promise.resolve()
    this.#queue.push(cells)
    this.#size += sizeOf(cells)
    this.#flush()
    return this.#size < PIECE ? Promise.resolve() : this.#room()
  }

  /** Reports received bytes, together with the cells made from them, or alone if none are pushed within a turn of the event loop. */
  async addBytes(count: number): Promise<void> {
    this.#bytes += count
    if (this.#ticking) return
    this.#ticking = true
    await nextTurn()
    this.#ticking = false
    this.#flush()
  }

  /** Called when the main thread has processed the last parcel. */
  acknowledge(): void {
    if (this.#isClosed) return
    this.#state = 'resting'
    this.#rest = this.#clock.setTimeout(() => {
      this.#endRest()
      this.#flush()
    }, REST_MS)
    this.#flush()
  }

  /** Resolves when everything has been sent. */
  async drain(): Promise<void> {
    while (this.#queue.length > 0) await this.#room()
  }

  /** Discards everything that has not been sent. */
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
    // A full chunk is sent without a pause, and so is one that a caller waits for.
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

  /** Takes about one chunk of cells; undefined when there are none. */
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
