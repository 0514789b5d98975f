// A reverse proxy that injects faults.

import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A fault that a proxy applies to one request. */
export type ProxyFault =
  /** The request is delayed, by a number of milliseconds. */
  | { readonly type: 'delay'; readonly ms: number }
  /** The connection is reset before a response. */
  | { readonly type: 'reset' }
  /** The proxy responds itself. */
  | { readonly type: 'answer'; readonly status: number; readonly headers: Record<string, string>; readonly body: string }
  /** After a number of bytes of the body the connection is reset, or the body ends as if it were complete. */
  | { readonly type: 'cut'; readonly afterBytes: number; readonly ending: 'reset' | 'end' }
  /** The body stalls after a number of bytes, and the connection stays open. */
  | { readonly type: 'stall'; readonly afterBytes: number }

/** A reverse proxy on 127.0.0.1. */
export interface ReverseProxy extends AsyncDisposable {
  /** The base URL, without a trailing slash. */
  readonly url: string
  /** The path and query of each request, in order. */
  readonly requests: string[]
  /** Switches to another server, and resets every open connection. */
  switchTo(upstream: string): void
}

/**
 * Starts a proxy for plain HTTP.
 *
 * @param upstream the server's URL, without a trailing slash.
 * @param faultFor returns the fault of a request. Default: no faults.
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
  // A separate upstream connection for each request, so that closing one side closes the other.
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
