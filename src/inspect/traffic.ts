// The requests of a client, counted, and a way to cut its connection.

import type { Fetch } from '../http/sender'
import type { Clock } from '../internal/clock'
import { redact } from '../internal/redact'
import { Ring } from './ring'

/** A request that has its answer, or failed. */
export interface InspectedRequest {
  /** The time at which it was sent, in milliseconds since the epoch. */
  readonly time: number
  readonly method: string
  /** The path and the query, without credentials. */
  readonly path: string
  /** The HTTP status; 0 where no answer came. */
  readonly status: number
  /** The time until the answer began, in milliseconds. */
  readonly durationMs: number
}

/** The number of requests that are kept. */
const MAX_REQUESTS = 200

/** Wraps `fetch`. */
export class Traffic {
  readonly #fetch: Fetch
  readonly #clock: Clock
  readonly #onChange: () => void
  readonly #recent = new Ring<InspectedRequest>(MAX_REQUESTS)
  #connection = new AbortController()
  #isCut = false
  #total = 0
  #failed = 0

  constructor(fetch: Fetch, clock: Clock, onChange: () => void) {
    this.#fetch = fetch
    this.#clock = clock
    this.#onChange = onChange
  }

  get counts(): { readonly total: number; readonly failed: number; readonly isCut: boolean; readonly recent: readonly InspectedRequest[] } {
    return { total: this.#total, failed: this.#failed, isCut: this.#isCut, recent: this.#recent.items() }
  }

  /** Ends every open response, and fails requests until {@link restore}. */
  cut(): void {
    this.#isCut = true
    this.#connection.abort(cutError())
    this.#onChange()
  }

  restore(): void {
    this.#isCut = false
    this.#connection = new AbortController()
    this.#onChange()
  }

  async send(request: Request): Promise<Response> {
    const time = this.#clock.now()
    const { pathname, search } = new URL(request.url)
    let status = 0
    this.#total++
    try {
      if (this.#isCut) throw cutError()
      const signal = AbortSignal.any([request.signal, this.#connection.signal])
      const response = await this.#fetch(new Request(request, { signal }))
      status = response.status
      return response
    } catch (error) {
      if (!request.signal.aborted) this.#failed++
      throw error
    } finally {
      this.#recent.push({ time, method: request.method, path: redact(pathname + search), status, durationMs: this.#clock.now() - time })
      this.#onChange()
    }
  }
}

/** As browsers fail without a network. */
const cutError = () => new TypeError('Failed to fetch: the devtools have cut the connection')
