import type { InformerChange } from './notifications'
import type { WaitOptions } from './wait'

/** What an {@link EventHandler.onAdd} is told besides the object. */
export interface AddContext {
  /** Whether the object belongs to the first complete state, or was there when the handler was added: not news, only new to the handler. */
  readonly isInInitialList: boolean
}

/**
 * Told of every change of an informer's objects, one after the other, in the order of the wire. Each callback may be left out, and only
 * those that are there have objects parsed for them. Callbacks may be asynchronous: the next change is handed over when the promise has
 * settled, and waits meanwhile. What one throws is reported, and the change counts as handled. Objects are shared with everybody who
 * reads the store: they must not be changed.
 *
 * @see client-go `cache.ResourceEventHandler`
 */
export interface EventHandler<T> {
  /** There is a new object: the server made it, or the handler is. */
  onAdd?(object: T, context: AddContext): unknown
  /** An object has changed; at a resync `previous` is `object`. */
  onUpdate?(previous: T, object: T): unknown
  /** An object is gone; `object` is the last state known of it. */
  onDelete?(object: T): unknown
}

/** As an {@link EventHandler}, but told of entries: nothing is parsed unless it reads an object. */
export interface ChangeHandler<T> {
  /** Something has happened to an object; at a resync, nothing has. */
  onChange(change: InformerChange<T>): unknown
}

/** So many changes wait for a slow handler, or for a loop over `changes()`, before those of one object are merged. */
export const DEFAULT_MAX_BACKLOG = 1_000

/** How a handler wants to be told. */
export interface HandlerOptions {
  /** What the handler is called in an informer's `onEvent`. Default: its number, counted from 1. */
  name?: string | undefined
  /**
   * How often the handler is told of every object once more by `onUpdate(object, object)`, without the network, in milliseconds; 0: never.
   * At least 1,000: less counts as that. Default: the informer's `resyncPeriodMs`.
   */
  resyncPeriodMs?: number | undefined
  /**
   * With so many changes waiting, a change of an object that waits already is merged with the one that waits, so that a slow handler costs no
   * more memory than this and the objects themselves. It still learns of every object's last state, and of every delete of an object it
   * was told of. Default {@link DEFAULT_MAX_BACKLOG}.
   */
  maxBacklog?: number | undefined
}

/**
 * One handler's place at an informer. Disposing of it removes the handler.
 *
 * @see client-go `cache.ResourceEventHandlerRegistration`
 */
export interface HandlerRegistration extends Disposable {
  /** Whether the handler was told of the whole initial list. */
  readonly hasSynced: boolean
  /** How many changes wait for the handler. */
  readonly backlog: number
  /**
   * Resolves when the handler was told of the whole initial list.
   *
   * @throws the signal's reason; an Error when the handler or the informer is closed before.
   */
  whenSynced(options?: WaitOptions): Promise<void>
  /** Removes the handler. Changes still in its backlog are dropped. Calling it again is a no-op. */
  close(): void
}
