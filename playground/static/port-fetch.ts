// A `fetch` whose server is at the other end of a port.
import type { PageMessage, Port, WorkerMessage } from './messages.ts'

/** An open request. */
interface Call {
  readonly resolve: (response: Response) => void
  readonly fail: (error: unknown) => void
  body: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined
}

/** Statuses whose responses have no body. */
const EMPTY = [204, 205, 304]

/** The requests of a page, or of a Worker, to the cluster. */
export interface PortFetch {
  readonly fetch: (input: Request | string, init?: RequestInit) => Promise<Response>
  /** Aborts all requests when the page goes away. */
  leave(): void
  /** Fails all requests: their answers will not come. */
  fail(why: string): void
}

/** Returns a `fetch` that sends its requests through a port. */
export function portFetch(port: Port): PortFetch {
  const calls = new Map<number, Call>()
  let last = 0
  const send = (message: PageMessage) => port.postMessage(message, [])
  const end = (id: number, error?: unknown) => {
    const call = calls.get(id)
    calls.delete(id)
    if (error === undefined) call?.body?.close()
    else call?.fail(error)
  }
  port.addEventListener('message', ({ data }: MessageEvent<WorkerMessage>) => {
    const call = calls.get(data.id)
    if (!call) return
    if (data.type === 'chunk') call.body?.enqueue(data.bytes)
    else if (data.type === 'end') end(data.id)
    else if (data.type === 'error') end(data.id, brokenError(data.message))
    else {
      const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
        start: (controller) => {
          call.body = controller
        },
        cancel: () => {
          calls.delete(data.id)
          send({ type: 'abort', id: data.id })
        },
      })
      const { status } = data
      const headers = data.headers.map(([name, value]) => [name, value] as [string, string])
      call.resolve(new Response(EMPTY.includes(status) ? null : body, { status, headers }))
    }
  })
  return {
    async fetch(input, init) {
      const request = new Request(input, init)
      request.signal.throwIfAborted()
      const body = request.body === null ? undefined : await request.text()
      const { pathname, search } = new URL(request.url)
      const id = ++last
      return new Promise((resolve, reject) => {
        const call: Call = {
          resolve,
          body: undefined,
          fail: (error) => {
            reject(error)
            call.body?.error(error)
          },
        }
        calls.set(id, call)
        request.signal.addEventListener('abort', () => {
          if (!calls.has(id)) return
          send({ type: 'abort', id })
          end(id, request.signal.reason)
        })
        send({ type: 'request', id, path: pathname + search, method: request.method, headers: [...request.headers], body })
      })
    },
    leave: () => send({ type: 'leave' }),
    fail(why) {
      for (const id of [...calls.keys()]) end(id, brokenError(why))
    },
  }
}

const brokenError = (why: string): TypeError => new TypeError(`the cluster of this page broke the connection: ${why}`)
