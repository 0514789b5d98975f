import { serveThread } from './host'
import { CONNECT } from './protocol'

// The module of a Worker: nothing is done before a main thread hands it a port.
globalThis.addEventListener('message', ({ data, ports }: MessageEvent) => {
  const [port] = ports
  if (data === CONNECT && port) serveThread(port)
})
