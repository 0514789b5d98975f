// Reports errors that no caller can catch.

/**
 * Reports an error that no caller can catch, such as one thrown by a listener. Browsers and edge runtimes report it like an uncaught error.
 * Servers write it to the console: Node has no `reportError`, and in Deno and Bun it ends the process or fails it.
 */
export function report(error: unknown): void {
  const isServer = 'Deno' in globalThis || 'Bun' in globalThis
  if (typeof globalThis.reportError === 'function' && !isServer) globalThis.reportError(error)
  // biome-ignore lint/suspicious/noConsole: There is no other place to report it.
  else console.error(error)
}

/**
 * Wraps a user's callback so that its errors are reported instead of thrown. Returns undefined for undefined, so that with `tell?.({ … })`
 * no argument is computed without a callback.
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
