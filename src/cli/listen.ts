// Serves on a port of this machine until the process receives SIGINT or SIGTERM.

import { KubeError } from '../api/errors'
import type { RunningServer } from './fake-server'

/** The used part of Node's `http.Server`. The sources are compiled without Node's types, because most of them run elsewhere. */
interface NodeServer<Q, S> {
  on(event: 'request', listener: (incoming: Q, outgoing: S) => void): unknown
  once(event: 'error', listener: (error: Error & { code?: string }) => void): unknown
  listen(port: number, host: string, listening: () => void): unknown
  address(): unknown
  close(closed: () => void): unknown
  closeAllConnections(): void
}

interface Process<Q, S> {
  getBuiltinModule(name: 'node:http'): { createServer(): NodeServer<Q, S> }
  once(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown
}

/**
 * Listens on a port of this machine until the process receives SIGINT or SIGTERM.
 *
 * @param port 0 picks any free port.
 * @param listenerOf returns the request listener for the port.
 * @throws KubeError when the port cannot be used.
 */
export async function listenHere<Q, S>(
  port: number,
  listenerOf: (port: number) => (incoming: Q, outgoing: S) => void,
): Promise<RunningServer> {
  const { process } = globalThis as unknown as { process: Process<Q, S> }
  const server = process.getBuiltinModule('node:http').createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(portError(port, error)))
    server.listen(port, '127.0.0.1', resolve)
  })
  const { port: actual } = server.address() as { port: number }
  server.on('request', listenerOf(actual))
  const closed = new Promise<void>((resolve) => {
    const stop = () => {
      server.close(resolve)
      server.closeAllConnections()
    }
    process.once('SIGINT', stop)
    process.once('SIGTERM', stop)
  })
  return { url: `http://127.0.0.1:${actual}`, closed }
}

function portError(port: number, cause: Error & { code?: string }): KubeError {
  const why =
    cause.code === 'EADDRINUSE'
      ? `another program listens on port ${port}`
      : cause.code === 'EACCES'
        ? `this user may not listen on port ${port}`
        : `the server cannot listen on port ${port} (${cause.message})`
  return new KubeError(`${why}: choose another one with --port, or any free one with --port 0`, { cause })
}
