// A runtime's WebSocketStream as a Socket.

import type { Socket } from './socket'

/** The part of a WebSocketStream that is used. */
export interface WebSocketStreamLike {
  readonly opened: Promise<{
    readonly protocol: string
    readonly readable: ReadableStream<ArrayBuffer | Uint8Array | string>
    readonly writable: WritableStream<Uint8Array>
  }>
  readonly closed: Promise<{ readonly closeCode?: number }>
  close(): void
}

/**
 * Waits until a WebSocketStream is open. Its streams have backpressure in both directions.
 *
 * @param unread what becomes of unread messages when it is closed: they are canceled, or read and discarded.
 */
export async function openedStream(
  stream: WebSocketStreamLike,
  signal: AbortSignal,
  unread: 'cancel' | 'read' = 'cancel',
): Promise<Socket> {
  const closed = stream.closed.then(
    ({ closeCode = 1006 }) => closeCode,
    () => 1006,
  )
  const { protocol, readable, writable } = await stream.opened
  const reader = readable.getReader()
  const close = () => {
    // The closing handshake alone would wait for messages that are unread.
    const discarded = unread === 'cancel' ? reader.cancel() : readToEnd(reader)
    discarded.catch(() => undefined)
    try {
      stream.close()
    } catch {
      // It is closed already.
    }
  }
  signal.addEventListener('abort', close, { once: true })
  void closed.finally(() => signal.removeEventListener('abort', close))
  if (signal.aborted) close()
  const messages = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        // A connection that breaks is an error of this stream; a Socket's stream just ends.
        const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }))
        if (done || value === undefined) controller.close()
        else controller.enqueue(typeof value === 'string' ? new TextEncoder().encode(value) : new Uint8Array(value))
      },
      cancel: close,
    },
    { highWaterMark: 0 },
  )
  return { protocol, readable: messages, writable, hasBackpressure: true, closed, close }
}

async function readToEnd(reader: ReadableStreamDefaultReader<unknown>): Promise<void> {
  while (!(await reader.read()).done);
}
