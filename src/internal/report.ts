/** Reports an error that nobody can catch, such as one thrown by a listener, the way the runtime reports uncaught ones; the caller goes on. */
export function report(error: unknown): void {
  if (typeof globalThis.reportError === 'function') globalThis.reportError(error)
  // biome-ignore lint/suspicious/noConsole: Node has no reportError, and nobody else is there to be told.
  else console.error(error)
}

/**
 * Makes a user's callback one that cannot throw: what it throws is reported. There is none for none, so that `tell?.({ … })` computes
 * nothing when nobody listens.
 */
export function guarded<A>(callback: ((argument: A) => void) | undefined): ((argument: A) => void) | undefined {
  if (!callback) return undefined
  return (argument) => {
    try {
      callback(argument)
    } catch (error) {
      report(error)
    }
  }
}
