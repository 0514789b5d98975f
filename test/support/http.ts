import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'

/** Answers a request, as a `fetch` of the server's own. */
export type FetchHandler = (request: Request) => Promise<Response>

/** A server that listens. */
export interface HttpServer {
  /** Without a slash at the end. */
  readonly url: string
  /** Stops listening and breaks what is under way. */
  close(): Promise<void>
}

/**
 * Puts a fetch handler on a port of this machine. Bodies stream both ways, a slow reader slows the handler down, and a client that
 * goes away aborts its request. A handler that rejects, or a body that breaks, breaks the connection.
 *
 * @param options.port default 0: any free one.
 */
export async function serve(handler: FetchHandler, { port = 0 }: { port?: number } = {}): Promise<HttpServer> {
  const server = createServer((incoming, outgoing) => void answer(handler, incoming, outgoing))
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close }
}

async function answer(handler: FetchHandler, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const gone = new AbortController()
  outgoing.once('close', () => gone.abort())
  try {
    const response = await handler(toRequest(incoming, gone.signal))
    outgoing.writeHead(response.status, Object.fromEntries(response.headers))
    // A watch has nothing to say at first, but its headers say that it was accepted.
    outgoing.flushHeaders()
    if (incoming.method === 'HEAD') await response.body?.cancel()
    else await send(response, outgoing)
    outgoing.end()
  } catch {
    outgoing.destroy()
  }
}

async function send({ body }: Response, outgoing: ServerResponse): Promise<void> {
  for await (const chunk of body ?? []) {
    if (outgoing.write(chunk)) continue
    await new Promise<void>((resolve) => {
      outgoing.once('drain', resolve)
      outgoing.once('close', resolve)
    })
  }
}

function toRequest(incoming: IncomingMessage, signal: AbortSignal): Request {
  const method = incoming.method ?? 'GET'
  const headers = new Headers()
  for (let i = 0; i + 1 < incoming.rawHeaders.length; i += 2) headers.append(incoming.rawHeaders[i] ?? '', incoming.rawHeaders[i + 1] ?? '')
  const hasBody = method !== 'GET' && method !== 'HEAD'
  const body = hasBody ? { body: Readable.toWeb(incoming) as ReadableStream, duplex: 'half' } : {}
  return new Request(new URL(incoming.url ?? '/', `http://${incoming.headers.host}`), { method, headers, signal, ...body } as RequestInit)
}
