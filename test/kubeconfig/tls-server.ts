// A TLS server and an HTTP proxy that record their clients.

import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { connect, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { type Authority, createAuthority } from './certificates'

/** A request as the server received it. */
export interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** The server name of the TLS handshake (SNI); `false` for none. */
  readonly serverName: string | false | undefined
  /** The common name of the client's certificate. */
  readonly client: string | undefined
}

/** A TLS server on 127.0.0.1 that records its requests. */
export interface RecordingServer extends AsyncDisposable {
  readonly url: string
  readonly authority: Authority
  readonly seen: Seen[]
  /** The number of open connections. */
  readonly sockets: ReadonlySet<Socket>
}

const respondWithVersions = (_: Seen, response: ServerResponse): void => {
  response.setHeader('content-type', 'application/json').end('{"kind":"APIVersions","versions":["v1"]}')
}

/** Starts a server whose certificate is for 127.0.0.1 and `kube.test`. */
export async function startRecordingServer(
  respond: (seen: Seen, response: ServerResponse) => void = respondWithVersions,
): Promise<RecordingServer> {
  const authority = createAuthority()
  const seen: Seen[] = []
  const sockets = new Set<Socket>()
  // The server requests a client certificate and records it, whoever issued it.
  const options = { ...authority.server('127.0.0.1', 'kube.test'), requestCert: true, rejectUnauthorized: false }
  const server = createServer(options, async (request, response) => {
    const socket = request.socket as TLSSocket & { servername?: string | false }
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { method = '', url: path = '', headers } = request
    const name = socket.getPeerCertificate()?.subject?.CN
    const one = {
      method,
      path,
      headers,
      body: Buffer.concat(chunks).toString(),
      serverName: socket.servername,
      client: name && String(name),
    }
    seen.push(one)
    respond(one, response)
  })
  server.on('secureConnection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket))
  })
  const stop = await listen(server)
  return { url: `https://127.0.0.1:${stop.port}`, authority, seen, sockets, [Symbol.asyncDispose]: stop }
}

/** Starts an HTTP proxy that records its targets and the client's credentials. */
export async function startProxy(): Promise<
  AsyncDisposable & { readonly url: string; readonly tunnels: { to: string; as: string | undefined }[] }
> {
  const tunnels: { to: string; as: string | undefined }[] = []
  const server = createHttpServer()
  server.on('connect', ({ url: to = '', headers }, client: Socket) => {
    tunnels.push({ to, as: headers['proxy-authorization'] })
    const [host, port] = to.split(':')
    const upstream = connect(Number(port), host, () => client.write('HTTP/1.1 200 OK\r\n\r\n'))
    for (const [from, into] of [[client, upstream] as const, [upstream, client] as const]) from.on('error', () => into.destroy()).pipe(into)
  })
  const stop = await listen(server)
  return { url: `http://127.0.0.1:${stop.port}`, tunnels, [Symbol.asyncDispose]: stop }
}

async function listen(
  server: ReturnType<typeof createHttpServer> | ReturnType<typeof createServer>,
): Promise<(() => Promise<void>) & { port: number }> {
  // Includes connections without a request: a tunnel, or a failed handshake.
  const connections = new Set<Socket>()
  server.on('connection', (socket: Socket) => connections.add(socket.once('close', () => connections.delete(socket))))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const stop = async () => {
    const closed = once(server, 'close')
    server.close()
    for (const connection of connections) connection.destroy()
    await closed
  }
  return Object.assign(stop, { port: typeof address === 'object' && address ? address.port : 0 })
}
