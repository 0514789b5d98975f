// A WebSocket as the body of a watch.

import type { Socket } from '../socket/socket'

/** The number of unread bytes from which the server waits, where the runtime can pause it. */
const READ_AHEAD = 1024 * 1024
/** The number of unread bytes at which the connection is closed, where the runtime cannot pause the server. */
const MAX_UNREAD = 64 * 1024 * 1024
const NEWLINE = 0x0a

/**
 * Returns the messages of a watch, one event each, as lines. Chunks hold all messages that have arrived, because each chunk has a cost.
 * Ends with the connection. Where the runtime cannot pause the server, the connection ends when 64 MiB are unread; a watch then goes on from
 * the last event that was read.
 */
export function watchBody(socket: Socket): ReadableStream<Uint8Array<ArrayBuffer>> {
  const limit = socket.hasBackpressure ? READ_AHEAD : MAX_UNREAD
  const messages = socket.readable.getReader()
  let unread: Uint8Array[] = []
  let length = 0
  let isOver = false
  let arrived = () => {}
  let taken = () => {}
  const receive = async (): Promise<void> => {
    while (!isOver) {
      const { done, value } = await messages.read()
      if (done) break
      unread.push(value)
      length += value.length + 1
      arrived()
      if (length < limit) continue
      if (!socket.hasBackpressure) break
      await new Promise<void>((resolve) => {
        taken = resolve
      })
    }
    isOver = true
    socket.close()
    arrived()
  }
  return new ReadableStream(
    {
      start: () => void receive(),
      async pull(controller) {
        if (unread.length === 0 && !isOver)
          await new Promise<void>((resolve) => {
            arrived = resolve
          })
        if (unread.length === 0) return controller.close()
        controller.enqueue(linesOf(unread, length))
        unread = []
        length = 0
        taken()
      },
      cancel() {
        isOver = true
        unread = []
        socket.close()
        taken()
      },
    },
    { highWaterMark: 0 },
  )
}

/** Joins messages, each with a line end. */
function linesOf(messages: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  let at = 0
  for (const message of messages) {
    bytes.set(message, at)
    at += message.length
    if (message.at(-1) !== NEWLINE) bytes[at++] = NEWLINE
  }
  return bytes.subarray(0, at)
}
