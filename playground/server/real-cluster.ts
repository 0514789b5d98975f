// A real API server behind the playground.
import type { Cluster } from './cluster.ts'
import { ServedCounts } from './served-counts.ts'
import { passUpgrade, type Upgrade } from './upgrades.ts'

/** A real API server behind `kubectl proxy`; read-only except for terminals, because the page does not write. */
export class RealCluster implements Cluster {
  readonly name: string
  readonly changesPerSecond: undefined
  readonly hasExtraKind: undefined
  readonly failedNode: undefined
  readonly served = new ServedCounts()
  readonly #server: string
  #connections = new AbortController()

  /** @param server its URL, such as `http://127.0.0.1:8001`; a path is kept. */
  constructor(server: string) {
    this.#server = server.replace(/\/+$/, '')
    this.name = this.#server
  }

  async fetch(request: Request): Promise<Response> {
    const { url, method, headers, signal } = request
    if (method !== 'GET') return new Response('the playground cannot change a real cluster: only GET is allowed\n', { status: 405 })
    this.served.count(request)
    const { pathname, search } = new URL(url)
    try {
      const response = await fetch(`${this.#server}${pathname}${search}`, {
        headers: { accept: headers.get('accept') ?? 'application/json' },
        signal: AbortSignal.any([signal, this.#connections.signal]),
      })
      const kept = new Headers(response.headers)
      // fetch has decompressed the body.
      for (const name of ['content-encoding', 'content-length', 'transfer-encoding']) kept.delete(name)
      return new Response(response.body, { status: response.status, headers: kept })
    } catch (error) {
      if (signal.aborted || this.#connections.signal.aborted) throw error
      return new Response(`${this.#server} does not answer; is kubectl proxy running?\n`, { status: 502 })
    }
  }

  /** Passes a WebSocket on: a terminal. */
  upgrade(upgrade: Upgrade, path: string): void {
    passUpgrade(upgrade, `${this.#server}${path}`, this.#connections.signal)
  }

  cut(): void {
    this.#connections.abort()
    this.#connections = new AbortController()
  }

  /** @throws TypeError always: the history of a real cluster cannot be dropped from here. */
  expire(): void {
    throw new TypeError('the playground cannot drop the history of a real cluster')
  }

  /** @throws TypeError always: the page does not change a real cluster. */
  rollOut(): undefined {
    throw new TypeError('the playground cannot roll out an image in a real cluster')
  }

  /** @throws TypeError always: the page does not change a real cluster. */
  toggleNode(): undefined {
    throw new TypeError('the playground cannot take a node of a real cluster down')
  }
}
