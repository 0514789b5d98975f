import { WatchError } from '../errors'
import type { Clock } from '../internal/clock'
import { delay } from '../internal/delay'
import type { KubeObject } from '../meta/object'
import type { EntryList, ListOptions } from '../meta/wire'
import { classify, type Failure } from './failure'
import { HistoryCheck } from './history-check'
import type { EntryChange } from './options'
import type { SessionHost } from './session-host'

/** How long the server may take to say whether it has the store's history. A version it has not reached takes it three seconds. */
const ANSWER_MS = 10_000
/** After this long without an answer the watch is trusted until there is one. */
const TRUST_MS = 4_000
/** How long a request that found no server is repeated, and how long it waits in between. */
const RETRY_MS = 2_000
/** How long the watch may take to bring what the server is known to have. */
const GRACE_MS = 4_000

/** What {@link confirmHistory} needs. */
export interface ConfirmHistoryOptions<T extends KubeObject> {
  readonly host: SessionHost<T>
  readonly signal: AbortSignal
  interrupt(failure: Failure): void
}

/** A question that is under way. Neither promise rejects; both settle within a bound. */
export interface HistoryQuestion<T> {
  /** The server has answered, or will not; the watch may still have to bring what it is known to have. */
  readonly asked: Promise<{ readonly isPending: boolean }>
  /** Nothing speaks against the server's history any more; also settles when the session ends. */
  readonly settled: Promise<void>
  /** Notes what the watch brought. */
  observe(changes: readonly EntryChange<T>[]): void
}

/**
 * Asks whether the server that answers has the history of the store's state, while a watch goes on from the store's version. Interrupts the
 * session when it has another one. What cannot be asked (no right to list, no answer) speaks for trust.
 */
export function confirmHistory<T extends KubeObject>({ host, signal, interrupt }: ConfirmHistoryOptions<T>): HistoryQuestion<T> {
  const { store, feed, clock, isComplete, emit } = host
  const { resourceVersion } = feed
  const known = store.list?.()
  const check = new HistoryCheck(known ?? [], resourceVersion, known !== undefined && isComplete)
  const grown = new AbortController()
  const observe = (changes: readonly EntryChange<T>[]) => {
    check.observe(changes)
    if (!check.isPending) grown.abort()
  }
  const refuse = (why: string) => {
    const error = new WatchError(`${why}: the server's history is not the one that resourceVersion ${resourceVersion} is from`)
    interrupt({ kind: 'other-history', error })
  }
  emit?.({ type: 'probe', purpose: 'history', resourceVersion })

  const ask = async () => {
    const timeout = new AbortController()
    const timer = clock.setTimeout(() => timeout.abort(), ANSWER_MS)
    const either = AbortSignal.any([signal, timeout.signal])
    // Each answer counts when it comes: real servers refuse one of the two at once, and take three seconds to refuse the other.
    const judge = async (options: ListOptions, why: string, fits: (list: EntryList<T>) => boolean) => {
      const answer = await askOnce(host, options, either)
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
    if (!signal.aborted && check.isPending) refuse('the watch does not bring what has changed')
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

/** One list of one object; at a version that the server no longer has exactly, at a later one. */
async function askOnce<T extends KubeObject>(
  { source, clock }: SessionHost<T>,
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
