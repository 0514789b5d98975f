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
    return this.server.webSocket(request)
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
