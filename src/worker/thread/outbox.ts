// Sends the reply to one request to the main thread in chunks, with backpressure.

import type { Clock } from '../../internal/clock'
import { nextTurn } from '../../internal/turn'
import { CHUNK_SIZE } from '../protocol'

/** One chunk of a reply: the number of bytes received, and the cells made from them, if any. */
export interface Chunk {
  readonly bytes: number
  readonly cells: readonly string[] | undefined
}

/**
 * The pause between two messages, in milliseconds: one frame. A UI that renders each frame is not delayed, and fewer messages mean less
 * garbage for the page to collect.
 */
const PAUSE_MS = 16

/**
 * Sends the cells of one reply. At most one chunk is unacknowledged. Cells that arrive before the acknowledgement, and in the frame after
 * it, are combined into the next chunk. A full chunk is sent at once; pushing more applies backpressure.
 */
export class Outbox {
  readonly #post: (chunk: Chunk) => void
  readonly #clock: Clock
  readonly #queue: (readonly string[])[] = []
  #size = 0
  #bytes = 0
  #state: 'idle' | 'unacknowledged' | 'paused' = 'idle'
  #pauseTimer: unknown
  #isClosed = false
  #isFlushScheduled = false
  #waiters: (() => void)[] = []

  constructor(post: (chunk: Chunk) => void, clock: Clock) {
    this.#post = post
    this.#clock = clock
  }

  /** Adds cells, possibly none. Resolves when there is room for more. */
  push(cells: readonly string[]): Promise<void> {
    if (this.#isClosed) return Promise.resolve()
    this.#queue.push(cells)
    this.#size += sizeOf(cells)
    this.#flush()
    return this.#size < CHUNK_SIZE ? Promise.resolve() : this.#whenRoom()
  }

  /** Reports received bytes, together with the cells made from them, or alone if none are pushed within a turn of the event loop. */
  async addBytes(count: number): Promise<void> {
    this.#bytes += count
    if (this.#isFlushScheduled) return
    this.#isFlushScheduled = true
    await nextTurn()
    this.#isFlushScheduled = false
    this.#flush()
  }

  /** Called when the main thread has processed the last chunk. */
  acknowledge(): void {
    if (this.#isClosed) return
    this.#state = 'paused'
    this.#pauseTimer = this.#clock.setTimeout(() => {
      this.#endPause()
      this.#flush()
    }, PAUSE_MS)
    this.#flush()
  }

  /** Resolves when everything has been sent. */
  async drain(): Promise<void> {
    while (this.#queue.length > 0) await this.#whenRoom()
  }

  /** Discards everything that has not been sent. */
  close(): void {
    this.#isClosed = true
    this.#queue.length = this.#size = this.#bytes = 0
    this.#endPause()
    this.#flush()
  }

  #whenRoom(): Promise<void> {
    const room = new Promise<void>((resolve) => void this.#waiters.push(resolve))
    this.#flush()
    return room
  }

  #endPause(): void {
    this.#clock.clearTimeout(this.#pauseTimer)
    this.#state = 'idle'
  }

  #flush(): void {
    // A full chunk is sent without a pause, and so is one that a caller waits for.
    if (this.#state === 'paused' && (this.#size >= CHUNK_SIZE || this.#waiters.length > 0)) this.#endPause()
    if (this.#state !== 'idle') return
    if (!this.#isClosed && (this.#queue.length > 0 || this.#bytes > 0)) {
      this.#state = 'unacknowledged'
      const bytes = this.#bytes
      this.#bytes = 0
      this.#post({ bytes, cells: this.#take() })
    }
    const waiting = this.#waiters
    this.#waiters = []
    for (const resume of waiting) resume()
  }

  /** Takes about one chunk of cells; undefined when there are none. */
  #take(): readonly string[] | undefined {
    let [cells] = this.#queue.splice(0, 1)
    let size = cells ? sizeOf(cells) : 0
    while (cells && this.#queue.length > 0 && size < CHUNK_SIZE) {
      const [more = []] = this.#queue.splice(0, 1)
      cells = [...cells, ...more]
      size += sizeOf(more)
    }
    this.#size -= size
    return cells
  }
}

const sizeOf = (cells: readonly string[]): number => cells.reduce((size, { length }) => size + length, 0)
