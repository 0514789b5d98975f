import type { Entry } from '../meta/entry'
import type { KubeObject } from '../meta/object'
import type { StoreChange } from '../store/changes'

/** What a controller wants to be told of: every change, the objects that are there already (as added), and resyncs. */
export interface ControllerHandler<T> {
  /** Parses nothing, unless keys have to be asked of objects. */
  onChange(change: StoreChange<T>): void
}

/** A controller's place at an informer. */
export interface ControllerRegistration {
  /** Resolves when the handler was told of everything there is; rejects when that will never be. */
  whenSynced(options: { signal: AbortSignal }): Promise<unknown>
  /** Removes the handler. */
  close(): void
}

/** Where a controller hears of changes: what it needs of a `SharedInformer`. */
export interface ControllerSource<T> {
  addEventHandler(handler: ControllerHandler<T>): ControllerRegistration
}

/** Other objects whose changes concern the ones a controller reconciles. */
export interface ControllerWatch<T extends KubeObject> {
  informer: ControllerSource<T>
  /**
   * The keys to reconcile because of this object. An update is asked for the old object and for the new one: who lost it is to know too.
   * What it throws is the informer's to report, as with any handler.
   */
  keys: (object: T) => Iterable<string>
}

/** A source, and the keys that an entry of it concerns. */
export interface KeySource<T> {
  readonly informer: ControllerSource<T>
  readonly keysOf: (entry: Entry<T>) => Iterable<string>
}

/** A watch as one of entries: they are parsed for its function. */
export function keySourceOf<T extends KubeObject>({ informer, keys }: ControllerWatch<T>): KeySource<T> {
  return { informer, keysOf: ({ object }) => keys(object) }
}

/** Tells `enqueue` the keys that each change of a source concerns. */
export function enqueueFrom<T>({ informer, keysOf }: KeySource<T>, enqueue: (key: string) => void): ControllerRegistration {
  return informer.addEventHandler({
    onChange(change) {
      const entries = change.type === 'updated' ? [change.previous, change.entry] : [change.entry]
      // Each key once: a worker that waits takes the first at once, and a second would be another run.
      for (const key of new Set(entries.flatMap((entry) => [...keysOf(entry)]))) enqueue(key)
    },
  })
}
