// Opens WebSockets by the means of the runtime.

import type { OpenSocket } from './socket'

/** The globals that identify the runtime. */
interface Runtime {
  Deno?: unknown
  WebSocketPair?: unknown
  process?: { versions?: { node?: string } }
}

/** Opens a WebSocket with the means of this runtime. Loads only the module that it needs. */
export const openSocket: OpenSocket = async (request) => {
  const { Deno, WebSocketPair, process } = globalThis as Runtime
  if (Deno) return (await import('./deno')).openInDeno(request)
  if (WebSocketPair) return (await import('./workerd')).openInWorkerd(request)
  if (process?.versions?.node) return (await import('./node')).openInNode(request)
  return (await import('./page')).openInPage(request)
}
