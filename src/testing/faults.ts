// Faults of the fake server: refused connections, delays, other responses and broken streams.

import type { Status } from '../api/object'
import type { Clock } from '../internal/clock'
import { Waiters } from '../internal/waiters'
import { failure } from '../watch-cache/failures'
import { statusResponse } from '../watch-cache/protocol'
import { cutAfter, endAfter, injectLine, rechunk, stallAfter } from './broken-streams'
import type { RequestRecord, Verb } from './request-log'

/** A fault of a request. */
export type Fault =
  /** The connection fails: `fetch` rejects with a TypeError. */
  | { readonly type: 'refuse' }
  /** The headers arrive late, by a number of milliseconds. */
  | { readonly type: 'delay'; readonly ms: number }
  /** Another response: a Status, or plain text like that of a proxy. */
  | {
      readonly type: 'status'
      readonly status: number
      readonly reason?: string
      readonly text?: string
      readonly retryAfterSeconds?: number
      /** Additional headers, such as `location` of a redirect, or another `content-type`. */
      readonly headers?: Readonly<Record<string, string>>
    }
  /** The body stops after this many bytes: the connection breaks (`'error'`, the default), or closes cleanly (`'close'`). */
  | { readonly type: 'cut'; readonly afterBytes: number; readonly ending?: 'error' | 'close' }
  /**
   * The body ends this many milliseconds after the headers, like a watch behind a load balancer: it breaks (`'error'`, the default), or
   * closes.
   */
  | { readonly type: 'expire'; readonly afterMs: number; readonly ending?: 'error' | 'close' }
  /** The body stops after this many bytes, and the connection stays open. */
  | { readonly type: 'stall'; readonly afterBytes: number }
  /** Inserts a line into the body after this many lines (default 0). */
  | { readonly type: 'line'; readonly text: string; readonly afterLines?: number }
  /** Inserts an ERROR event after this many lines (default 0), and ends the watch. */
  | { readonly type: 'error-event'; readonly status: Status; readonly afterLines?: number }
  /** The body arrives in chunks of these sizes, repeated in order. */
  | { readonly type: 'chunks'; readonly sizes: readonly number[] }

/** Selects requests by their properties, or by a predicate. */
export type FaultMatch =
  | { readonly verb?: Verb; readonly resource?: string; readonly namespace?: string; readonly name?: string }
  | ((request: RequestRecord) => boolean)

/** A fault with the requests it applies to. */
export interface FaultRule {
  /** The requests it applies to; default every request. */
  match?: FaultMatch
  /** The number of requests it applies to; default 1. */
  times?: number
  fault: Fault
}

/** The pending faults. Several may apply to one request; those of the same type apply in the order in which they were added. */
export class Faults {
  readonly #clock: Clock
  #rules: { readonly rule: FaultRule; left: number }[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Adds a fault.
   *
   * @returns a function that removes it.
   * @throws RangeError when one of its numbers is negative, or a chunk size is less than 1.
   */
  add(rule: FaultRule): () => void {
    const { fault, times = 1 } = rule
    const numbers = { times, ...fault, ...('sizes' in fault && { sizes: Math.min(...fault.sizes) - 1 }) }
    for (const [name, value] of Object.entries(numbers)) {
      if (typeof value === 'number' && !(value >= 0)) throw new RangeError(`Faults.add: ${name} of a ${fault.type} fault is too small`)
    }
    const entry = { rule, left: times }
    this.#rules.push(entry)
    return () => {
      this.#rules = this.#rules.filter((other) => other !== entry)
    }
  }

  /** Removes all faults. */
  clear(): void {
    this.#rules = []
  }

  /** Returns the faults that apply to a request, and counts each as used. */
  take(request: RequestRecord): Fault[] {
    const hits = this.#rules.filter(({ rule, left }) => left > 0 && matches(rule.match, request))
    for (const hit of hits) hit.left--
    this.#rules = this.#rules.filter(({ left }) => left > 0)
    return hits.map(({ rule }) => rule.fault)
  }

  /** Applies the faults that come before the response: a delay, a failure or another response. */
  async before(faults: readonly Fault[], { signal }: Request): Promise<Response | undefined> {
    for (const fault of faults) {
      if (fault.type === 'delay') await new Waiters(this.#clock).wait({ until: this.#clock.now() + fault.ms, signal })
      signal.throwIfAborted()
      if (fault.type === 'refuse') throw new TypeError('fetch failed')
      if (fault.type === 'status') return statusAnswer(fault)
    }
    return undefined
  }
}

/** Applies the faults to a body. */
export function breakBody(body: ReadableStream<Uint8Array>, faults: readonly Fault[], clock: Clock): ReadableStream<Uint8Array> {
  // Chunks are cut last, after all other changes to the body.
  const ordered = [...faults].sort((a, b) => Number(a.type === 'chunks') - Number(b.type === 'chunks'))
  return ordered.reduce((stream, fault) => {
    switch (fault.type) {
      case 'cut':
        return cutAfter(stream, fault.afterBytes, fault.ending ?? 'error')
      case 'expire':
        return endAfter(stream, { ms: fault.afterMs, ending: fault.ending ?? 'error', clock })
      case 'stall':
        return stallAfter(stream, fault.afterBytes)
      case 'line':
        return injectLine(stream, { line: fault.text, afterLines: fault.afterLines ?? 0, next: 'continue' })
      case 'error-event':
        return injectLine(stream, {
          line: JSON.stringify({ type: 'ERROR', object: wireStatus(fault.status) }),
          afterLines: fault.afterLines ?? 0,
          next: 'end',
        })
      case 'chunks':
        return rechunk(stream, fault.sizes)
      default:
        return stream
    }
  }, body)
}

function matches(match: FaultMatch | undefined, request: RequestRecord): boolean {
  if (typeof match === 'function') return match(request)
  return Object.entries(match ?? {}).every(([key, value]) => request[key as keyof typeof match] === value)
}

const wireStatus = (status: Status): Status => ({ kind: 'Status', apiVersion: 'v1', status: 'Failure', ...status })

const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
}

function statusAnswer({
  status,
  reason = REASONS[status] ?? '',
  text,
  retryAfterSeconds,
  headers: more = {},
}: Fault & { type: 'status' }): Response {
  if (text === undefined) {
    const response = statusResponse(
      failure(status, reason, `injected: ${status} ${reason}`, retryAfterSeconds === undefined ? undefined : { retryAfterSeconds }),
    )
    for (const [name, value] of Object.entries(more)) response.headers.set(name, value)
    return response
  }
  const headers = {
    'content-type': 'text/plain; charset=utf-8',
    ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
    ...more,
  }
  return new Response(text, { status, headers })
}
