import type { Cluster } from './cluster.ts'

/** A real API server behind `kubectl proxy`: only read, since the page writes nothing. */
export class RealCluster implements Cluster {
  readonly name: string
  readonly changesPerSecond: undefined
  readonly hasExtraKind: undefined
  readonly #server: string
  #connections = new AbortController()

  /** @param server its URL, such as `http://127.0.0.1:8001`; a path is kept. */
  constructor(server: string) {
    this.#server = server.replace(/\/+$/, '')
    this.name = this.#server
  }

  async fetch({ url, method, headers, signal }: Request): Promise<Response> {
    if (method !== 'GET') return new Response('the playground only reads real clusters\n', { status: 405 })
    const { pathname, search } = new URL(url)
    try {
      const response = await fetch(`${this.#server}${pathname}${search}`, {
        headers: { accept: headers.get('accept') ?? 'application/json' },
        signal: AbortSignal.any([signal, this.#connections.signal]),
      })
      const kept = new Headers(response.headers)
      // The body is not compressed any more.
      for (const name of ['content-encoding', 'content-length', 'transfer-encoding']) kept.delete(name)
      return new Response(response.body, { status: response.status, headers: kept })
    } catch (error) {
      if (signal.aborted || this.#connections.signal.aborted) throw error
      return new Response(`${this.#server} does not answer; is kubectl proxy running?\n`, { status: 502 })
    }
  }

  cut(): void {
    this.#connections.abort()
    this.#connections = new AbortController()
  }

  /** @throws TypeError always: nobody but the cluster forgets its past. */
  expire(): void {
    throw new TypeError('a real cluster cannot be made to forget its past')
  }
}
