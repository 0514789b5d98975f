// The API server behind a relay, as its callers and the relay itself reach it.

import { Credentials } from '../http/credentials'
import { checkHeaders } from '../http/header-value'
import { impersonate } from '../http/impersonation'
import { KubeReader, type KubeReaderOptions } from '../http/reader'
import type { Fetch } from '../http/sender'
import { type Caller, isCredential, repeatedHeaders } from './authorize'
import { endToEnd, passOn, type Send } from './pass'

/** Options of an {@link Upstream}. */
export interface UpstreamOptions {
  /** The connection and the credential of the relay. */
  readonly client: KubeReaderOptions
  /** Sends requests that carry the caller's credential. */
  readonly callerFetch: Fetch | undefined
  readonly sendsAs: 'caller' | 'relay'
}

/** A request that cannot be sent with the identity of its caller. */
export class UnsendableError extends Error {
  override name = 'UnsendableError'
}

/** Sends requests to the API server: with the credential of the caller, or with that of the relay. */
export class Upstream {
  /** The client of the relay itself. */
  readonly client: KubeReader
  readonly #sendsAs: 'caller' | 'relay'
  readonly #callerFetch: Send
  readonly #relayFetch: Send
  readonly #credentials: Credentials
  readonly #headers: Headers

  /**
   * @throws TypeError when requests are sent as the caller through a `fetch` of the client, which may add the relay's credential: a client
   *   certificate, or a token; or when the client is invalid.
   */
  constructor({ client, callerFetch, sendsAs }: UpstreamOptions) {
    if (sendsAs === 'caller' && client.fetch && !callerFetch)
      throw new TypeError(
        'createRelay: client.fetch may add the credential of the relay, so requests of callers cannot use it; ' +
          'set callerFetch to a fetch that adds none (the same one if it adds none)',
      )
    const plainFetch: Send = (request) => globalThis.fetch(request)
    this.client = new KubeReader(client)
    this.#sendsAs = sendsAs
    this.#callerFetch = callerFetch ?? plainFetch
    this.#relayFetch = client.fetch ?? plainFetch
    this.#credentials = new Credentials(client.token)
    this.#headers = checkHeaders(client.headers, 'createRelay')
    if (client.impersonate) impersonate(this.#headers, client.impersonate)
  }

  /**
   * Passes a request on.
   *
   * @throws UnsendableError when the caller's identity does not fit into headers; the error of `fetch` when there is no answer.
   */
  async pass(request: Request, caller: Caller | undefined): Promise<Response> {
    const { baseUrl } = this.client
    const upgrades = passesUpgrades() ? 'pass' : 'refuse'
    if (this.#sendsAs === 'caller') return passOn(request, { baseUrl, send: this.#callerFetch, upgrades })
    const token = await this.#credentials.token()
    const response = await passOn(request, { baseUrl, send: this.#relayFetch, headers: this.#ownHeaders(request, caller, token), upgrades })
    if (response.status !== 401) return response
    // The next request has another token. One with a body cannot be sent twice.
    const fresh = await this.#credentials.replace(token)
    if (fresh === undefined || request.body) return response
    await response.body?.cancel()
    return passOn(request, { baseUrl, send: this.#relayFetch, headers: this.#ownHeaders(request, caller, fresh), upgrades })
  }

  /** Returns the headers with which an upgrade is sent over a connection of its own. @throws as {@link pass} does */
  async headersOf(request: Request, caller: Caller | undefined): Promise<Headers> {
    const headers = this.#sendsAs === 'caller' ? request.headers : this.#ownHeaders(request, caller, await this.#credentials.token())
    return endToEnd(headers)
  }

  /** Sends a review, and returns whether it allows the read. @throws when there is no answer; a 401 and a 403 are denials. */
  async review({ credentials }: Caller, { path, body }: ReturnType<Caller['review']>, signal: AbortSignal): Promise<boolean> {
    const text = JSON.stringify(body)
    const headers = { 'content-type': 'application/json', accept: 'application/json' }
    const response =
      this.#sendsAs === 'relay'
        ? await this.client.request({ path, method: 'POST', headers, body: text, signal, ownPolicy: true })
        : await this.#callerFetch(
            new Request(`${this.client.baseUrl}/${path}`, {
              method: 'POST',
              headers: [...Object.entries(headers), ...credentials] as [string, string][],
              body: text,
              signal,
              redirect: 'manual',
            }),
          )
    // The request itself is then passed on, and the API server words the refusal.
    if (response.status === 401 || response.status === 403) {
      await response.body?.cancel()
      return false
    }
    if (!response.ok) throw new Error(`the API server answered an access review with ${response.status}`)
    const review = (await response.json()) as { status?: { allowed?: unknown; denied?: unknown } }
    return review?.status?.allowed === true && review.status.denied !== true
  }

  #ownHeaders(request: Request, caller: Caller | undefined, token: string | undefined): Headers {
    const [repeated] = caller ? repeatedHeaders(caller) : []
    if (repeated) throw new UnsendableError(`the relay cannot pass on a request with several headers ${repeated}`)
    const headers = new Headers([...request.headers].filter(([name]) => !isCredential(name)))
    for (const [name, value] of [...this.#headers, ...(caller?.credentials ?? [])]) headers.set(name, value)
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
    return headers
  }
}

/** Whether the `fetch` of this runtime passes upgrades on: that of Cloudflare does. */
export const passesUpgrades = (): boolean => globalThis.navigator?.userAgent === 'Cloudflare-Workers'
