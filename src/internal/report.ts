/** Reports an error that nobody can catch, such as one thrown by a listener, the way the runtime reports uncaught ones; the caller goes on. */
export function report(error: unknown): void {
  // Node has no reportError.
  if (typeof globalThis.reportError === 'function') globalThis.reportError(error)
  else console.error(error)
}
