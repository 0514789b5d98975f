// Serves a fetch handler on a local port.

import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type FetchHandler, nodeListener } from '../../src/testing/node-listener.ts'

/** A listening server. */
export interface HttpServer {
  /** The base URL, without a trailing slash. */
  readonly url: string
  /** Stops listening and breaks the open connections. */
  close(): Promise<void>
}

/**
 * Serves a fetch handler on a port of this machine. Bodies stream in both directions with backpressure, and a client that disconnects
 * aborts its request. A handler that rejects, or a body that breaks, breaks the connection.
 *
 * @param options.port the port; default 0, any free port.
 * @param options.tls the certificate and the key of an HTTPS server.
 */
export async function serve(
  handler: FetchHandler,
  { port = 0, tls }: { port?: number; tls?: { readonly cert: string; readonly key: string } } = {},
): Promise<HttpServer> {
  const server = tls ? createTlsServer(tls, nodeListener(handler)) : createServer(nodeListener(handler))
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url: `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`, close }
}
