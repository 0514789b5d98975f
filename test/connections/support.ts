// A server whose watches can be read over sockets in memory, as API servers offer them.

import type { KubeObject } from '../../src/api/object'
import type { Resource } from '../../src/api/resource'
import { KubeClient, type KubeClientOptions } from '../../src/http/client'
import { createInformer } from '../../src/informer/create-informer'
import type { SharedInformer } from '../../src/informer/shared-informer'
import type { Socket, SocketRequest } from '../../src/socket/socket'
import { FakeApiServer, VirtualClock } from '../../src/testing'

/** A server in virtual time, and what it was asked over sockets. */
export class SocketWorld {
  readonly clock: VirtualClock = new VirtualClock()
  readonly server: FakeApiServer
  /** The requests that asked for a socket. */
  readonly sockets: SocketRequest[] = []

  constructor(options: ConstructorParameters<typeof FakeApiServer>[0] = {}) {
    this.server = new FakeApiServer({ clock: this.clock, ...options })
  }

  client(options: KubeClientOptions = {}): KubeClient {
    return new KubeClient({
      baseUrl: 'http://kube.test',
      fetch: this.server.fetch,
      webSocket: (request) => this.open(request),
      clock: this.clock,
      ...options,
    })
  }

  /** Opens a watch as an API server does: each event is one message. */
  async open(request: SocketRequest): Promise<Socket | Response> {
    this.sockets.push(request)
    const response = await this.server.fetch(new Request(request.url, { headers: request.headers, signal: request.signal }))
    if (!response.ok || !response.body) return response
    return socketOf(response.body, request)
  }

  informer<T extends KubeObject>(client: KubeClient, resource: Resource<T>): SharedInformer<T> {
    return createInformer(client, resource, { clock: this.clock, random: () => 0.5, onWake: () => () => undefined })
  }

  /** The number of open watches that are not probes. */
  get openWatches(): number {
    return this.server.openRequests.filter(({ verb, url }) => verb === 'watch' && !isProbe(url)).length
  }
}

/** Whether a request is a short watch that tests another one. */
export function isProbe(url: string): boolean {
  return new URL(url).searchParams.get('timeoutSeconds') === '1'
}

/** Cuts the lines of a watch into messages. */
function socketOf(body: ReadableStream<Uint8Array>, { protocols, signal }: SocketRequest): Socket {
  const reader = body.getReader()
  const close = () => void reader.cancel().catch(() => undefined)
  signal.addEventListener('abort', close)
  const decoder = new TextDecoder()
  let rest = ''
  const readable = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        for (;;) {
          const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }))
          if (done) return controller.close()
          const lines = (rest + decoder.decode(value, { stream: true })).split('\n')
          rest = lines.pop() ?? ''
          for (const line of lines) controller.enqueue(new TextEncoder().encode(line))
          if (lines.length > 0) return
        }
      },
      cancel: close,
    },
    { highWaterMark: 0 },
  )
  return {
    protocol: protocols[0] ?? '',
    closed: new Promise(() => {}),
    readable,
    writable: new WritableStream(),
    hasBackpressure: true,
    close,
  }
}
