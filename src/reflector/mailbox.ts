// Hands values from timers, parallel requests and loops to one reader, in order.

/** A queue with one reader. Its writers wait for the reader, so that it stays short. */
export class Mailbox<V> {
  #values: V[] = []
  #isClosed = false
  #wakeReader = () => {}
  #wakeWriters: (() => void)[] = []

  /** Adds a value. No-op once the mailbox is closed. */
  push(value: V): void {
    if (this.#isClosed) return
    this.#values.push(value)
    this.#wakeReader()
  }

  /** Ends {@link read} after the values that are waiting. */
  close(): void {
    this.#isClosed = true
    this.#wakeReader()
  }

  /** Resolves when the reader has handled all values. */
  async drained(): Promise<void> {
    if (this.#values.length > 0) await new Promise<void>((resolve) => this.#wakeWriters.push(resolve))
  }

  /**
   * Yields the values that are waiting, each time there are some, until the mailbox is closed.
   *
   * @param signal drops the values that are waiting when it is aborted.
   */
  async *read(signal: AbortSignal): AsyncGenerator<Iterable<V>, void, undefined> {
    for (;;) {
      if (this.#values.length > 0) yield this.#take(signal)
      this.#values = []
      for (const wake of this.#wakeWriters.splice(0)) wake()
      if (this.#isClosed) return
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve
      })
    }
  }

  *#take(signal: AbortSignal): Generator<V, void, undefined> {
    // Includes values that arrive while others are handled.
    for (let i = 0; i < this.#values.length && !signal.aborted; i++) yield this.#values[i] as V
  }
}
