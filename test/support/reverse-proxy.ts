import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a proxy does to one request instead of passing it on faithfully. */
export type ProxyFault =
  /** The request is passed on so many milliseconds late. */
  | { readonly type: 'delay'; readonly ms: number }
  /** The connection is reset before there is an answer. */
  | { readonly type: 'reset' }
  /** An answer of the proxy's own. */
  | { readonly type: 'answer'; readonly status: number; readonly headers: Record<string, string>; readonly body: string }
  /** The connection is reset after so many bytes of the body, or its body ends there as if it were complete. */
  | { readonly type: 'cut'; readonly afterBytes: number; readonly ending: 'reset' | 'end' }
  /** Nothing comes after so many bytes of the body, and the connection stays open. */
  | { readonly type: 'stall'; readonly afterBytes: number }

/** A reverse proxy on 127.0.0.1. */
export interface ReverseProxy extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string
  /** Path and query of each request, in order. */
  readonly requests: string[]
  /** Sends requests to another server from now on, and resets every open connection. */
  switchTo(upstream: string): void
}

/**
 * Starts a proxy for plain HTTP.
 *
 * @param upstream the server's URL, without a slash at the end.
 * @param faultFor what goes wrong with a request. Default: nothing.
 */
export async function startReverseProxy(
  upstream: string,
  faultFor: (request: IncomingMessage) => ProxyFault | undefined = () => undefined,
): Promise<ReverseProxy> {
  const requests: string[] = []
  let target = upstream
  const server = createServer((incoming, outgoing) => {
    requests.push(incoming.url ?? '')
    const fault = faultFor(incoming)
    if (fault?.type === 'reset') incoming.socket.resetAndDestroy()
    else if (fault?.type === 'answer') outgoing.writeHead(fault.status, fault.headers).end(fault.body)
    else if (fault?.type === 'delay') {
      const timer = setTimeout(() => forward(target, incoming, outgoing), fault.ms)
      outgoing.once('close', () => clearTimeout(timer))
    } else forward(target, incoming, outgoing, fault)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    switchTo(upstream) {
      target = upstream
      server.closeAllConnections()
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

function forward(
  upstream: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  fault?: Extract<ProxyFault, { afterBytes: number }>,
): void {
  const { method, headers } = incoming
  // A connection of its own: what ends here ends there.
  const proxied = request(upstream + incoming.url, { method, headers: { ...headers, host: new URL(upstream).host }, agent: false })
  const reset = () => incoming.socket.resetAndDestroy()
  proxied.once('error', reset)
  proxied.once('response', (response) => {
    outgoing.writeHead(response.statusCode ?? 502, response.headers).flushHeaders()
    let left = fault?.afterBytes ?? Number.POSITIVE_INFINITY
    response.on('data', (chunk: Buffer) => {
      if (left <= 0) return
      if (chunk.length < left) outgoing.write(chunk)
      else {
        const isEnd = fault?.type === 'cut' && fault.ending === 'end'
        outgoing.write(chunk.subarray(0, left), () => fault?.type === 'cut' && !isEnd && reset())
        if (isEnd) outgoing.end()
      }
      left -= chunk.length
    })
    response.once('end', () => left > 0 && outgoing.end())
    response.once('error', reset)
  })
  outgoing.once('close', () => proxied.destroy())
  incoming.pipe(proxied)
}
