/**
 * Adds a listener; returns how to remove it. It takes the place of `addEventListener`'s own `signal`: of the listeners that one target got
 * that way, Node removes only the last once garbage was collected, and the others stay for as long as the target does.
 */
export function listen(
  target: Pick<EventTarget, 'addEventListener' | 'removeEventListener'> | undefined,
  type: string,
  listener: (event: Event) => void,
): () => void {
  target?.addEventListener(type, listener)
  return () => target?.removeEventListener(type, listener)
}
