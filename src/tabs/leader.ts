// Where there is no SharedWorker one tab leads: it runs the owner in a Worker of its own, and every tab reaches the owner over a channel.

import { KubeError } from '../api/errors'
import { newWriter } from '../persistence/writer'
import { type ChannelLike, ChannelPort, joinChannel } from './channel-port'
import type { TabsPort } from './messages'

/** A running Worker. Declared here because the type exists only in the DOM library. */
export interface LeaderWorkerLike {
  terminate(): void
  addEventListener(type: 'error', listener: (event: { readonly type: string }) => void): void
}

/** The used parts of a browser; replaced in tests. */
export interface LeaderPlatform {
  /**
   * Waits for a lock, and holds it.
   *
   * @returns a function that gives it up, or stops waiting.
   */
  holdLock(name: string, onHeld: () => void): () => void
  /** Joins the channel with a name. */
  channel(name: string): ChannelLike
  /** Starts the Worker that owns the feeds. */
  startWorker(name: string): LeaderWorkerLike
}

/** Callbacks of {@link connectToLeader}. */
export interface LeaderEvents {
  /** The tab leads from now on, until the port is closed. */
  readonly onLead: () => void
  /** The Worker cannot be started. */
  readonly onRefused: (why: string) => void
}

/** A message on the channel of all tabs that have no owner: a tab asks for a greeting, or an owner has started. */
type DoorMessage = { readonly type: 'knock'; readonly channel: string } | { readonly type: 'open' }

const doorOf = (name: string): string => `${name}/door`

/**
 * Connects to the owner with a name, wherever it runs. Until an owner greets, the tab is a candidate: once it has the lock of the leader, it
 * starts the owner in a Worker. Closing the port gives the lead up.
 */
export function connectToLeader(name: string, { onLead, onRefused }: LeaderEvents, platform: LeaderPlatform): TabsPort {
  const channel = `${name}/${newWriter()}`
  const door = platform.channel(doorOf(name))
  const knock = () => door.postMessage({ type: 'knock', channel } satisfies DoorMessage)
  let worker: LeaderWorkerLike | undefined
  const release = platform.holdLock(`${name}/leader`, () => {
    try {
      worker = platform.startWorker(name)
    } catch (error) {
      return onRefused(String(error))
    }
    worker.addEventListener('error', () => onRefused('the Worker failed: it cannot be loaded, or is forbidden here'))
    onLead()
  })
  const close = () => {
    door.close()
    worker?.terminate()
    release()
  }
  // A tab that follows is no candidate while its owner lives: the next election begins when all know of the loss.
  const greeted = () => {
    door.close()
    if (!worker) release()
  }
  const port = new ChannelPort(platform.channel(channel), close, greeted)
  door.onmessage = ({ data }) => {
    if ((data as DoorMessage).type === 'open') knock()
  }
  knock()
  return port
}

/** Calls `accept` with the owner's end of each connection. Returns the function that ends it. */
export function acceptTabs(name: string, channelOf: LeaderPlatform['channel'], accept: (port: TabsPort) => void): () => void {
  const door = channelOf(doorOf(name))
  // A tab that knocked before the owner had started knocks again.
  const connected = new Set<string>()
  door.onmessage = ({ data }) => {
    const message = data as DoorMessage
    if (message.type !== 'knock' || connected.has(message.channel)) return
    connected.add(message.channel)
    accept(new ChannelPort(channelOf(message.channel), () => connected.delete(message.channel)))
  }
  door.postMessage({ type: 'open' } satisfies DoorMessage)
  return () => door.close()
}

/** The page's own browser. @param start starts the Worker with a name. */
export function leaderPlatform(start: (name: string) => LeaderWorkerLike): LeaderPlatform {
  return {
    holdLock(name, onHeld) {
      const { locks } = globalThis.navigator
      if (!locks) throw new KubeError('this page has no Web Locks, which need TLS')
      const waiting = new AbortController()
      let release = () => waiting.abort()
      const held = () =>
        new Promise<void>((resolve) => {
          release = resolve
          if (waiting.signal.aborted) resolve()
          else onHeld()
        })
      locks.request(name, { signal: waiting.signal }, held).catch(() => undefined)
      return () => release()
    },

    channel: joinChannel,
    startWorker: start,
  }
}
