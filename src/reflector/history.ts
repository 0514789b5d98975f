// Verifies that a watch continues the history that the store's state is from.

import { WatchError } from '../api/errors'
import type { ListOptions } from '../api/options'
import type { Entry } from '../codec/entry'
import type { EntryList } from '../codec/wire'
import type { Clock } from '../internal/clock'
import { delay } from '../internal/delay'
import type { AttemptDeps } from './attempt-deps'
import { classify, type Failure } from './failure'
import { HistoryCheck } from './history-check'
import type { EntryChange } from './options'

/** The maximum time for the server's answer, in milliseconds. A version the server has not reached takes three seconds. */
const ANSWER_MS = 10_000
/** Without an answer for this long, the watch is trusted until there is one; in milliseconds. */
const TRUST_MS = 4_000
/** The time for which a request that found no server is repeated, and the delay in between; in milliseconds. */
const RETRY_MS = 2_000
/** The maximum time for the watch to deliver what the server is known to have, in milliseconds. */
const GRACE_MS = 4_000

/** Options of {@link confirmHistory}. */
export interface ConfirmHistoryOptions<T> extends Pick<AttemptDeps<T>, 'source' | 'clock' | 'emit'> {
  /** The store's entries; undefined for a store that cannot list them. */
  readonly known: readonly Entry<T>[] | undefined
  /** Whether the store keeps every object of the collection, as far as known. */
  readonly isComplete: boolean
  /** The store's version. */
  readonly resourceVersion: string
  readonly signal: AbortSignal
  interrupt(failure: Failure): void
}

/** A check in progress. Neither promise rejects; both settle within a bound. */
export interface HistoryQuestion<T> {
  /** Resolves when the server has answered, or will not. The watch may still have to deliver what the server is known to have. */
  readonly asked: Promise<{ readonly isPending: boolean }>
  /** Resolves when no evidence against the history is left, or when the attempt ends. */
  readonly settled: Promise<void>
  /** Registers changes delivered by the watch. */
  observe(changes: readonly EntryChange<T>[]): void
}

/**
 * Checks whether the store's state is from the history of the server, while a watch continues from the store's version. Interrupts the
 * attempt if it is not. Without an answer (no permission to list, no connection) the history is trusted.
 */
export function confirmHistory<T>(options: ConfirmHistoryOptions<T>): HistoryQuestion<T> {
  const { clock, emit, known, isComplete, resourceVersion, signal, interrupt } = options
  const check = new HistoryCheck(known ?? [], resourceVersion, known !== undefined && isComplete)
  const grown = new AbortController()
  const observe = (changes: readonly EntryChange<T>[]) => {
    check.observe(changes)
    if (!check.isPending) grown.abort()
  }
  const refuse = (why: string) => {
    const error = new WatchError(`${why}: resourceVersion ${resourceVersion} is not from this server's history`)
    interrupt({ kind: 'other-history', error })
  }
  emit?.({ type: 'probe', purpose: 'history', resourceVersion })

  const ask = async () => {
    const timeout = new AbortController()
    const timer = clock.setTimeout(() => timeout.abort(), ANSWER_MS)
    const either = AbortSignal.any([signal, timeout.signal])
    // Each answer counts when it comes: real servers refuse one of the two at once, and take three seconds to refuse the other.
    const judge = async (list: ListOptions, why: string, fits: (list: EntryList<T>) => boolean) => {
      const answer = await askOnce(options, list, either)
      if (signal.aborted) return
      if ('list' in answer) {
        if (!fits(answer.list)) refuse(why)
      } else if (answer.failure.kind === 'too-large') interrupt(answer.failure)
    }
    try {
      await Promise.all([
        judge(check.first, 'the objects differ', (list) => check.takeFirst(list)),
        check.newest && judge(check.newest, 'the newest object differs', (list) => check.takeNewest(list)),
      ])
    } finally {
      clock.clearTimeout(timer)
    }
  }
  const answered = ask()
  const asked = within(TRUST_MS, answered, clock).then(() => ({ isPending: check.isPending }))
  const settle = async () => {
    if (!(await asked).isPending) return
    await delay(GRACE_MS, { clock, signal: AbortSignal.any([signal, grown.signal]) })
    if (!signal.aborted && check.isPending) refuse('the watch does not deliver the known changes')
  }
  return { asked, settled: settle(), observe }
}

/** Resolves with the promise, or after `ms` milliseconds. */
function within(ms: number, promise: Promise<void>, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.setTimeout(resolve, ms)
    void promise.then(() => {
      clock.clearTimeout(timer)
      resolve()
    })
  })
}

/** Lists one object; at a later version if the server no longer has the exact one. */
async function askOnce<T>(
  { source, clock }: Pick<AttemptDeps<T>, 'source' | 'clock'>,
  options: ListOptions,
  signal: AbortSignal,
): Promise<{ readonly list: EntryList<T> } | { readonly failure: Failure }> {
  for (let match = options.resourceVersionMatch; ; ) {
    try {
      return { list: await (source.bare ?? source).list({ ...options, resourceVersionMatch: match, signal }) }
    } catch (error) {
      const failure = classify(error)
      if (signal.aborted) return { failure }
      const isExact = match === 'Exact' && (failure.kind === 'expired' || failure.kind === 'refused')
      if (isExact) match = 'NotOlderThan'
      else if (failure.kind === 'connection' || failure.kind === 'throttled' || failure.kind === 'server')
        await delay(Math.max(RETRY_MS, failure.retryAfterMs ?? 0), { clock, signal })
      else return { failure }
    }
  }
}
