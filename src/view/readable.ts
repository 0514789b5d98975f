// The interface of a value that can be read and observed, as framework bindings use it.

/**
 * A value with change notifications. A {@link View} is one, and so is everything that `createLive` returns. Both members work unbound, so that
 * `useSyncExternalStore(readable.subscribe, () => readable.snapshot)` is a complete React binding.
 */
export interface Readable<S> {
  /** The present value. The same object until it changes. */
  readonly snapshot: S
  /**
   * The value before anything is known: always the same object. Servers render it, and a page starts from it while it hydrates. Default: the
   * snapshot at the time of rendering.
   */
  readonly initial?: S | undefined
  /** Calls back after each change. Returns the function that ends it, which may be called more than once. */
  readonly subscribe: (listener: (snapshot: S) => void) => () => void
}
