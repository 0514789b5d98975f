// The WebSockets of the fake server, in memory.

import { listen } from '../internal/listen'
import type { OpenSocket, Socket, SocketRequest } from '../socket/socket'
import type { Upgrade } from './fake-streams'

/**
 * Opens a WebSocket in memory.
 *
 * @param answer answers the handshake. The body of an accepted one has the messages: one in each chunk, or one in each line of a watch.
 */
export async function openFakeSocket(
  { url, protocols, headers, signal }: SocketRequest,
  answer: (request: Request, upgrade: Upgrade) => Promise<Response>,
): Promise<Awaited<ReturnType<OpenSocket>>> {
  const messages = new TransformStream<Uint8Array, Uint8Array>()
  const response = await answer(new Request(url, { headers, signal }), { protocols, incoming: messages.readable })
  if (!response.ok || !response.body) return response
  const protocol = response.headers.get('sec-websocket-protocol')
  const readable = protocol === null ? response.body.pipeThrough(linesOf()) : response.body
  return socketOf({ readable, writable: messages.writable, protocol: protocol ?? protocols[0] ?? '' }, signal)
}

function socketOf(ends: Pick<Socket, 'readable' | 'writable' | 'protocol'>, signal: AbortSignal): Socket {
  const reader = ends.readable.getReader()
  let settle: (code: number) => void
  const closed = new Promise<number>((resolve) => {
    settle = resolve
  })
  let finish = () => {}
  const end = (code: number): void => {
    settle(code)
    unlisten()
    finish()
  }
  const close = (): void => {
    reader.cancel().catch(() => undefined)
    end(1000)
  }
  const unlisten = listen(signal, 'abort', close)
  const readable = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        finish = () => {
          finish = () => {}
          controller.close()
        }
      },
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (done) end(1000)
          else controller.enqueue(value)
        } catch {
          // A connection that breaks ends a socket's stream like any other end.
          end(1006)
        }
      },
      cancel() {
        finish = () => {}
        close()
      },
    },
    { highWaterMark: 0 },
  )
  return { protocol: ends.protocol, readable, writable: ends.writable, hasBackpressure: true, closed, close }
}

/** Cuts the lines of a watch into messages. */
function linesOf(): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder()
  const encoder = new TextEncoder()
  let rest = ''
  return new TransformStream({
    transform(chunk, controller) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) controller.enqueue(encoder.encode(line))
    },
  })
}
