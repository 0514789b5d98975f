// Serializes asynchronous work.

/** Runs tasks one at a time, in the order of the calls. A failed task does not affect the next. */
export class InTurn {
  #last: Promise<unknown> = Promise.resolve()

  /** Starts `work` once all earlier tasks have settled, and settles like `work`. */
  run<R>(work: () => Promise<R>): Promise<R> {
    const result = this.#last.then(work)
    this.#last = result.catch(() => {})
    return result
  }
}
