import type { KubeObject } from '../meta/object'

/** What a controller wants to be told of: every change, the objects that are there already, and resyncs as updates. */
export interface ControllerHandler<T> {
  onAdd(object: T): void
  onUpdate(old: T, now: T): void
  onDelete(object: T): void
}

/** A controller's place at an informer. */
export interface ControllerRegistration {
  /** Resolves when the handler was told of everything there is; rejects when that will never be. */
  whenSynced(options: { signal: AbortSignal }): Promise<unknown>
  /** Removes the handler. */
  remove(): void
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

/** Tells `enqueue` the keys that each change of a source concerns. */
export function enqueueFrom<T extends KubeObject>(
  { informer, keys }: ControllerWatch<T>,
  enqueue: (key: string) => void,
): ControllerRegistration {
  // Each key once: a worker that waits takes the first at once, and a second would be another run.
  const tell = (...objects: T[]) => {
    for (const key of new Set(objects.flatMap((object) => [...keys(object)]))) enqueue(key)
  }
  return informer.addEventHandler({
    onAdd: (object) => tell(object),
    onUpdate: (old, now) => tell(old, now),
    onDelete: (object) => tell(object),
  })
}
