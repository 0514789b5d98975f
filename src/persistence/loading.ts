// Loads a snapshot with two time limits: one for using it, one for the storage.

import type { Clock } from '../internal/clock'
import { answerOf } from './answer'
import type { LoadOptions, Persister, Scope, Snapshot } from './persister'

/** The outcome of a load. */
export type Loaded = { readonly snapshot: Snapshot | undefined } | { readonly error: unknown }

/** Options of {@link beginLoading}. */
export interface LoadingOptions {
  readonly writer: string
  /** Called with the records read so far. */
  readonly onRecords: NonNullable<LoadOptions['onRecords']>
  /** The maximum time to wait for the snapshot, or for the next part of it, before it counts as late; in milliseconds. */
  readonly timeoutMs: number
  /** Ends both waits. */
  readonly signal: AbortSignal
  readonly clock: Clock
}

/** A load in progress. Neither promise rejects. */
export interface Loading {
  /** Resolves with the outcome, or with `'late'` when the time limit is exceeded. */
  readonly inTime: Promise<Loaded | 'late'>
  /** Resolves with the outcome, even a late one; with an error when the storage never answers. */
  readonly settled: Promise<Loaded>
}

/** Loads a snapshot. A late one is not used, but nothing may be stored until the load has settled, because the load admits the writer. */
export function beginLoading(persister: Persister, scope: Scope, { writer, onRecords, timeoutMs, signal, clock }: LoadingOptions): Loading {
  let isLate = false
  let postpone = () => {}
  const asked = answerOf(
    (restart) =>
      persister.load(scope, {
        writer,
        onRecords: (records, before) => {
          restart()
          postpone()
          if (!isLate) onRecords(records, before)
        },
      }),
    { clock, signal },
  )
  const settled = asked.then(
    (snapshot): Loaded => ({ snapshot }),
    (error: unknown): Loaded => ({ error }),
  )
  const inTime = answerOf<Loaded | 'late'>(
    (restart) => {
      postpone = restart
      return settled
    },
    { clock, timeoutMs, signal },
  ).catch(() => {
    isLate = true
    return 'late' as const
  })
  return { inTime, settled }
}
