// The channel of all tabs, which is silent except at a logout and when an owner hangs.

import { type Broadcast, CHANNEL } from './messages'

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
