// A set of listeners that cannot harm each other.

import { describeValue } from './describe-value'
import { report } from './report'

/**
 * A set of listeners. An error of one listener is reported, and affects neither the other listeners nor the caller. All listeners receive
 * all events in the same order: an event raised by a listener is delivered after the current one has reached every listener.
 */
export class Listeners<E> {
  readonly #listeners = new Set<(event: E) => void>()
  readonly #waiting: E[] = []
  #notifying = false

  /**
   * Adds a listener and returns a function that removes it. The same function added twice is called twice.
   *
   * @throws TypeError when the listener is not a function.
   */
  add(listener: (event: E) => void): () => void {
    if (typeof listener !== 'function') throw new TypeError(`subscribe: listener must be a function, got ${describeValue(listener)}`)
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
