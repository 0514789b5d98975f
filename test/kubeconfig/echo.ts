// A WebSocket server without a library, which records its clients.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo, Socket as TcpSocket } from 'node:net'
import type { TLSSocket } from 'node:tls'

/** Starts a server on 127.0.0.1 that accepts each WebSocket, sends `hello` and then sends back each message. */
export async function startEcho(server: Server): Promise<AsyncDisposable & { readonly url: string; readonly seen: string[] }> {
  const seen: string[] = []
  const sockets = new Set<TcpSocket>()
  server.on('upgrade', ({ headers }, socket: TLSSocket) => {
    seen.push(`${headers.authorization} ${socket.getPeerCertificate?.()?.subject?.CN} ${socket.servername}`)
    socket.on('error', () => undefined)
    const accept = createHash('sha1').update(`${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
    const fields = ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`, 'Sec-WebSocket-Protocol: v5']
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${fields.join('\r\n')}\r\n\r\n`)
    const send = (data: Uint8Array) => socket.write(Buffer.concat([Uint8Array.of(0x82, data.length), data]))
    send(Buffer.from('hello'))
    socket.on('data', (frame: Buffer) => {
      if ((frame[0] ?? 0) !== 0x82) return socket.end()
      const mask = frame.subarray(2, 6)
      return send(frame.subarray(6).map((byte, at) => byte ^ (mask[at & 3] ?? 0)))
    })
  })
  server.on('connection', (socket: TcpSocket) => sockets.add(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `127.0.0.1:${port}`,
    seen,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
