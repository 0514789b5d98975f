// The used part of `node:net`, which Node, Deno and Bun have. The sources are compiled without Node's types.

/** A TCP connection: `net.Socket`. */
export interface TcpSocket {
  readonly destroyed: boolean
  on(event: 'data', listener: (bytes: Uint8Array) => void): unknown
  on(event: 'end', listener: () => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  once(event: 'drain' | 'close', listener: () => void): unknown
  off(event: 'drain' | 'close', listener: () => void): unknown
  pause(): unknown
  resume(): unknown
  write(data: Uint8Array): boolean
  end(): unknown
  destroy(): unknown
  resetAndDestroy?(): unknown
}

/** A TCP server: `net.Server`. */
export interface TcpServer {
  on(event: 'connection', listener: (socket: TcpSocket) => void): unknown
  once(event: 'error', listener: (error: Error) => void): unknown
  listen(port: number, hostname: string, listening: () => void): unknown
  address(): unknown
  close(closed: () => void): unknown
}

interface Net {
  createServer(options: { allowHalfOpen: boolean }): TcpServer
}

/** Returns `node:net`. */
export function netModule(): Net {
  const { process } = globalThis as unknown as { process: { getBuiltinModule(name: 'node:net'): Net } }
  return process.getBuiltinModule('node:net')
}

/** Sends the reset of TCP, so that the client does not take a part for the whole. */
export function reset(socket: TcpSocket): void {
  if (socket.resetAndDestroy) socket.resetAndDestroy()
  else socket.destroy()
}

/** Writes, and waits until the connection accepts more or has closed. */
export async function write(socket: TcpSocket, data: Uint8Array): Promise<void> {
  if (socket.destroyed || socket.write(data)) return
  await new Promise<void>((resolve) => {
    const proceed = () => {
      socket.off('drain', proceed)
      socket.off('close', proceed)
      resolve()
    }
    socket.once('drain', proceed)
    socket.once('close', proceed)
  })
}
