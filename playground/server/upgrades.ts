// Passes WebSockets on to a real API server.
import { type IncomingHttpHeaders, type IncomingMessage, request as requestHttp, STATUS_CODES } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Duplex } from 'node:stream'

/** A request for a WebSocket, as Node's HTTP server reports it. */
export interface Upgrade {
  readonly incoming: IncomingMessage
  readonly socket: Duplex
  /** The bytes after the request's header. */
  readonly head: Buffer
}

/**
 * Passes a WebSocket on, and the server's answer back.
 *
 * @param url the URL at the server.
 * @param signal breaks the connection when it is aborted.
 */
export function passUpgrade({ incoming, socket, head }: Upgrade, url: string, signal: AbortSignal): void {
  const request = url.startsWith('https:') ? requestHttps : requestHttp
  // The server sees a program on this machine: kubectl proxy requires its own name as Host, and a browser's Origin and cookies are not for it.
  const { host: _host, origin: _origin, cookie: _cookie, ...headers } = incoming.headers
  const outgoing = request(url, { headers: headers as IncomingHttpHeaders, agent: false, signal })
  socket.on('error', () => outgoing.destroy()).on('close', () => outgoing.destroy())
  outgoing
    .on('upgrade', (response, upstream: Duplex, rest: Buffer) => {
      socket.write(headOf(response))
      socket.write(rest)
      upstream.write(head)
      const end = () => {
        upstream.destroy()
        socket.destroy()
      }
      signal.addEventListener('abort', end)
      for (const side of [socket, upstream]) side.on('error', end).on('close', end)
      upstream.on('close', () => signal.removeEventListener('abort', end))
      upstream.pipe(socket).pipe(upstream)
    })
    .on('response', (response) => {
      socket.write(headOf(response))
      response.pipe(socket)
    })
    .on('error', () => socket.destroy())
    .end()
}

function headOf({ statusCode = 502, rawHeaders }: IncomingMessage): string {
  const lines = [`HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode] ?? ''}`]
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    // The body is passed on without its chunks.
    if (!/^transfer-encoding$/i.test(rawHeaders[i] ?? '')) lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`)
  }
  if (statusCode !== 101) lines.push('Connection: close')
  return `${lines.join('\r\n')}\r\n\r\n`
}
