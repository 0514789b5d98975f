import type { Clock } from '../internal/clock'
import { answerOf } from './answer'
import type { LoadOptions, Persister, Scope, Snapshot } from './persister'

/** The outcome of a load. */
export type Loaded = { readonly snapshot: Snapshot | undefined } | { readonly error: unknown }

/** How {@link beginLoading} loads. */
export interface LoadingOptions {
  readonly writer: string
  /** Takes what has been read so far. */
  readonly onRecords: NonNullable<LoadOptions['onRecords']>
  /** How long to wait for the snapshot, or for more of one that is being read, before it is late; in milliseconds. */
  readonly timeoutMs: number
  /** Ends both waits. */
  readonly signal: AbortSignal
  readonly clock: Clock
}

/** A load that is under way. Neither promise rejects. */
export interface Loading {
  /** Resolves with the outcome, or with `'late'` when nothing came for too long. */
  readonly inTime: Promise<Loaded | 'late'>
  /** Resolves with the outcome, however late it is; with an error when the storage never answers. */
  readonly settled: Promise<Loaded>
}

/** Loads a snapshot. One that is late is not used, but nothing may be stored before its load has settled: only that admits the writer. */
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
