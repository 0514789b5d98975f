// The events of an informer.

import type { Clock } from '../internal/clock'
import type { Persister, StoredRecord } from '../persistence/persister'
import type { ReflectorEvent } from '../reflector/options'

/** An event of an informer's feed, storage or handlers. Durations are in milliseconds, by the informer's clock. */
export type InformerEvent = ReflectorEvent | PersisterEvent | BacklogEvent | TabsEvent

/** An event of an informer whose feed is shared with other tabs. */
export type TabsEvent =
  /** The tab has joined an owner of the feeds, or lost it. `durationMs` is the time since the previous event of this type, or the start. */
  | { readonly type: 'owner'; readonly change: 'joined' | 'lost'; readonly owner: string; readonly durationMs: number }
  /** The tab makes its own requests from now on. */
  | { readonly type: 'alone'; readonly why: string }

/** A completed operation of a persister. `size` is the length of the objects' texts in characters. */
export type PersisterEvent =
  /** The stored state was read, possibly too late to be used. No objects and the empty version mean that there was no stored state. */
  | {
      readonly type: 'loaded'
      readonly objects: number
      readonly size: number
      readonly durationMs: number
      readonly resourceVersion: string
    }
  /** Changes (`commit: 'apply'`) or a whole state (`'replace'`) were stored in one transaction. */
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
 * The number of changes that wait for a handler. Emitted when a step of the store adds to them, when half of the last reported number is left, and
 * when none is left.
 */
export interface BacklogEvent {
  readonly type: 'backlog'
  /** The handler's name, or its number (`'1'` is the informer's first). A loop over `changes()` counts as a handler. */
  readonly handler: string
  readonly length: number
}

/** Wraps a persister so that it emits an event for each completed operation. Failures reject, for the caller to report. */
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
