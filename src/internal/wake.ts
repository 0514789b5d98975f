import { listen } from './listen'

/**
 * Why a page may have missed something: its network is back, it was frozen (its streams are dead, without an error), or it came out of the
 * background.
 */
export type Wake = 'online' | 'resume' | 'visible'

/** Whether the page is in the background; never where there is no page. */
export function isPageHidden(): boolean {
  return (globalThis as { document?: Partial<Document> }).document?.visibilityState === 'hidden'
}

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
    listen(globalThis, 'pageshow', (event) => listener((event as Partial<PageTransitionEvent>).persisted ? 'resume' : 'visible')),
    listen(document, 'visibilitychange', () => document?.visibilityState === 'visible' && listener('visible')),
    listen(document, 'resume', () => listener('resume')),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}
