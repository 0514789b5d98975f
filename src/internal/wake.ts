// Events after which a page may have missed something.

import { listen } from './listen'

/**
 * The reason why a page may have missed something: its network is back, it was frozen (which kills its streams without an error), or it was
 * in the background.
 */
export type Wake = 'online' | 'resume' | 'visible'

/** Whether the page is in the background. False without a page. */
export function isPageHidden(): boolean {
  return (globalThis as { document?: Partial<Document> }).document?.visibilityState === 'hidden'
}

/**
 * Calls back when the page regains its network, leaves the background, is thawed, or is restored from the back/forward cache. No-op in a
 * runtime without these events.
 *
 * @returns a function that removes the listeners.
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
