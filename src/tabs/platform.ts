// What a page needs of its browser to share feeds with other tabs.

import { KubeError } from '../api/errors'
import { listen } from '../internal/listen'
import { onWake, type Wake } from '../internal/wake'
import type { ConnectionPort } from '../worker/protocol'
import { awaitLock } from './lock'
import { type Broadcast, CHANNEL, type TabsPort } from './messages'

/** The used parts of a browser; replaced in tests. */
export interface TabsPlatform {
  /**
   * Connects to the owner with a name, and starts it for the first tab.
   *
   * @param onRefused called when it cannot be started.
   * @throws when there is no SharedWorker.
   */
  connect(name: string, onRefused: (why: string) => void): TabsPort
  /** Makes two joined ports: the tab's, and the one to send to the owner. */
  ports(): [ConnectionPort, unknown]
  /** Calls back once when the lock's holder has died. Returns a function that stops waiting. */
  awaitLock(name: string, onFree: () => void): () => void
  /** Joins the channel of all tabs. */
  broadcast(listener: (message: Broadcast) => void): BroadcastEnd
  /** Calls back when the page enters or leaves the back/forward cache. */
  onPage(listener: (event: 'hidden' | 'shown') => void): () => void
  onWake(listener: (wake: Wake) => void): () => void
}

/** A SharedWorker. Declared here because the type exists only in the DOM library. */
export interface SharedWorkerLike {
  readonly port: object
  addEventListener(type: 'error', listener: (event: { readonly type: string }) => void): void
}

/**
 * The page's own browser.
 *
 * @param start starts, or finds, the SharedWorker with a name.
 */
export function pagePlatform(start: (name: string) => SharedWorkerLike): TabsPlatform {
  return {
    connect(name, onRefused) {
      if (!('SharedWorker' in globalThis)) throw new KubeError('this browser has no SharedWorker')
      const worker = start(name)
      worker.addEventListener('error', (event) => {
        const { message } = event as Partial<ErrorEvent>
        onRefused(`the SharedWorker failed: ${message || 'it cannot be loaded, or is forbidden here'}`)
      })
      return worker.port as TabsPort
    },

    ports() {
      const { port1, port2 } = new MessageChannel()
      return [port1, port2]
    },

    awaitLock,

    broadcast: joinBroadcast,

    onPage(listener) {
      const isPersisted = (event: Event) => (event as Partial<PageTransitionEvent>).persisted === true
      const stops = [
        listen(globalThis, 'pagehide', (event) => isPersisted(event) && listener('hidden')),
        listen(globalThis, 'pageshow', (event) => isPersisted(event) && listener('shown')),
      ]
      return () => {
        for (const stop of stops) stop()
      }
    },

    onWake,
  }
}

/** A member of the channel of all tabs. */
export interface BroadcastEnd {
  post(message: Broadcast): void
  close(): void
}

/** Joins the channel of all tabs. A message reaches every other member, also those of the same page. */
export function joinBroadcast(listener: (message: Broadcast) => void): BroadcastEnd {
  if (!('BroadcastChannel' in globalThis)) return { post: () => undefined, close: () => undefined }
  const channel = new BroadcastChannel(CHANNEL)
  channel.onmessage = ({ data }) => listener(data as Broadcast)
  return { post: (message) => channel.postMessage(message), close: () => channel.close() }
}
