// Adapts a fetch handler to Node's HTTP server.

/** Answers a request like the `fetch` of a {@link FakeApiServer}. */
export type FetchHandler = (request: Request) => Promise<Response>

/** The used part of Node's `http.IncomingMessage`. The package is compiled without Node's types, because most of it runs elsewhere. */
export interface NodeRequest extends AsyncIterable<unknown> {
  readonly method?: string | undefined
  readonly url?: string | undefined
  /** Names and values alternate, in the order of arrival. */
  readonly rawHeaders: readonly string[]
}

/** The used part of Node's `http.ServerResponse`. */
export interface NodeResponse {
  writeHead(status: number, headers: Record<string, string>): unknown
  flushHeaders(): void
  write(chunk: Uint8Array): boolean
  end(): unknown
  destroy(): unknown
  once(event: 'close' | 'drain', listener: () => void): unknown
  removeListener(event: 'close' | 'drain', listener: () => void): unknown
}

/**
 * Turns a fetch handler into a listener of Node's HTTP server, or a connect middleware. Bodies stream in both directions with backpressure,
 * and a disconnected client aborts its request. A handler that rejects, or a body that breaks, breaks the connection.
 *
 * @param handler answers each request; the URL has the host of the `Host` header.
 * @example
 * ```ts
 * const server = new FakeApiServer()
 * createServer(nodeListener(server.fetch)).listen(8001, '127.0.0.1')
 * ```
 */
export function nodeListener(handler: FetchHandler): (incoming: NodeRequest, outgoing: NodeResponse) => void {
  return (incoming, outgoing) => {
    answer(handler, incoming, outgoing).catch(() => outgoing.destroy())
  }
}

async function answer(handler: FetchHandler, incoming: NodeRequest, outgoing: NodeResponse): Promise<void> {
  const gone = new AbortController()
  outgoing.once('close', () => gone.abort())
  const { status, headers, body } = await handler(requestOf(incoming, gone.signal))
  outgoing.writeHead(status, Object.fromEntries(headers))
  // A watch has no data at first, but its headers tell the client that it was accepted.
  outgoing.flushHeaders()
  if (body && incoming.method !== 'HEAD') await send(body, outgoing, gone.signal)
  else await body?.cancel()
  outgoing.end()
}

async function send(body: ReadableStream<Uint8Array>, outgoing: NodeResponse, gone: AbortSignal): Promise<void> {
  const reader = body.getReader()
  const leave = () => void reader.cancel(gone.reason).catch(() => undefined)
  gone.addEventListener('abort', leave)
  try {
    while (!gone.aborted) {
      const { done, value } = await reader.read()
      if (done) return
      if (!outgoing.write(value)) await drained(outgoing, gone)
    }
    leave()
  } finally {
    gone.removeEventListener('abort', leave)
  }
}

/** Resolves when the client has read the written data, or has disconnected. */
function drained(outgoing: NodeResponse, gone: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      outgoing.removeListener('drain', done)
      gone.removeEventListener('abort', done)
      resolve()
    }
    outgoing.once('drain', done)
    gone.addEventListener('abort', done)
    if (gone.aborted) done()
  })
}

function requestOf(incoming: NodeRequest, signal: AbortSignal): Request {
  const { method = 'GET', url = '/', rawHeaders } = incoming
  const headers = new Headers()
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) headers.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '')
  const hasBody = method !== 'GET' && method !== 'HEAD'
  // Node requires `duplex` for a streaming body; the DOM types do not have it.
  const body = hasBody ? { body: bodyOf(incoming), duplex: 'half' } : {}
  return new Request(urlOf(url, headers.get('host') ?? '127.0.0.1'), { method, headers, signal, ...body })
}

/**
 * Returns the URL of a request target. `//` at the start is a path here, not a host; of an absolute URL from a proxy only the path counts.
 */
function urlOf(target: string, host: string): URL {
  if (target.startsWith('/')) return new URL(`http://${host}${target}`)
  const { pathname, search } = new URL(target, `http://${host}`)
  return new URL(`http://${host}${pathname}${search}`)
}

function bodyOf(incoming: NodeRequest): ReadableStream<Uint8Array> {
  const chunks = incoming[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next()
        if (done) controller.close()
        else controller.enqueue(value as Uint8Array)
      },
      cancel: () => void chunks.return?.(),
    },
    { highWaterMark: 0 },
  )
}
