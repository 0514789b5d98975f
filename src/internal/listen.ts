// Adds event listeners with a function to remove them.

/**
 * Adds a listener and returns a function that removes it. Used in place of the `signal` option of `addEventListener`: when several
 * listeners of one target have a signal, Node removes only the last one after a garbage collection, and the others stay as long as the
 * target.
 */
export function listen(
  target: Pick<EventTarget, 'addEventListener' | 'removeEventListener'> | undefined,
  type: string,
  listener: (event: Event) => void,
): () => void {
  target?.addEventListener(type, listener)
  return () => target?.removeEventListener(type, listener)
}
