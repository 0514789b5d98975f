import type { Clock } from '../internal/clock'
import type { Persister, StoredRecord } from '../persistence/persister'
import type { ReflectorEvent } from '../reflector/options'

/** Something that happened in an informer: in its feed, or beside it. Durations are in milliseconds, by the informer's clock. */
export type InformerEvent = ReflectorEvent | PersisterEvent | BacklogEvent

/** Something that a persister has done. `size` is that of the objects' texts, in characters: in bytes, where all of them are ASCII. */
export type PersisterEvent =
  /** The stored state was read; no objects and the empty version: there was none. It may have come too late to be used. */
  | {
      readonly type: 'loaded'
      readonly objects: number
      readonly size: number
      readonly durationMs: number
      readonly resourceVersion: string
    }
  /** Changes of a state, or the whole of it (`commit` says which), were stored in one transaction. */
  | {
      readonly type: 'persisted'
      readonly commit: 'apply' | 'replace'
      readonly puts: number
      readonly deletes: number
      readonly size: number
      readonly durationMs: number
      readonly resourceVersion: string
    }

/**
 * So many changes wait for a handler. Told when a step of the store has added to them, when half of those last told of are left, and when
 * none are.
 */
export interface BacklogEvent {
  readonly type: 'backlog'
  /** The handler's name; of one without a name, its number: `'1'` is the informer's first. A loop over `changes()` counts as one. */
  readonly handler: string
  readonly length: number
}

/** A persister that tells what it has done. What it could not do is the caller's to tell, who learns of it. */
export function observedPersister(persister: Persister, clock: Clock, emit: (event: PersisterEvent) => void): Persister {
  return {
    async load(scope, options) {
      const startedAt = clock.now()
      const snapshot = await persister.load(scope, options)
      const { records, resourceVersion } = snapshot ?? { records: [], resourceVersion: '' }
      emit({ type: 'loaded', objects: records.length, size: sizeOf(records), durationMs: clock.now() - startedAt, resourceVersion })
      return snapshot
    },

    async commit(scope, change) {
      const startedAt = clock.now()
      await persister.commit(scope, change)
      const { type: commit, puts, resourceVersion } = change
      const deletes = change.type === 'apply' ? change.deletes.length : 0
      const size = sizeOf(puts)
      emit({ type: 'persisted', commit, puts: puts.length, deletes, size, durationMs: clock.now() - startedAt, resourceVersion })
    },

    clear: (scope) => persister.clear(scope),
  }
}

function sizeOf(records: readonly StoredRecord[]): number {
  return records.reduce((sum, { text }) => sum + text.length, 0)
}
