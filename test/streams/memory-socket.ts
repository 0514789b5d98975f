// A socket in memory, with the server's side of it.

import { KubeClient, type KubeClientOptions } from '../../src/http/client'
import type { Socket, SocketRequest } from '../../src/socket/socket'

/** The server's side of a socket. */
export class ServerSide {
  readonly request: SocketRequest
  readonly socket: Socket
  /** The messages of the client: channel and text; `keep-alive` for an empty one. */
  readonly received: string[] = []
  /** The client's bytes on channel 0. */
  readonly input: Uint8Array[] = []
  isClosed = false
  #settle: (code: number) => void = () => {}
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  readonly #readable: ReadableStream<Uint8Array>

  constructor(request: SocketRequest, { protocol = 'v5.channel.k8s.io', hasBackpressure = true } = {}) {
    this.request = request
    this.#readable = new ReadableStream(
      {
        start: (controller) => {
          this.#controller = controller
        },
        cancel: () => this.#close(),
      },
      { highWaterMark: 0 },
    )
    const writable = new WritableStream<Uint8Array>({
      write: (message) => {
        if (this.isClosed) throw new Error('the connection is closed')
        const [channel] = message
        const data = message.slice(1)
        this.received.push(channel === undefined ? 'keep-alive' : `${channel}:${new TextDecoder().decode(data)}`)
        if (channel === 0) this.input.push(data)
      },
    })
    request.signal.addEventListener('abort', () => this.#close())
    const closed = new Promise<number>((resolve) => {
      this.#settle = resolve
    })
    this.socket = { protocol, readable: this.#readable, writable, hasBackpressure, closed, close: () => this.#close() }
  }

  /** Sends a message on a channel. */
  send(channel: number, data: string | Uint8Array = ''): void {
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data
    this.#controller?.enqueue(Uint8Array.of(channel, ...bytes))
  }

  /** Sends the status of a command that exited, and closes the connection. */
  exit(code: number): void {
    const failure = { status: 'Failure', reason: 'NonZeroExitCode', details: { causes: [{ reason: 'ExitCode', message: String(code) }] } }
    this.send(3, JSON.stringify({ metadata: {}, ...(code === 0 ? { status: 'Success' } : failure) }))
    this.close()
  }

  /** Closes the connection, as a server does at the end. */
  close(): void {
    this.#close()
  }

  /** Breaks the connection. */
  cut(): void {
    this.#close(1006)
  }

  #close(code = 1000): void {
    if (this.isClosed) return
    this.isClosed = true
    this.#settle(code)
    try {
      this.#controller?.close()
    } catch {
      // The client has canceled it.
    }
  }
}

/** A client whose sockets are in memory. */
export interface MemoryServer {
  readonly client: KubeClient
  /** The connections, in order. */
  readonly connections: ServerSide[]
  /** The last connection. */
  readonly last: ServerSide
}

/** Creates a client whose sockets are in memory. */
export function memoryServer(options: KubeClientOptions & { protocol?: string; hasBackpressure?: boolean } = {}): MemoryServer {
  const { protocol = 'v5.channel.k8s.io', hasBackpressure = true, ...clientOptions } = options
  const connections: ServerSide[] = []
  const client = new KubeClient({
    baseUrl: 'http://kube.test',
    webSocket: async (request) => {
      const side = new ServerSide(request, { protocol, hasBackpressure })
      connections.push(side)
      return side.socket
    },
    ...clientOptions,
  })
  return {
    client,
    connections,
    get last() {
      const last = connections.at(-1)
      if (!last) throw new Error('there is no connection')
      return last
    },
  }
}
