import type { KubeClientOptions } from '../../src/http/client'
import { KubeClient } from '../../src/http/client'

/** A `fetch` that answers from a function, and what it was asked. */
export interface Server {
  readonly requests: Request[]
  readonly fetch: (request: Request) => Promise<Response>
  /** A client of this server. */
  client(options?: KubeClientOptions): KubeClient
}

/** Makes a server of a function; what it returns is the answer, as JSON unless it is a Response. */
export function serve(answer: (request: Request, count: number) => unknown): Server {
  const requests: Request[] = []
  const fetch = async (request: Request) => {
    requests.push(request)
    const response = await answer(request, requests.length)
    return response instanceof Response ? response : Response.json(response)
  }
  return { requests, fetch, client: (options) => new KubeClient({ baseUrl: 'http://kube.test', fetch, ...options }) }
}

/** A server that never answers, whatever becomes of the request. */
export const silent = (): Server => serve(() => new Promise(() => undefined))

/** A promise and how to resolve it. */
export function deferred<T = void>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>((fulfil) => {
    resolve = fulfil
  })
  return { promise, resolve }
}

/** A body that never brings anything, and tells when it was cancelled. */
export function endlessBody(first?: Uint8Array<ArrayBuffer>): {
  body: ReadableStream<Uint8Array<ArrayBuffer>>
  cancelled: Promise<unknown>
} {
  const { promise: cancelled, resolve } = deferred<unknown>()
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      if (first) controller.enqueue(first)
    },
    cancel: resolve,
  })
  return { body, cancelled }
}

/** A Status as the server sends it. */
export function status(code: number, reason: string, message = 'no', details?: object): Response {
  return Response.json(
    { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code, ...(details && { details }) },
    { status: code },
  )
}
