import { checkHeaderValue } from './header-value'

/** A bearer token, or how to get one; `undefined` sends no token. */
export type TokenSource = string | (() => string | undefined | Promise<string | undefined>)

/**
 * Holds the bearer token of a client. A provider is asked when a token is first needed and once more when the server refuses it;
 * however many requests wait, it is asked once for all of them. Tokens stay in memory and are never stored.
 */
export class Credentials {
  readonly #source: TokenSource | undefined
  #current: Promise<string | undefined> | undefined

  /** @throws TypeError when a fixed token is one that no header can hold. */
  constructor(source: TokenSource | undefined) {
    if (source !== undefined && typeof source !== 'function') checkHeaderValue(source, 'KubeClient: the token')
    this.#source = source
  }

  /** The token to send. */
  token(): Promise<string | undefined> {
    this.#current ??= this.#ask()
    return this.#current
  }

  /**
   * Another token in place of one that the server refused.
   *
   * @returns `undefined` when there is no other: a fixed token, or a provider that gives the same again.
   */
  async replace(refused: string | undefined): Promise<string | undefined> {
    if (typeof this.#source !== 'function') return undefined
    const known = this.#current
    // Whoever comes first asks; the others find that the token has changed meanwhile, or wait for the same answer.
    if (known !== undefined && (await known.catch(() => refused)) === refused && this.#current === known) this.#current = this.#ask()
    const token = await this.token()
    return token === refused ? undefined : token
  }

  #ask(): Promise<string | undefined> {
    const asked = (async () => {
      if (typeof this.#source !== 'function') return this.#source
      const token = await this.#source()
      // Storage that has no token says null.
      return token === undefined || token === null
        ? undefined
        : checkHeaderValue(token, 'KubeClient: the token that the token function returned')
    })()
    // A failure is for those who wait now; the next request asks anew.
    asked.catch(() => {
      if (this.#current === asked) this.#current = undefined
    })
    return asked
  }
}
