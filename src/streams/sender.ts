// Sends the messages of a connection, and an empty one when it is silent.

import type { RequestSummary } from '../api/errors'
import type { Clock } from '../internal/clock'
import type { Socket } from '../socket/socket'
import { encode, MAX_PART } from './channels'

/** The default interval of empty messages: load balancers close connections after a minute of silence. */
export const DEFAULT_KEEP_ALIVE_MS: number = 30_000

/** The options of a connection to a pod, with their defaults filled in. */
export interface ConnectionOptions {
  readonly request: RequestSummary
  readonly maxUnread: number | undefined
  readonly keepAliveMs: number
  readonly signal: AbortSignal | undefined
  readonly clock: Clock
}

/** The sending side of a connection. */
export interface Sender {
  /** Sends bytes on a channel, in parts. Resolves when the connection accepts more. */
  write(channel: number, bytes: Uint8Array): Promise<void>
  /** Closes the connection. */
  close(): void
}

/** Starts to send on a socket. `keepAliveMs` is the silence after which an empty message is sent; 0 for never. */
export function createSender(socket: Socket, { keepAliveMs, clock }: Pick<ConnectionOptions, 'keepAliveMs' | 'clock'>): Sender {
  const writer = socket.writable.getWriter()
  writer.closed.catch(() => {})
  let interval = keepAliveMs
  let timer: unknown
  const restart = (): void => {
    clock.clearTimeout(timer)
    // Servers skip an empty message, and it proves to everything between that the connection is used.
    if (interval) timer = clock.setTimeout(() => send(new Uint8Array(0)).catch(() => {}), interval)
  }
  const send = (message: Uint8Array): Promise<void> => {
    restart()
    return writer.write(message)
  }
  restart()
  return {
    async write(channel, bytes) {
      for (let at = 0; at < bytes.length; at += MAX_PART) await send(encode(channel, bytes.subarray(at, at + MAX_PART)))
    },
    close() {
      interval = 0
      restart()
      socket.close()
    },
  }
}
