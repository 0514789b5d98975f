import { listen } from './listen'

/** Something that may mean that time has passed unseen, or that the network is back. */
export type Wake = 'online' | 'visible'

/**
 * Calls back when the page gets its network back, comes out of the background, is thawed or restored from the back/forward cache. Does
 * nothing where there are no such events.
 *
 * @returns how to stop.
 */
export function onWake(listener: (wake: Wake) => void): () => void {
  const { addEventListener, document } = globalThis as { addEventListener?: unknown; document?: Document }
  if (typeof addEventListener !== 'function') return () => undefined
  const stops = [
    listen(globalThis, 'online', () => listener('online')),
    listen(globalThis, 'pageshow', () => listener('visible')),
    listen(document, 'visibilitychange', () => document?.visibilityState === 'visible' && listener('visible')),
    listen(document, 'resume', () => listener('visible')),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}
