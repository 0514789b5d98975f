import type { FakeApiServer } from './fake-api-server'

/**
 * One URL behind which the cluster can change, as when a cluster is deleted and created again, or when `kubectl proxy` is started with
 * another context. Each {@link FakeApiServer} has a history of its own and a `kube-system` namespace with a uid of its own; a version of one
 * may lie in the window of the other.
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

  /** @param server answers first. */
  constructor(server: FakeApiServer) {
    this.#server = server
  }

  /** Answers a request with the present server; can be passed unbound wherever a `fetch` is expected. */
  readonly fetch = (input: Request | URL | string, init?: RequestInit): Promise<Response> => this.#server.fetch(input, init)

  /** The server that answers now. */
  get server(): FakeApiServer {
    return this.#server
  }

  /**
   * Lets another server answer from now on and breaks every connection to the present one.
   *
   * @param server may have answered before.
   */
  switchTo(server: FakeApiServer): void {
    const previous = this.#server
    this.#server = server
    if (previous !== server) previous.disconnect()
  }
}
