// What a page needs of its browser to share feeds with other tabs.

import { KubeError } from '../api/errors'
import { listen } from '../internal/listen'
import { onWake, type Wake } from '../internal/wake'
import type { ConnectionPort } from '../worker/protocol'
import { type BroadcastEnd, joinBroadcast } from './broadcast'
import { ChannelPort } from './channel-port'
import { connectToLeader, type LeaderEvents, type LeaderWorkerLike, leaderPlatform } from './leader'
import { awaitLock } from './lock'
import type { Broadcast, TabsPort } from './messages'

/** The used parts of a browser; replaced in tests. */
export interface TabsPlatform {
  /**
   * Connects to the owner with a name in a SharedWorker, and starts it for the first tab.
   *
   * @param onRefused called when it cannot be started.
   * @throws when there is no SharedWorker.
   */
  connect(name: string, onRefused: (why: string) => void): TabsPort
  /**
   * Connects to the owner with a name in the Worker of the tab that leads, which may be this one.
   *
   * @throws when the browser lacks what that needs.
   */
  connectToLeader(name: string, events: LeaderEvents): TabsPort
  /** Makes two joined ports for calls: the tab's, and the one to send over the port to the owner. */
  ports(port: TabsPort): [ConnectionPort, unknown]
  /** Calls back once when the lock's holder has died. Returns a function that stops waiting. */
  awaitLock(name: string, onFree: () => void): () => void
  /** Joins the channel of all tabs. */
  broadcast(listener: (message: Broadcast) => void): BroadcastEnd
  /** Calls back when the page is closed or enters the back/forward cache (`hidden`), is frozen, or is back from either (`shown`). */
  onPage(listener: (event: 'hidden' | 'frozen' | 'shown') => void): () => void
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
 * @param startLeader starts the Worker of a tab that leads.
 */
export function pagePlatform(start: (name: string) => SharedWorkerLike, startLeader: (name: string) => LeaderWorkerLike): TabsPlatform {
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

    connectToLeader: (name, events) => connectToLeader(name, events, leaderPlatform(startLeader)),

    ports(port) {
      if (port instanceof ChannelPort) {
        const lane = port.lane()
        return [lane, lane]
      }
      const { port1, port2 } = new MessageChannel()
      return [port1, port2]
    },

    awaitLock,

    broadcast: joinBroadcast,

    onPage(listener) {
      const stops = [
        // A page that does not enter the cache is closed or reloaded: the owner learns of it at once.
        listen(globalThis, 'pagehide', () => listener('hidden')),
        listen(globalThis, 'pageshow', () => listener('shown')),
        // A frozen page leads no others: its Worker stops, and its lock stays held.
        listen(globalThis.document, 'freeze', () => listener('frozen')),
        listen(globalThis.document, 'resume', () => listener('shown')),
      ]
      return () => {
        for (const stop of stops) stop()
      }
    },

    onWake,
  }
}
