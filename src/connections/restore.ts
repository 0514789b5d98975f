// Restores the way in which watches travel in another thread.

import type { StreamClient } from '../http/handshake'
import type { RawRequest, WatchStream } from '../http/requester'
import type { WatchOver, WatchOverSettings } from '../http/watch-over'

/** Makes a {@link WatchOver} out of its settings. Loads its code with the first watch. */
export function restoreWatchOver(settings: WatchOverSettings): WatchOver {
  let restored: Promise<WatchOver> | undefined
  return {
    async open(client: StreamClient, request: RawRequest): Promise<WatchStream> {
      restored ??= load(settings).catch((error) => {
        restored = undefined
        throw error
      })
      return (await restored).open(client, request)
    },
  }
}

async function load(settings: WatchOverSettings): Promise<WatchOver> {
  if (settings.way === 'turns') return (await import('./turns')).turns(settings)
  return (await import('./web-socket')).webSocket(settings)
}
