// The public interfaces of handlers.

import type { WaitOptions } from '../wait'
import type { InformerChange } from './notifications'

/** The second argument of {@link EventHandler.onAdd}. */
export interface AddContext {
  /** Whether the object is part of the initial list, or was present when the handler was added. */
  readonly isInInitialList: boolean
}

/**
 * Receives each change of an informer's objects, one at a time, in the order of the wire. Each callback is optional, and objects are parsed only for
 * those present. Callbacks may be asynchronous: the next change waits until the promise has settled. Errors that a callback throws are reported, and
 * the change counts as handled. Objects are shared with all readers of the store: do not change them.
 *
 * @see client-go `cache.ResourceEventHandler`
 */
export interface EventHandler<T> {
  /** Called for each new object, and for each object present when the handler is added. */
  onAdd?(object: T, context: AddContext): unknown
  /** Called when an object has changed. On a resync, `previous` is `object`. */
  onUpdate?(previous: T, object: T): unknown
  /** Called when an object was deleted, with its last known state. */
  onDelete?(object: T): unknown
}

/** Like an {@link EventHandler}, but receives entries: an object is parsed only when the handler reads it. */
export interface ChangeHandler<T> {
  /** Called for each change of an object, and on each resync. */
  onChange(change: InformerChange<T>): unknown
}

/** The backlog of a slow handler, or of a loop over `changes()`, at which changes of one object are merged. */
export const DEFAULT_MAX_BACKLOG = 1_000

/** Options of a handler. */
export interface HandlerOptions {
  /** The handler's name in the events of `onEvent`. Default: its number, counted from 1. */
  name?: string | undefined
  /**
   * The interval at which `onUpdate(object, object)` is called for every object, without a request, in milliseconds; 0 for never.
   * Values below 1,000 count as 1,000. Default: the informer's `resyncPeriodMs`.
   */
  resyncPeriodMs?: number | undefined
  /**
   * The number of waiting changes at which a new change is merged with the waiting change of the same object, so that a slow handler uses
   * no more memory than the backlog and the objects. The handler still receives the last state of each object, and each deletion of an
   * object that it knows. Default {@link DEFAULT_MAX_BACKLOG}.
   */
  maxBacklog?: number | undefined
}

/**
 * A handler that was added to an informer. Closing or disposing of it removes the handler.
 *
 * @see client-go `cache.ResourceEventHandlerRegistration`
 */
export interface HandlerRegistration extends Disposable {
  /** Whether the handler has received the whole initial list. */
  readonly hasSynced: boolean
  /** The number of changes that wait for the handler. */
  readonly backlog: number
  /**
   * Resolves when the handler has received the whole initial list.
   *
   * @throws the signal's reason; an Error when the handler or the informer is closed before.
   */
  whenSynced(options?: WaitOptions): Promise<void>
  /** Removes the handler. Changes still in its backlog are dropped. Calling it again is a no-op. */
  close(): void
}
