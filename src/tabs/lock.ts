// Holds and awaits Web Locks, where a page has them.

/** Takes a Web Lock until the thread dies. Resolves with its name; with undefined on pages without TLS, which have no locks. */
export function holdLock(name: string): Promise<string | undefined> {
  const { locks } = globalThis.navigator ?? {}
  if (!locks) return Promise.resolve(undefined)
  return new Promise((resolve) => {
    const forever = () => {
      resolve(name)
      return new Promise<void>(() => undefined)
    }
    locks.request(name, forever).catch(() => resolve(undefined))
  })
}

/** Calls back once when a lock is free, which means that its owner has died. Returns a function that stops waiting. */
export function awaitLock(name: string, onFree: () => void): () => void {
  const stop = new AbortController()
  const granted = () => {
    if (!stop.signal.aborted) onFree()
  }
  // Shared, so that a tab does not keep others waiting.
  globalThis.navigator?.locks?.request(name, { mode: 'shared', signal: stop.signal }, granted).catch(() => undefined)
  return () => stop.abort()
}
