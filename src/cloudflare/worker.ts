// The Worker in front of the Durable Objects of a relay.

import { addressed, type RelayNamespace, ROOT_NAME } from './parts'

/** Options of {@link relayWorker}. */
export interface RelayWorkerOptions<Env> {
  /** Returns the binding of the class that extends `RelayObject`. */
  readonly objects: (env: Env) => RelayNamespace
  /**
   * The number of leaves, objects that watch the root and serve some of the clients each. One for every 500 to 1,000 watchers. Default 0:
   * the root serves all clients.
   */
  readonly leaves?: number | undefined
}

/** A module Worker. */
export interface RelayWorker<Env> {
  fetch(request: Request, env: Env): Promise<Response>
}

/**
 * Makes a Worker that sends each client to an object of the relay. The same client always gets the same one.
 *
 * @throws RangeError when the number of leaves is not a whole number from 0 to 1,000.
 * @example
 * ```ts
 * interface Env {
 *   readonly RELAY: RelayNamespace
 * }
 * export default relayWorker<Env>({ objects: (env) => env.RELAY, leaves: 20 })
 * ```
 */
export function relayWorker<Env>({ objects, leaves = 0 }: RelayWorkerOptions<Env>): RelayWorker<Env> {
  if (!Number.isInteger(leaves) || leaves < 0 || leaves > 1000)
    throw new RangeError(`relayWorker: leaves must be a whole number from 0 to 1000, got ${leaves}`)
  return {
    async fetch(request, env) {
      const namespace = objects(env)
      const name = leaves === 0 ? ROOT_NAME : `leaf-${hashOf(clientOf(request)) % leaves}`
      const response = await namespace.get(namespace.idFromName(name)).fetch(addressed(request, leaves === 0 ? 'root' : 'leaf'))
      if (!new URL(request.url).searchParams.has('watch') || !response.body) return response
      // A proxy that compresses would hold events back.
      const headers = new Headers(response.headers)
      headers.set('cache-control', 'no-cache, no-transform, private')
      return new Response(response.body, { status: response.status, headers })
    },
  }
}

/** Returns the headers that tell clients apart. Only their hash is used. */
const clientOf = ({ headers }: Request): string =>
  ['cf-connecting-ip', 'authorization', 'impersonate-user', 'user-agent'].map((name) => headers.get(name) ?? '').join('\n')

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}
