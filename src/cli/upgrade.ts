// Passes upgrades on over a connection of their own: exec, attach and port-forward. `fetch` cannot do that in Node.
import type { Relay } from '../relay/relay'

/** The used part of Node's `http.IncomingMessage`. */
export interface UpgradedRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly rawHeaders: readonly string[]
}

/** The used part of Node's `net.Socket`. */
export interface UpgradedSocket {
  write(data: string | Uint8Array): unknown
  end(data?: string): unknown
  destroy(): unknown
  on(event: 'error' | 'close', listener: () => void): unknown
  pipe(to: UpgradedSocket): unknown
}

interface ClientRequest {
  on(event: 'upgrade', listener: (response: ClientResponse, socket: UpgradedSocket, head: Uint8Array) => void): ClientRequest
  on(event: 'response', listener: (response: ClientResponse) => void): ClientRequest
  on(event: 'error', listener: () => void): ClientRequest
  end(): unknown
  destroy(): unknown
}

interface ClientResponse extends AsyncIterable<Uint8Array> {
  readonly statusCode?: number | undefined
  readonly statusMessage?: string | undefined
  readonly rawHeaders: readonly string[]
}

interface Process {
  getBuiltinModule(name: 'node:http' | 'node:https'): { request(url: URL, options: object): ClientRequest }
}

/** Returns a listener for the `upgrade` event of Node's HTTP server. A handshake that the API server refuses is answered with its refusal. */
export function upgradeListener(
  relay: Pick<Relay, 'upgrade'>,
): (incoming: UpgradedRequest, socket: UpgradedSocket, head: Uint8Array) => void {
  return (incoming, socket, head) => {
    socket.on('error', () => socket.destroy())
    passUpgrade(relay, incoming, socket, head).catch(() => socket.destroy())
  }
}

async function passUpgrade(
  relay: Pick<Relay, 'upgrade'>,
  { method = 'GET', url = '/', rawHeaders }: UpgradedRequest,
  socket: UpgradedSocket,
  head: Uint8Array,
): Promise<void> {
  const headers = new Headers()
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) headers.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '')
  const target = await relay.upgrade(new Request(new URL(url, 'http://relay'), { headers, method }))
  if (target instanceof Response) {
    socket.end(
      `HTTP/1.1 ${target.status} ${target.statusText}\r\nconnection: close\r\ncontent-type: application/json\r\n\r\n${await target.text()}`,
    )
    return
  }
  const { process } = globalThis as unknown as { process: Process }
  const { request } = process.getBuiltinModule(target.url.protocol === 'https:' ? 'node:https' : 'node:http')
  const sent = Object.fromEntries([...target.headers].filter(([name]) => name !== 'host'))
  const outgoing = request(target.url, { method, headers: { ...sent, connection: 'Upgrade', upgrade: headers.get('upgrade') ?? '' } })
  socket.on('close', () => outgoing.destroy())
  outgoing
    .on('upgrade', (response, upstream, upstreamHead) => {
      upstream.on('error', () => socket.destroy())
      upstream.on('close', () => socket.destroy())
      socket.on('close', () => upstream.destroy())
      socket.write(headOf(response))
      if (upstreamHead.length > 0) socket.write(upstreamHead)
      if (head.length > 0) upstream.write(head)
      upstream.pipe(socket)
      socket.pipe(upstream)
    })
    .on('response', (response) => {
      void answer(response, socket)
        .catch(() => socket.destroy())
        .finally(() => outgoing.destroy())
    })
    .on('error', () => socket.end('HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 1\r\n\r\n'))
    .end()
}

async function answer(response: ClientResponse, socket: UpgradedSocket): Promise<void> {
  // The body is sent without chunks: the end of the connection is its end.
  const rawHeaders = response.rawHeaders.filter((_, at, all) => !/^(connection|transfer-encoding)$/i.test(all[at - (at % 2)] ?? ''))
  const { statusCode, statusMessage } = response
  socket.write(headOf({ statusCode, statusMessage, rawHeaders: [...rawHeaders, 'connection', 'close'] }))
  for await (const chunk of response) socket.write(chunk)
  socket.end()
}

function headOf({
  statusCode = 502,
  statusMessage = '',
  rawHeaders,
}: Pick<ClientResponse, 'statusCode' | 'statusMessage' | 'rawHeaders'>): string {
  let text = `HTTP/1.1 ${statusCode} ${statusMessage}\r\n`
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) text += `${rawHeaders[at]}: ${rawHeaders[at + 1]}\r\n`
  return `${text}\r\n`
}
