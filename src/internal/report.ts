/** Reports an error that nobody can catch, such as one thrown by a listener, the way the runtime reports uncaught ones; the caller goes on. */
export function report(error: unknown): void {
  if (typeof globalThis.reportError === 'function') globalThis.reportError(error)
  // biome-ignore lint/suspicious/noConsole: Node has no reportError, and nobody else is there to be told.
  else console.error(error)
}
