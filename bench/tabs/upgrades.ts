// Serves the watches of a fetch handler over WebSockets: each event is one text message, as API servers send them.
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

/** Part of the handshake: RFC 6455, section 1.3. */
const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const TEXT_FRAME = 0x81

/** Accepts an upgrade, and sends the lines of the handler's response. Ends with the connection. */
export async function serveWatch(
  { url = '/', headers }: IncomingMessage,
  socket: Duplex,
  handler: (request: Request) => Promise<Response>,
): Promise<void> {
  const gone = new AbortController()
  socket.once('close', () => gone.abort()).on('error', () => gone.abort())
  const accept = createHash('sha1')
    .update(headers['sec-websocket-key'] + MAGIC)
    .digest('base64')
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`)
  try {
    const { body } = await handler(new Request(`http://server.invalid${url}`, { signal: gone.signal }))
    let rest = ''
    for await (const text of body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) socket.write(frame(Buffer.from(line)))
    }
  } catch {
    // The page has closed the connection.
  }
  socket.end()
}

function frame(payload: Buffer): Buffer {
  const { length } = payload
  if (length < 126) return Buffer.concat([Buffer.from([TEXT_FRAME, length]), payload])
  const head = length < 1 << 16 ? Buffer.alloc(4) : Buffer.alloc(10)
  head[0] = TEXT_FRAME
  if (head.length === 4) {
    head[1] = 126
    head.writeUInt16BE(length, 2)
  } else {
    head[1] = 127
    head.writeBigUInt64BE(BigInt(length), 2)
  }
  return Buffer.concat([head, payload])
}
