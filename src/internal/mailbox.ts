// Hands values from timers, parallel requests and loops to one reader, in order.

/** The number of waiting values from which a writer has to wait. */
const MAX_WAITING = 4

/** A queue with one reader. A writer that waits for {@link room} keeps it short. */
export class Mailbox<V> {
  #values: V[] = []
  #isClosed = false
  #wakeReader: (() => void) | undefined
  #wakeWriter: (() => void) | undefined

  /** Whether the mailbox is closed and empty. */
  get isOver(): boolean {
    return this.#isClosed && this.#values.length === 0
  }

  /** Adds a value. No-op once the mailbox is closed. */
  push(value: V): void {
    if (this.#isClosed) return
    this.#values.push(value)
    this.#wake()
  }

  /** Accepts no more values. */
  close(): void {
    this.#isClosed = true
    this.#wake()
  }

  /** Resolves when the reader has handled the waiting values; undefined while there is room for more. For one writer at a time. */
  room(): Promise<void> | undefined {
    if (this.#values.length < MAX_WAITING) return undefined
    return new Promise((resolve) => {
      this.#wakeWriter = resolve
    })
  }

  /** Resolves when values are waiting or the mailbox is closed; undefined when that is so already. */
  arrival(): Promise<void> | undefined {
    if (this.#values.length > 0 || this.#isClosed) return undefined
    return new Promise((resolve) => {
      this.#wakeReader = resolve
    })
  }

  /**
   * Yields the waiting values, including those that arrive while others are handled, and removes them.
   *
   * @param signal drops the rest when it is aborted.
   */
  *take(signal: AbortSignal): Generator<V, void, undefined> {
    for (let i = 0; i < this.#values.length && !signal.aborted; i++) yield this.#values[i] as V
    this.#values = []
    this.#wakeWriter?.()
    this.#wakeWriter = undefined
  }

  #wake(): void {
    this.#wakeReader?.()
    this.#wakeReader = undefined
  }
}
