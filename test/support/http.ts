import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type FetchHandler, nodeListener } from '../../src/testing/node-listener.ts'

/** A server that listens. */
export interface HttpServer {
  /** Without a slash at the end. */
  readonly url: string
  /** Stops listening and breaks what is under way. */
  close(): Promise<void>
}

/**
 * Puts a fetch handler on a port of this machine. Bodies stream both ways, a slow reader slows the handler down, and a client that
 * goes away aborts its request. A handler that rejects, or a body that breaks, breaks the connection.
 *
 * @param options.port default 0: any free one.
 */
export async function serve(handler: FetchHandler, { port = 0 }: { port?: number } = {}): Promise<HttpServer> {
  const server = createServer(nodeListener(handler))
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close }
}
