// A URL whose cluster a test can replace.

import type { FakeApiServer } from './fake-api-server'

/**
 * A URL whose cluster can change, for example when a cluster is deleted and recreated, or when `kubectl proxy` restarts with another
 * context. Each {@link FakeApiServer} has its own history and a `kube-system` namespace with its own uid. A version of one server may lie in
 * the window of the other.
 *
 * @example
 * ```ts
 * const endpoint = new FakeEndpoint(new FakeApiServer({ clock }))
 * const client = new KubeClient({ baseUrl: 'http://kubernetes.test', fetch: endpoint.fetch })
 * endpoint.switchTo(new FakeApiServer({ clock, resourceVersion: 500 }))
 * ```
 */
export class FakeEndpoint {
  #server: FakeApiServer

  /** @param server the first server. */
  constructor(server: FakeApiServer) {
    this.#server = server
  }

  /** Answers a request with the current server. Bound, so that it works wherever a `fetch` is expected. */
  readonly fetch = (input: Request | URL | string, init?: RequestInit): Promise<Response> => this.#server.fetch(input, init)

  /** The current server. */
  get server(): FakeApiServer {
    return this.#server
  }

  /**
   * Switches to another server and breaks every connection to the current one.
   *
   * @param server may have been in use before.
   */
  switchTo(server: FakeApiServer): void {
    const previous = this.#server
    this.#server = server
    if (previous !== server) previous.disconnect()
  }
}
