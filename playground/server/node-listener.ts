import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** Answers a request, as a `fetch` of the server's own. */
export type FetchHandler = (request: Request) => Promise<Response>

/**
 * Makes a fetch handler a listener of Node's HTTP server, or a middleware of connect's. Bodies stream both ways, and a client that goes away
 * aborts its request. A handler that rejects, or a body that breaks, breaks the connection.
 */
export function nodeListener(handler: FetchHandler): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  return (incoming, outgoing) => {
    answer(handler, incoming, outgoing).catch(() => outgoing.destroy())
  }
}

async function answer(handler: FetchHandler, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const gone = new AbortController()
  outgoing.once('close', () => gone.abort())
  const { status, headers, body } = await handler(requestOf(incoming, gone.signal))
  outgoing.writeHead(status, Object.fromEntries(headers))
  // A watch has nothing to say at first, but its headers say that it was accepted.
  outgoing.flushHeaders()
  if (body && incoming.method !== 'HEAD') await pipeline(body, outgoing)
  else {
    await body?.cancel()
    outgoing.end()
  }
}

function requestOf(incoming: IncomingMessage, signal: AbortSignal): Request {
  const { method = 'GET', url = '/', headersDistinct } = incoming
  const headers = Object.entries(headersDistinct).flatMap(([name, values = []]) => values.map((value): [string, string] => [name, value]))
  const hasBody = method !== 'GET' && method !== 'HEAD'
  // Node asks for `duplex` where a body streams; the DOM's types do not know it.
  const body = hasBody ? { body: Readable.toWeb(incoming) as ReadableStream, duplex: 'half' } : {}
  return new Request(new URL(url, `http://${headersDistinct.host?.[0] ?? '127.0.0.1'}`), { method, headers, signal, ...body })
}
