// A Worker in the thread of the test: joined ports, a started connection, and a stand-in for `Worker`.

import type { KubeClientOptions } from '../../src/http/client'
import { KubeClient } from '../../src/http/client'
import type { Clock } from '../../src/internal/clock'
import type { EntryClient } from '../../src/source/list-watch'
import { WorkerConnection } from '../../src/worker/page/connection'
import { remoteClient } from '../../src/worker/page/remote'
import { CONNECT, type ConnectionPort, type RequestMessage } from '../../src/worker/protocol'
import { serveConnection } from '../../src/worker/thread/server'

/** Returns the two ends of a connection within one thread. Messages are cloned and delivered in a microtask, not in a turn of the event loop. */
export function joinedPorts(note: (message: unknown) => void = () => {}): [ConnectionPort, ConnectionPort] {
  const ends: ConnectionPort[] = []
  const end = (other: number): ConnectionPort => {
    let isOpen = true
    const port: ConnectionPort = {
      onmessage: null,
      onmessageerror: null,
      postMessage(message: unknown) {
        if (!isOpen) return
        const data: unknown = structuredClone(message)
        note(data)
        queueMicrotask(() => (ends[other]?.onmessage as ((event: { data: unknown }) => void) | null)?.({ data }))
      },
      close() {
        isOpen = false
        port.onmessage = null
      },
    }
    ends.push(port)
    return port
  }
  return [end(1), end(0)]
}

/** Starts a connection whose Worker runs in the same thread. `fetch` is the one of the Worker. */
export function startConnection(
  { fetch, ...options }: KubeClientOptions,
  clock: Clock,
  note?: (message: unknown) => void,
): { connection: WorkerConnection; client: EntryClient } {
  const { portable, baseUrl } = new KubeClient(options)
  if (!portable) throw new TypeError('a client with hooks cannot be sent to a Worker')
  const [pagePort, workerPort] = joinedPorts(note)
  serveConnection(workerPort, { fetch, clock })
  const connection = new WorkerConnection(pagePort, portable, clock)
  return { connection, client: remoteClient(connection, baseUrl) }
}

/** The part of `Worker` that the library uses. Runs in the same thread, and sends its requests with the given `fetch`. */
export class LocalWorker extends EventTarget {
  isTerminated = false
  readonly #fetch: KubeClientOptions['fetch']
  readonly #ports: MessagePort[] = []

  constructor(fetch: KubeClientOptions['fetch']) {
    super()
    this.#fetch = fetch
  }

  get worker(): Worker {
    return this as unknown as Worker
  }

  postMessage(message: unknown, [port]: MessagePort[]): void {
    if (message !== CONNECT || !port) throw new TypeError('expected `CONNECT` and a port')
    this.#ports.push(port)
    serveConnection(port, { fetch: this.#fetch })
  }

  /** Stops sending and receiving messages, like a Worker in an endless loop. */
  hang(): void {
    for (const port of this.#ports) Object.assign(port, { onmessage: null, postMessage() {} })
  }

  /** Ends the Worker without an event, like a browser that runs out of memory. */
  terminate(): void {
    this.isTerminated = true
    for (const port of this.#ports) {
      // Ends its requests; a real Worker disappears with them.
      port.onmessage?.(new MessageEvent('message', { data: { type: 'close' } satisfies RequestMessage }))
      port.onmessage = null
      port.close()
    }
  }
}
