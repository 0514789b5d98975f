// Bounds the pages of a list.

import { KubeError } from '../api/errors'

/** The maximum number of pages of a list: five million objects at 500 a page. */
export const MAX_PAGES = 10_000

/** Tracks the `continue` tokens of one list, and stops a list whose pages do not end. */
export class PageTokens {
  readonly #subject: string
  readonly #seen = new Set<string>()

  /** @param subject the name of the list in errors. */
  constructor(subject = 'a list') {
    this.#subject = subject
  }

  /**
   * Registers the token of the next page.
   *
   * @throws KubeError when the server sent this token before, or the list has more than {@link MAX_PAGES} pages.
   */
  take(token: string): void {
    if (this.#seen.has(token)) throw new KubeError(`${this.#subject}: the server gave a continue token that leads to a page read before`)
    // The first page has no token.
    if (this.#seen.size + 1 >= MAX_PAGES) {
      throw new KubeError(`${this.#subject}: more than ${MAX_PAGES} pages; ask for more objects per page`)
    }
    this.#seen.add(token)
  }
}
