// Remembers access reviews. Fails closed: without an answer, nothing is allowed.

import { sha256Hex } from '../http/sha256'
import type { Clock } from '../internal/clock'
import type { Caller } from './authorize'
import type { ReviewOutcome } from './events'
import type { ReadAttributes } from './route'

const ALLOWED_MS = 60_000
const DENIED_MS = 10_000
const ANSWER_TIMEOUT_MS = 5000
const MAX_REMEMBERED = 10_000

/** Options of {@link Reviews}. */
export interface ReviewsOptions {
  readonly clock: Clock
  /** Asks the API server. Rejects when there is no answer. */
  readonly ask: (caller: Caller, attributes: ReadAttributes, signal: AbortSignal) => Promise<boolean>
  readonly onReview?: ((outcome: ReviewOutcome) => void) | undefined
}

interface Remembered {
  readonly outcome: Promise<ReviewOutcome>
  until: number
}

/**
 * Reviews reads, and remembers the answers: `allowed` for a minute, `denied` for ten seconds, at most 10,000. Questions that are asked at
 * once share a request, which has five seconds. Callers are remembered by a SHA-256 of their credentials.
 */
export class Reviews {
  readonly #options: ReviewsOptions
  // In the order of the questions, oldest first.
  readonly #remembered = new Map<string, Remembered>()

  constructor(options: ReviewsOptions) {
    this.#options = options
  }

  /** Returns the outcome for a caller. Never rejects. */
  async review(caller: Caller, attributes: ReadAttributes): Promise<ReviewOutcome> {
    const key = reviewKey(caller, attributes)
    const now = this.#options.clock.now()
    const known = this.#remembered.get(key)
    if (known && known.until > now) return known.outcome
    const remembered: Remembered = { outcome: this.#ask(caller, attributes), until: Number.POSITIVE_INFINITY }
    this.#remembered.delete(key)
    this.#remembered.set(key, remembered)
    const [oldest] = this.#remembered.keys()
    if (this.#remembered.size > MAX_REMEMBERED && oldest !== undefined) this.#remembered.delete(oldest)
    const outcome = await remembered.outcome
    if (outcome === 'failed') {
      if (this.#remembered.get(key) === remembered) this.#remembered.delete(key)
    } else remembered.until = this.#options.clock.now() + (outcome === 'allowed' ? ALLOWED_MS : DENIED_MS)
    return outcome
  }

  async #ask(caller: Caller, attributes: ReadAttributes): Promise<ReviewOutcome> {
    const { clock, ask, onReview } = this.#options
    const expiry = new AbortController()
    let timer: unknown
    const expired = new Promise<ReviewOutcome>((resolve) => {
      timer = clock.setTimeout(() => {
        expiry.abort()
        resolve('failed')
      }, ANSWER_TIMEOUT_MS)
    })
    const answered = ask(caller, attributes, expiry.signal).then(
      (allowed): ReviewOutcome => (allowed ? 'allowed' : 'denied'),
      (): ReviewOutcome => 'failed',
    )
    const outcome = await Promise.race([answered, expired])
    clock.clearTimeout(timer)
    onReview?.(outcome)
    return outcome
  }
}

/** Returns the key by which an answer is remembered: a hash, so that no credential stays in memory. */
export function reviewKey({ credentials }: Caller, attributes: ReadAttributes): string {
  return sha256Hex(JSON.stringify([credentials, Object.entries(attributes)]))
}
