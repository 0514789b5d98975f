import { serveThread } from './host'
import { CONNECT } from './protocol'

// The module of a Worker. Importing it anywhere else, such as on a server that renders pages, does nothing.
if (isDedicatedWorker()) {
  // Nothing is done before a main thread hands over a port.
  globalThis.addEventListener('message', ({ data, ports }: MessageEvent) => {
    const [port] = ports
    if (data === CONNECT && port) serveThread(port)
  })
}

function isDedicatedWorker(): boolean {
  const { DedicatedWorkerGlobalScope, Bun } = globalThis as unknown as {
    DedicatedWorkerGlobalScope?: new () => unknown
    Bun?: { readonly isMainThread: boolean }
  }
  // Bun's Workers have no such class.
  return DedicatedWorkerGlobalScope ? globalThis instanceof DedicatedWorkerGlobalScope : Bun?.isMainThread === false
}
