// Passes requests on to the API server, and its answers back. Bodies are streamed both ways.

/** Sends a request to the API server. */
export type Send = (request: Request) => Promise<Response>

/**
 * Headers that belong to one connection, and those that `fetch` sets itself.
 *
 * @see RFC 9110, section 7.6.1
 */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]
const SET_BY_FETCH = ['host', 'content-length', 'expect', 'accept-encoding']

/** Options of {@link passOn}. */
export interface PassOptions {
  /** The URL of the API server, without a trailing slash. A path is kept. */
  readonly baseUrl: string
  readonly send: Send
  /** Headers that replace those of the request. */
  readonly headers?: Headers | undefined
  /** Whether the runtime passes on upgrades; default `'refuse'`. */
  readonly upgrades?: 'pass' | 'refuse' | undefined
}

/**
 * Sends a request on with method, path, query, body and headers, except those of the connection. Asks for no compression, because `fetch`
 * would undo it. Redirects are passed back. An abort of the request, or of reading the answer, aborts the other side.
 *
 * @throws the error of `send` when there is no answer; the reason of the request's signal.
 */
export async function passOn(
  request: Request,
  { baseUrl, send, headers: own = request.headers, upgrades }: PassOptions,
): Promise<Response> {
  const { pathname, search } = new URL(request.url)
  const headers = endToEnd(own)
  for (const name of SET_BY_FETCH) headers.delete(name)
  headers.set('accept-encoding', 'identity')
  const upgrade = own.get('upgrade')
  if (upgrade && upgrades === 'pass') headers.set('upgrade', upgrade)
  // Some runtimes detach the signal of a request that is garbage-collected, so this one is held until the answer is read.
  const left = new AbortController()
  const leave = () => left.abort(request.signal.reason)
  request.signal.addEventListener('abort', leave)
  const settle = () => request.signal.removeEventListener('abort', leave)
  try {
    request.signal.throwIfAborted()
    const body = request.body ? { body: request.body, duplex: 'half' } : {}
    const { method } = request
    const response = await send(
      new Request(`${baseUrl}${pathname}${search}`, { method, headers, signal: left.signal, redirect: 'manual', ...body }),
    )
    // An accepted upgrade on Cloudflare, which only the runtime can pass on.
    if (response.status === 101) return response
    const passed = endToEnd(response.headers)
    if (passed.has('content-encoding')) for (const name of ['content-encoding', 'content-length']) passed.delete(name)
    if (!response.body) settle()
    const { status, statusText } = response
    return new Response(response.body && heldUntilRead(response.body, settle), { status, statusText, headers: passed })
  } catch (error) {
    settle()
    request.signal.throwIfAborted()
    throw error
  }
}

/** Returns the headers that are not about the connection. @see RFC 9110, section 7.6.1 */
export function endToEnd(headers: Headers): Headers {
  const passed = new Headers(headers)
  const named = (headers.get('connection') ?? '').split(',').map((name) => name.trim())
  for (const name of [...HOP_BY_HOP, ...named]) if (name) passed.delete(name)
  return passed
}

/** Returns a stream of the same chunks. Calls `settle` once it was read, was canceled or broke. */
function heldUntilRead(body: ReadableStream<Uint8Array<ArrayBuffer>>, settle: () => void): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader()
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (!done) return controller.enqueue(value)
          settle()
          controller.close()
        } catch (error) {
          settle()
          controller.error(error)
        }
      },
      cancel(reason) {
        settle()
        return reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}
