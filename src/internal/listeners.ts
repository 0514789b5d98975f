import { report } from './report'

/** A set of listeners. One that throws is reported and hinders neither the others nor the caller. */
export class Listeners<E> {
  readonly #listeners = new Set<(event: E) => void>()

  /** Adds a listener; returns how to remove it. The same function added twice is called twice. */
  add(listener: (event: E) => void): () => void {
    const own = (event: E) => listener(event)
    this.#listeners.add(own)
    return () => void this.#listeners.delete(own)
  }

  notify(event: E): void {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (error) {
        report(error)
      }
    }
  }
}
