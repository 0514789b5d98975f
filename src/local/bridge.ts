// Joins a local TCP connection and a connection to a pod.

import type { Clock } from '../internal/clock'
import type { PortConnection } from '../streams/port'
import { type TcpSocket, write } from './net'

/**
 * The time for which the pod may be silent after the local side has ended its input, in milliseconds. The protocol cannot pass that end on to the
 * pod, which may wait for it.
 */
export const LINGER_MS: number = 30_000

/**
 * Copies bytes in both directions, each at the pace of its slower side, until the pod closes the connection or the local side is gone.
 *
 * @throws what breaks the connection to the pod.
 */
export async function bridge(socket: TcpSocket, remote: PortConnection, clock: Clock): Promise<void> {
  let lastByteAt = clock.now()
  let timer: unknown
  let isOver = false
  const linger = () => {
    const silence = clock.now() - lastByteAt
    if (silence >= LINGER_MS) void remote.close()
    else if (!isOver) timer = clock.setTimeout(linger, LINGER_MS - silence)
  }
  const writer = remote.writable.getWriter()
  socket.on('data', (bytes) => {
    socket.pause()
    // Once the pod has closed the connection, the rest is discarded, so that the local side's end is noticed.
    const proceed = () => void socket.resume()
    writer.write(bytes).then(proceed, proceed)
  })
  socket.on('end', () => {
    lastByteAt = clock.now()
    linger()
  })
  const close = () => void remote.close()
  if (socket.destroyed) close()
  else socket.once('close', close)
  socket.resume()
  writer.closed.catch(() => undefined)
  try {
    for await (const bytes of remote.readable) {
      lastByteAt = clock.now()
      await write(socket, bytes)
    }
    await remote.closed
    socket.end()
  } finally {
    isOver = true
    clock.clearTimeout(timer)
    await remote.close()
  }
}
