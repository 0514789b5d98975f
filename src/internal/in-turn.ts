/** Runs pieces of work one after the other, in the order in which they were asked for, also when one fails. */
export class InTurn {
  #last: Promise<unknown> = Promise.resolve()

  /** Begins when everything before has settled, and settles as `work` does. */
  run<R>(work: () => Promise<R>): Promise<R> {
    const result = this.#last.then(work)
    this.#last = result.catch(() => {})
    return result
  }
}
