// Holds and awaits Web Locks, where a page has them.

import { generationOf } from './messages'

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

const SERVING = '/serving'

/** Lets the other owners of the identity know that the owner with a name serves tabs, for as long as the thread lives. */
export function declareServing(name: string): void {
  void holdLock(name + SERVING)
}

/**
 * Returns the highest generation among the owners of an identity that serve tabs, and the one with the given name. Another owner has a higher
 * one after tabs have left this one because it hung, or an earlier one of its name. Without Web Locks others are not known.
 */
export async function newestGeneration(name: string): Promise<number> {
  const { held = [] } = (await globalThis.navigator?.locks?.query()) ?? {}
  const prefix = name.slice(0, name.lastIndexOf('/') + 1)
  const serving = held.flatMap(({ name: lock = '' }) =>
    lock.startsWith(prefix) && lock.endsWith(SERVING) ? lock.slice(0, -SERVING.length) : [],
  )
  return Math.max(...[name, ...serving].map(generationOf))
}
