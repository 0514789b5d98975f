// Decides how long to wait before an attempt, and which failures are worth a report.

import { MAX_RETRY_AFTER_MS } from '../http/failure'
import type { Clock } from '../internal/clock'
import { Backoff, type BackoffOptions, Pace } from './backoff'
import type { FailureKind } from './failure'
import type { AttemptEnded, Step } from './state'

const DEFAULT_POLL_INTERVAL_MS = 30_000
/**
 * Ends of a watch that do not show an unhealthy server. They start the backoff over after a watch that worked, and are not reported while the
 * next attempt succeeds.
 */
const HARMLESS: ReadonlySet<FailureKind> = new Set(['connection', 'stale', 'throttled'])
/** Ends of a watch that a list repairs. */
const RELISTED: ReadonlySet<FailureKind> = new Set(['expired', 'other-history'])
/** The number of consecutive cuts that is reported. */
const MAX_CUTS = 3

/** Options of a {@link Pacing}. */
export interface PacingOptions {
  readonly clock: Clock
  readonly random?: (() => number) | undefined
  readonly backoff?: BackoffOptions | undefined
  /** The interval of periodic lists, in milliseconds; default 30,000. */
  readonly pollIntervalMs?: number | undefined
}

/** Remembers how attempts ended, and computes the delay before the next one. */
export class Pacing {
  readonly #clock: Clock
  readonly #pollIntervalMs: number
  // Failing lists and streamed lists lengthen their own delays, and failing watches theirs: a list that succeeds says nothing about watches.
  readonly #backoffs: { readonly fill: Backoff; readonly watch: Backoff }
  #failed: 'fill' | 'watch' = 'fill'
  readonly #pace: Pace
  // Whether the last attempt proved a healthy server and did not end unhealthily.
  #hasStood = false
  // The number of consecutive failed attempts that proved nothing.
  #cuts = 0

  /** @throws RangeError for an invalid backoff. */
  constructor({ clock, random, backoff, pollIntervalMs = DEFAULT_POLL_INTERVAL_MS }: PacingOptions) {
    this.#clock = clock
    this.#pollIntervalMs = pollIntervalMs
    this.#backoffs = { fill: new Backoff(backoff, random), watch: new Backoff(backoff, random) }
    this.#pace = new Pace(clock.now(), backoff)
  }

  /** Counts an attempt that starts now. */
  started(): void {
    this.#pace.count(this.#clock.now())
  }

  /** Registers a complete state. */
  filled(): void {
    this.#backoffs.fill.reset()
  }

  /** Registers the end of an attempt. Returns whether its failure, if any, is worth a report. */
  ended({ failure, attempt, opened, stood }: AttemptEnded): boolean {
    this.#hasStood = stood && (!failure || HARMLESS.has(failure.kind))
    this.#failed = attempt === 'watch' ? 'watch' : 'fill'
    if (stood) {
      this.#backoffs.watch.reset()
      this.#cuts = 0
    }
    if (!failure || failure.kind === 'relist' || failure.kind === 'overtaken') return false
    if (!stood) this.#cuts++
    const isCut = HARMLESS.has(failure.kind) && opened && this.#cuts < MAX_CUTS
    return !isCut && !(attempt === 'watch' && RELISTED.has(failure.kind))
  }

  /** Returns the delay before a step, in milliseconds. */
  waitMs({ wait, retryAfterMs = 0 }: Step): number {
    const asked = Math.min(retryAfterMs, MAX_RETRY_AFTER_MS)
    switch (wait) {
      case 'none':
        return 0
      case 'next':
        return Math.max(this.#pace.waitMs(this.#clock.now()), asked)
      case 'poll':
        return Math.max(this.#pollIntervalMs, asked)
      case 'long':
        return Math.max(this.#backoffs.fill.longest(), asked)
      case 'backoff':
        return Math.max(this.#backoffMs(), asked)
    }
  }

  #backoffMs(): number {
    const backoff = this.#backoffs[this.#failed]
    if (!this.#hasStood) return backoff.next()
    this.#hasStood = false
    return Math.max(backoff.first(), this.#pace.waitMs(this.#clock.now()))
  }
}
