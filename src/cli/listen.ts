// Serves on a port of this machine until the process receives SIGINT or SIGTERM.

import { KubeError } from '../api/errors'

/** A listening server. */
export interface RunningServer {
  /** The URL, without a trailing slash. */
  readonly url: string
  /** Resolves when the process has received SIGINT or SIGTERM and the server has stopped. */
  readonly closed: Promise<void>
}

/** Options of {@link listenHere}. */
export interface ListenOptions<Q, U> {
  /** The address; default `127.0.0.1`. */
  readonly host?: string | undefined
  /** The option that chooses the port, for error messages; default `--port`. */
  readonly option?: string | undefined
  /** The certificate and the private key of an HTTPS server, PEM. Default: HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined
  /** Answers a request to change the protocol. Default: such requests are treated like others. */
  readonly onUpgrade?: ((incoming: Q, socket: U, head: Uint8Array) => void) | undefined
}

/** The used part of Node's `http.Server`. The sources are compiled without Node's types, because most of them run elsewhere. */
interface NodeServer<Q, S, U> {
  on(event: 'request', listener: (incoming: Q, outgoing: S) => void): unknown
  on(event: 'upgrade', listener: (incoming: Q, socket: U, head: Uint8Array) => void): unknown
  once(event: 'error', listener: (error: Error & { code?: string }) => void): unknown
  listen(port: number, host: string, listening: () => void): unknown
  address(): unknown
  close(closed: () => void): unknown
  closeAllConnections(): void
}

interface Process<Q, S, U> {
  getBuiltinModule(name: 'node:http'): { createServer(): NodeServer<Q, S, U> }
  getBuiltinModule(name: 'node:https'): { createServer(options: { cert: string; key: string }): NodeServer<Q, S, U> }
  once(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown
}

/**
 * Listens on a port of this machine until the process receives SIGINT or SIGTERM.
 *
 * @param port 0 picks any free port.
 * @param listenerOf returns the request listener for the port.
 * @throws KubeError when the port cannot be used, or the certificate and the key do not fit.
 */
export async function listenHere<Q, S, U = unknown>(
  port: number,
  listenerOf: (port: number) => (incoming: Q, outgoing: S) => void,
  { host = '127.0.0.1', option = '--port', tls, onUpgrade }: ListenOptions<Q, U> = {},
): Promise<RunningServer> {
  const { process } = globalThis as unknown as { process: Process<Q, S, U> }
  const server = tls ? tlsServer(process, tls) : process.getBuiltinModule('node:http').createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(portError(port, option, error)))
    server.listen(port, host, resolve)
  })
  const { port: actual } = server.address() as { port: number }
  server.on('request', listenerOf(actual))
  if (onUpgrade) server.on('upgrade', onUpgrade)
  const closed = new Promise<void>((resolve) => {
    const stop = () => {
      server.close(resolve)
      server.closeAllConnections()
    }
    process.once('SIGINT', stop)
    process.once('SIGTERM', stop)
  })
  return { url: `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${actual}`, closed }
}

function tlsServer<Q, S, U>(process: Process<Q, S, U>, tls: { readonly cert: string; readonly key: string }): NodeServer<Q, S, U> {
  try {
    return process.getBuiltinModule('node:https').createServer(tls)
  } catch {
    // The error of OpenSSL may quote the key.
    throw new KubeError('the certificate and the private key of the server cannot be used: both must be PEM, and belong together')
  }
}

function portError(port: number, option: string, cause: Error & { code?: string }): KubeError {
  const why =
    cause.code === 'EADDRINUSE'
      ? `another program listens on port ${port}`
      : cause.code === 'EACCES'
        ? `this user may not listen on port ${port}`
        : `the server cannot listen on port ${port} (${cause.message})`
  return new KubeError(`${why}: choose another one with ${option}; port 0 takes any free one`, { cause })
}
