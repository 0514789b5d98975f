// Sends requests through ky. The only module that imports it.

import ky, { isNetworkError, isTimeoutError } from 'ky'
import { type Clock, systemClock } from '../internal/clock'
import { retryAfterMs } from './failure'
import type { RequestHooks } from './hooks'
import type { Fetch, Sender } from './sender'

/** The maximum delay before a repetition, in milliseconds. */
export const MAX_RETRY_WAIT_MS: number = 30_000
/** The maximum delay before the first repetition, in milliseconds. It doubles with each further one. */
const FIRST_WAIT_MS = 300
/** The statuses of an overloaded or restarting server. */
const BUSY: ReadonlySet<number> = new Set([429, 500, 502, 503, 504])

/** Options of {@link kySender}. */
export interface KySenderOptions {
  readonly fetch?: Fetch | undefined
  readonly hooks?: RequestHooks | undefined
  readonly timeoutMs?: number | undefined
  readonly retry?: number | undefined
  readonly clock?: Clock | undefined
}

/** Makes a sender that uses ky for hooks, a time limit for each attempt, and repetitions of reads. */
export function kySender({ fetch, hooks = {}, timeoutMs, retry: limit = 0, clock = systemClock }: KySenderOptions): Sender {
  const send = ky.create({ throwHttpErrors: false, ...(fetch && { fetch: (input) => fetch(input as Request) }) })
  return async ({ url, init, ownPolicy }) => {
    const isRepeated = !ownPolicy && init.method === 'GET' && limit > 0
    // ky repeats after a status only if it throws, which would read the body of the error.
    const repeat = ({ response, retryCount }: { response: Response; retryCount: number }) => {
      if (retryCount >= limit || !BUSY.has(response.status)) return undefined
      const delay = retryAfterMs(response.headers.get('retry-after'), clock)
      if (delay === undefined) return ky.retry()
      return delay <= MAX_RETRY_WAIT_MS ? ky.retry({ delay }) : undefined
    }
    const { beforeRequest = [], afterResponse = [] } = hooks
    try {
      return await send(url, {
        ...init,
        timeout: (!ownPolicy && timeoutMs) || false,
        hooks: { beforeRequest, afterResponse: isRepeated ? [...afterResponse, repeat] : afterResponse },
        retry: isRepeated
          ? {
              limit,
              methods: ['get'],
              delay: (attempt) => FIRST_WAIT_MS * 2 ** (attempt - 1),
              backoffLimit: MAX_RETRY_WAIT_MS,
              jitter: true,
            }
          : 0,
      })
    } catch (error) {
      // ky's messages repeat the URL.
      if (isTimeoutError(error)) throw new DOMException(`no answer within ${timeoutMs} ms`, 'TimeoutError')
      throw isNetworkError(error) ? error.cause : error
    }
  }
}
