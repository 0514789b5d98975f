// The readable streams of one connection: bounded, and read from one socket without a deadlock.

import type { Clock } from '../internal/clock'
import type { Socket } from '../socket/socket'
import { StreamOverflowError } from './errors'

/** The number of unread bytes of a stream at which the connection is paused. */
const DEFAULT_MAX_UNREAD = 1024 * 1024
/** The number of unread bytes of a stream where the connection cannot be paused. */
const DEFAULT_MAX_UNREAD_UNPAUSED = 16 * 1024 * 1024
/** The time for which a stream that is not read may block the others, in milliseconds. */
export const STALL_MS: number = 10_000

/** Returns the number of bytes that may wait to be read, unless the caller chose one. */
export function unreadLimit({ hasBackpressure }: Socket, chosen: number | undefined): number {
  return chosen ?? (hasBackpressure ? DEFAULT_MAX_UNREAD : DEFAULT_MAX_UNREAD_UNPAUSED)
}

/** One stream of a connection. */
export interface Inflow {
  readonly name: StreamOverflowError['stream']
  readonly limit: number
  readonly readable: ReadableStream<Uint8Array>
  /** Whether no more bytes should be added. */
  isFull(): boolean
  /** Resolves when the stream is read or canceled. */
  room(): Promise<void>
  /** Adds bytes; discards them after a cancel. */
  push(bytes: Uint8Array): void
  /** Ends the stream after what is unread; with an error, breaks it and discards what is unread. */
  end(error?: unknown): void
}

/**
 * Creates a stream.
 *
 * @param limit the number of bytes that may wait to be read.
 */
export function createInflow(name: StreamOverflowError['stream'], limit: number): Inflow {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  let wake = () => {}
  const readable = new ReadableStream<Uint8Array>(
    {
      start(own) {
        controller = own
      },
      pull: () => wake(),
      cancel() {
        controller = undefined
        wake()
      },
    },
    { highWaterMark: limit, size: (bytes) => bytes.length },
  )
  return {
    name,
    limit,
    readable,
    isFull: () => (controller?.desiredSize ?? 1) <= 0,
    room: () =>
      new Promise((resolve) => {
        wake = resolve
      }),
    push: (bytes) => {
      if (bytes.length > 0) controller?.enqueue(bytes)
    },
    end(error) {
      if (error === undefined) controller?.close()
      else controller?.error(error)
      controller = undefined
    },
  }
}

/**
 * Reads a socket to its end. Pauses it while a stream is full.
 *
 * @param onMessage called with each message. Returns the stream that it belongs to.
 * @throws StreamOverflowError when a full stream cannot be paused, or has no reader for {@link STALL_MS}.
 */
export async function receive(socket: Socket, onMessage: (message: Uint8Array) => Inflow | undefined, clock: Clock): Promise<void> {
  const reader = socket.readable.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    const stream = onMessage(value)
    while (stream?.isFull()) {
      let timer: unknown
      const stalled = new Promise<void>((resolve) => {
        timer = clock.setTimeout(resolve, STALL_MS)
      })
      if (socket.hasBackpressure) await Promise.race([stream.room(), stalled])
      clock.clearTimeout(timer)
      if (!socket.hasBackpressure || (stream.isFull() && !stream.readable.locked)) throw new StreamOverflowError(stream.name, stream.limit)
    }
  }
}
