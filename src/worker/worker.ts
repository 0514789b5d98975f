// The module of a Worker. Importing it elsewhere, such as on a server that renders pages, has no effect.

import { CONNECT } from './protocol'
import { serveConnection } from './thread/server'

if (isDedicatedWorker()) {
  // Idle until the main thread sends a port.
  globalThis.addEventListener('message', ({ data, ports }: MessageEvent) => {
    const [port] = ports
    if (data === CONNECT && port) serveConnection(port)
  })
}

function isDedicatedWorker(): boolean {
  const { DedicatedWorkerGlobalScope, Bun } = globalThis as unknown as {
    DedicatedWorkerGlobalScope?: new () => unknown
    Bun?: { readonly isMainThread: boolean }
  }
  // Workers of Bun lack this class.
  return DedicatedWorkerGlobalScope ? globalThis instanceof DedicatedWorkerGlobalScope : Bun?.isMainThread === false
}
