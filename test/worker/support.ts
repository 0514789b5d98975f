import type { KubeClientOptions } from '../../src/http/client'
import { KubeClient } from '../../src/http/client'
import type { Clock } from '../../src/internal/clock'
import type { EntryClient } from '../../src/source/list-watch'
import { Thread } from '../../src/worker/page/connection'
import { remoteClient } from '../../src/worker/page/remote'
import { CONNECT, type Order, type ThreadPort } from '../../src/worker/protocol'
import { serveThread } from '../../src/worker/thread/server'

/** Two ends of a connection within one thread: what is posted is cloned, and arrives as soon as nothing else runs, without a turn of the event loop. */
export function joinedPorts(note: (message: unknown) => void = () => {}): [ThreadPort, ThreadPort] {
  const ends: ThreadPort[] = []
  const end = (other: number): ThreadPort => {
    let isOpen = true
    const port: ThreadPort = {
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

/** A thread whose Worker lives in the same one. `fetch` is the Worker's. */
export function startThread(
  { fetch, ...options }: KubeClientOptions,
  clock: Clock,
  note?: (message: unknown) => void,
): { thread: Thread; client: EntryClient } {
  const { portable, baseUrl } = new KubeClient(options)
  if (!portable) throw new TypeError('hooks do not cross')
  const [here, there] = joinedPorts(note)
  serveThread(there, { fetch, clock })
  const thread = new Thread(here, portable, clock)
  return { thread, client: remoteClient(thread, baseUrl) }
}

/** What is used of a `Worker`; it runs in the same thread, and makes its requests with this `fetch`. */
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
    if (message !== CONNECT || !port) throw new TypeError('nothing else is said to a Worker')
    this.#ports.push(port)
    serveThread(port, { fetch: this.#fetch })
  }

  /** Makes it say nothing more and hear nothing more, as one that runs in an endless loop. */
  hang(): void {
    for (const port of this.#ports) Object.assign(port, { onmessage: null, postMessage() {} })
  }

  /** Ends it, as the user can, without a word to anybody. */
  terminate(): void {
    this.isTerminated = true
    for (const port of this.#ports) {
      // Ends what it does; a real one is just gone.
      port.onmessage?.(new MessageEvent('message', { data: { type: 'close' } satisfies Order }))
      port.onmessage = null
      port.close()
    }
  }
}
