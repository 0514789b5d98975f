// What the tests of streams on a real cluster share: hashes of data, servers on ports of the pods, and a relay that can break connections.

import { createHash } from 'node:crypto'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** The SHA-256 of bytes or text, in hexadecimal digits: large data that differs gives a short message. */
export const hashOf = (data: Uint8Array | string): string => createHash('sha256').update(data).digest('hex')

/** A TCP relay that can break its connections. */
export interface Relay extends AsyncDisposable {
  readonly url: string
  /** The number of connections so far. */
  readonly connections: number
  cut(): void
}

/** Starts a relay to a server. */
export async function startRelay(target: string): Promise<Relay> {
  const { protocol, hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let connections = 0
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  const server = createServer((incoming) => {
    connections++
    const outgoing = connect(Number(port), hostname)
    for (const [from, to] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(from)
      from
        .on('error', () => undefined)
        .on('close', () => to.destroy())
        .pipe(to)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `${protocol}//127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return connections
    },
    cut,
    async [Symbol.asyncDispose]() {
      cut()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A TCP server on 127.0.0.1, whose port is one of each pod of the streaming kubelet. */
export interface PodServer extends AsyncDisposable {
  readonly port: number
  /** The number of connections so far. */
  readonly connections: number
}

/** Starts a TCP server. */
export async function startPodServer(serve: (socket: Socket) => void): Promise<PodServer> {
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    connections++
    sockets.add(socket)
    serve(socket.on('error', () => undefined))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
