// The interface between controllers and informers.

import type { KubeObject } from '../api/object'
import type { Entry } from '../codec/entry'
import type { StoreChange } from '../store/changes'

/** The handler a controller registers. Receives every change, the existing objects (as added), and resyncs. */
export interface ControllerHandler<T> {
  /** Parses objects only when `keys` needs them. */
  onChange(change: StoreChange<T>): void
}

/** The registration of a controller at an informer. */
export interface ControllerRegistration {
  /** Resolves when the handler has received all existing objects; rejects when that cannot happen. */
  whenSynced(options: { signal: AbortSignal }): Promise<unknown>
  /** Removes the handler. */
  close(): void
}

/** A source of changes: the part of `SharedInformer` that a controller uses. */
export interface ControllerSource<T> {
  addEventHandler(handler: ControllerHandler<T>): ControllerRegistration
}

/** Related objects whose changes affect the reconciled ones. */
export interface ControllerWatch<T extends KubeObject> {
  informer: ControllerSource<T>
  /**
   * Returns the keys to reconcile because of this object. For an update it is called with the old and the new object, so that a former
   * owner is reconciled too. The informer reports what it throws, as with any handler.
   */
  keys: (object: T) => Iterable<string>
}

/** A source, and a function that maps its entries to keys. */
export interface KeySource<T> {
  readonly informer: ControllerSource<T>
  readonly keysOf: (entry: Entry<T>) => Iterable<string>
}

/** Adapts a watch to entries by parsing them. */
export function keySourceOf<T extends KubeObject>({ informer, keys }: ControllerWatch<T>): KeySource<T> {
  return { informer, keysOf: ({ object }) => keys(object) }
}

/** Calls `enqueue` with the keys that each change of a source affects. */
export function enqueueFrom<T>({ informer, keysOf }: KeySource<T>, enqueue: (key: string) => void): ControllerRegistration {
  return informer.addEventHandler({
    onChange(change) {
      const entries = change.type === 'updated' ? [change.previous, change.entry] : [change.entry]
      // Deduplicated: a waiting worker takes the first key at once, so a duplicate would cause another run.
      for (const key of new Set(entries.flatMap((entry) => [...keysOf(entry)]))) enqueue(key)
    },
  })
}
