import { describeValue } from './describe-value'
import { report } from './report'

/**
 * A set of listeners. One that throws is reported and hinders neither the others nor the caller. Every listener is told of every event in
 * the same order: what happens because a listener was told is told when all have been told of its cause.
 */
export class Listeners<E> {
  readonly #listeners = new Set<(event: E) => void>()
  readonly #waiting: E[] = []
  #notifying = false

  /**
   * Adds a listener; returns how to remove it. The same function added twice is called twice.
   *
   * @throws TypeError when the listener is not a function.
   */
  add(listener: (event: E) => void): () => void {
    if (typeof listener !== 'function') throw new TypeError(`subscribe: a listener is a function, got ${describeValue(listener)}`)
    const own = (event: E) => listener(event)
    this.#listeners.add(own)
    return () => void this.#listeners.delete(own)
  }

  notify(event: E): void {
    this.#waiting.push(event)
    if (this.#notifying) return
    this.#notifying = true
    for (const next of this.#waiting) this.#tell(next)
    this.#waiting.length = 0
    this.#notifying = false
  }

  #tell(event: E): void {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (error) {
        report(error)
      }
    }
  }
}
