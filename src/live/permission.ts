// The answer to an access question, as a component shows it.

import type { Access, AccessQuery } from '../access/access'
import type { Resource } from '../api/resource'
import { Listeners } from '../internal/listeners'
import { Opaque } from '../internal/opaque'
import type { Readable } from '../view/readable'

/** Asks when it has its first listener; `undefined` until the answer is there. */
export class Permission extends Opaque implements Readable<boolean | undefined> {
  readonly initial: undefined
  readonly #ask: () => Promise<boolean>
  readonly #onError: (error: unknown) => void
  readonly #listeners = new Listeners<boolean | undefined>()
  #asked = false
  #answer: boolean | undefined

  constructor(access: Access, question: { verb: string; resource: Resource; query: AccessQuery }, onError: (error: unknown) => void) {
    super()
    this.#ask = () => access.can(question.verb, question.resource, question.query)
    this.#onError = onError
  }

  get snapshot(): boolean | undefined {
    return this.#answer
  }

  readonly subscribe = (listener: (answer: boolean | undefined) => void): (() => void) => {
    const leave = this.#listeners.add(listener)
    if (!this.#asked) void this.#answerOnce()
    return leave
  }

  async #answerOnce(): Promise<void> {
    this.#asked = true
    try {
      this.#answer = await this.#ask()
      this.#listeners.notify(this.#answer)
    } catch (error) {
      // The next listener asks again.
      this.#asked = false
      this.#onError(error)
    }
  }
}
