// Records the requests of the fake server.

import { isWatch, type ResourceRequest } from '../watch-cache/protocol'

/** The verb of a request in Kubernetes authorization; `get` also for non-resource paths. */
export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection'

/** A request to the fake server. */
export interface RequestRecord {
  readonly method: string
  readonly url: string
  readonly headers: Headers
  readonly verb: Verb
  /** The resource, such as `pods` or `deployments.apps`; the empty string for a non-resource path. */
  readonly resource: string
  readonly namespace: string
  readonly name: string
  /** The HTTP status; undefined before the response, and when there was none. */
  readonly status: number | undefined
  /** `pending` until the headers are sent, `open` until the body is read, canceled or cut. */
  readonly state: 'pending' | 'open' | 'closed'
  /** The number of bytes that were read of the body. */
  readonly bytes: number
}

/** The record of a request in progress. */
export interface TrackedRequest {
  readonly record: RequestRecord
  /** Tracks the body of the response after `shape` has transformed it. */
  answer(response: Response, shape: (body: ReadableStream<Uint8Array>) => ReadableStream<Uint8Array>): Response
  /** Marks the request as failed without a response. */
  fail(): void
}

/** Records all requests. */
export class RequestLog {
  readonly #records: RequestRecord[] = []
  readonly #cuts = new Map<RequestRecord, () => void>()

  /** All requests so far, in order. */
  get records(): readonly RequestRecord[] {
    return this.#records
  }

  /** Removes the requests that are complete. */
  clear(): void {
    this.#records.splice(0, Infinity, ...this.#records.filter(({ state }) => state !== 'closed'))
  }

  /** Breaks all responses in progress, like a lost connection. */
  cutAll(): void {
    for (const cut of [...this.#cuts.values()]) cut()
  }

  track(request: Request, target: ResourceRequest | undefined): TrackedRequest {
    const record: { -readonly [K in keyof RequestRecord]: RequestRecord[K] } = {
      method: request.method,
      url: request.url,
      headers: request.headers,
      verb: verbOf(request, target),
      resource: target ? (target.group ? `${target.plural}.${target.group}` : target.plural) : '',
      namespace: target?.namespace ?? '',
      name: target?.name ?? '',
      status: undefined,
      state: 'pending',
      bytes: 0,
    }
    this.#records.push(record)
    const close = () => {
      record.state = 'closed'
      this.#cuts.delete(record)
    }
    const answer: TrackedRequest['answer'] = (response, shape) => {
      // A WebSocket; a Response cannot have its status.
      record.status = response.headers.has('upgrade') ? 101 : response.status
      record.state = 'open'
      if (!response.body) close()
      const onBytes = (count: number) => {
        record.bytes += count
      }
      const onCut = (cut: () => void) => void this.#cuts.set(record, cut)
      const body = response.body && followed(shape(response.body), request, { onBytes, onCut, onEnd: close })
      return new Response(body, { status: response.status, headers: response.headers })
    }
    return { record, answer, fail: close }
  }
}

function verbOf(request: Request, target: ResourceRequest | undefined): Verb {
  switch (request.method) {
    case 'POST':
      return 'create'
    case 'PUT':
      return 'update'
    case 'PATCH':
      return 'patch'
    case 'DELETE':
      return target?.name ? 'delete' : 'deletecollection'
    default:
      if (!target) return 'get'
      if (isWatch(target, new URL(request.url).searchParams)) return 'watch'
      return target.name ? 'get' : 'list'
  }
}

interface Followers {
  onBytes(count: number): void
  onCut(cut: () => void): void
  onEnd(): void
}

/** Returns the stream with tracking; it ends at once when the request is aborted or cut. */
function followed(
  body: ReadableStream<Uint8Array>,
  request: Request,
  { onBytes, onCut, onEnd }: Followers,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader()
  let end = () => {}
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      start(controller) {
        const breakOff = (reason: unknown) => {
          end()
          controller.error(reason)
          reader.cancel(reason).catch(() => undefined)
        }
        const abort = () => breakOff(request.signal.reason)
        request.signal.addEventListener('abort', abort)
        onCut(() => breakOff(new TypeError('terminated')))
        end = () => {
          request.signal.removeEventListener('abort', abort)
          onEnd()
        }
      },
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (done) {
            end()
            return controller.close()
          }
          onBytes(value.byteLength)
          controller.enqueue(value as Uint8Array<ArrayBuffer>)
        } catch (error) {
          end()
          controller.error(error)
        }
      },
      async cancel(reason) {
        end()
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}
