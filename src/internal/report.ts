/**
 * Reports an error that no caller can catch, such as one thrown by a listener; the caller goes on. Browsers and edge runtimes report it like an
 * uncaught one. Servers write it to the console: Node has no `reportError`, and in Deno and Bun it ends the process, or makes it fail.
 */
export function report(error: unknown): void {
  const isServer = 'Deno' in globalThis || 'Bun' in globalThis
  if (typeof globalThis.reportError === 'function' && !isServer) globalThis.reportError(error)
  // biome-ignore lint/suspicious/noConsole: There is no other place to report it.
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
