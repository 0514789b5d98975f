// The bearer token of a client.

import { checkHeaderValue } from './header-value'

/** A bearer token, or a function that returns one; `undefined` sends no token. */
export type TokenSource = string | (() => string | undefined | Promise<string | undefined>)

/**
 * Holds the bearer token of a client. Calls a token function when a token is first needed, and again when the server refuses the token;
 * concurrent requests share one call. Tokens stay in memory and are never stored.
 */
export class Credentials {
  readonly #source: TokenSource | undefined
  #current: Promise<string | undefined> | undefined

  /** @throws TypeError for a fixed token that no header can hold. */
  constructor(source: TokenSource | undefined) {
    if (source !== undefined && typeof source !== 'function') checkHeaderValue(source, 'KubeClient: the token')
    this.#source = source
  }

  /** Returns the token to send. */
  token(): Promise<string | undefined> {
    this.#current ??= this.#ask()
    return this.#current
  }

  /**
   * Returns another token in place of one that the server refused.
   *
   * @returns undefined when there is no other: the token is fixed, or the function returns the same one.
   */
  async replace(refused: string | undefined): Promise<string | undefined> {
    if (typeof this.#source !== 'function') return undefined
    const known = this.#current
    // The first caller requests a token; later ones find it changed, or wait for the same call.
    if (known !== undefined && (await known.catch(() => refused)) === refused && this.#current === known) this.#current = this.#ask()
    const token = await this.token()
    return token === refused ? undefined : token
  }

  #ask(): Promise<string | undefined> {
    const asked = (async () => {
      if (typeof this.#source !== 'function') return this.#source
      const token = await this.#source()
      // Web storage returns null for a missing token.
      return token === undefined || token === null
        ? undefined
        : checkHeaderValue(token, 'KubeClient: the token that the token function returned')
    })()
    // A failure concerns the callers that are waiting; the next request calls the function again.
    asked.catch(() => {
      if (this.#current === asked) this.#current = undefined
    })
    return asked
  }
}
