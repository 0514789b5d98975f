// The connection to a cluster, as options of a client.

import type { KubeReaderOptions } from '../http/reader'
import { abortable } from '../internal/abortable'
import type { Clock } from '../internal/clock'
import type { OpenSocket } from '../socket/socket'
import { type ConnectOptions, connect as connectInRuntime, type Transport } from './connect'
import { type Certificate, type Credential, CredentialCache } from './credentials'

/**
 * The connection to a cluster: the options of a KubeClient, and the default namespace. Disposing of it ends open requests and running
 * plugins, and closes the connections.
 */
export interface ClusterConnection extends KubeReaderOptions, AsyncDisposable {
  readonly baseUrl: string
  /** The name of the context; `undefined` in a pod. */
  readonly context: string | undefined
  /** The namespace of the context or the pod. */
  readonly namespace: string
  readonly fetch: (request: Request) => Promise<Response>
  /** Opens WebSockets with the same credentials and certificates. */
  readonly webSocket: OpenSocket
  /** Ends open requests and running plugins, and closes the connections, like `await using`. Idempotent. */
  readonly close: () => Promise<void>
}

/** The resolved settings of a connection. */
export interface ConnectionPlan extends Pick<ConnectOptions, 'ca' | 'serverName' | 'verify' | 'proxy'> {
  readonly baseUrl: string
  readonly context: string | undefined
  readonly namespace: string
  readonly headers?: Record<string, string> | undefined
  readonly impersonate?: KubeReaderOptions['impersonate']
  /** Creates a reader of the credential; aborting the signal ends a read. */
  readonly credential: (signal: AbortSignal) => () => Promise<Credential>
  readonly clock: Clock
}

/** Opens a connection lazily: the first request is sent when `fetch` is called. */
export function openConnection(plan: ConnectionPlan, connect: typeof connectInRuntime = connectInRuntime): ClusterConnection {
  const { baseUrl, context, namespace, headers, impersonate } = plan
  const closed = new AbortController()
  const credentials = new CredentialCache(plan.credential(closed.signal), plan.clock)
  const open = new Set<Promise<Transport>>()
  let current: { certificate: Certificate | undefined; transport: Promise<Transport> } | undefined

  const retire = async (transport: Promise<Transport>): Promise<void> => {
    await transport.then((one) => one.close()).catch(() => undefined)
    open.delete(transport)
  }
  // A certificate belongs to a connection, not to a request: a new certificate needs new connections. The old ones close when their
  // requests end.
  const transportWith = (certificate: Certificate | undefined): Promise<Transport> => {
    if (current && current.certificate?.cert === certificate?.cert && current.certificate?.key === certificate?.key)
      return current.transport
    if (current) void retire(current.transport)
    current = { certificate, transport: connect({ ...plan, certificate }) }
    open.add(current.transport)
    return current.transport
  }

  /** Returns what a request is sent with: the signal that also ends with the connection, the credential, and connections with its certificate. */
  const prepare = async (request: { readonly signal: AbortSignal }) => {
    const signal = AbortSignal.any([request.signal, closed.signal])
    signal.throwIfAborted()
    const credential = await abortable(credentials.get(), signal)
    return { signal, credential, transport: await abortable(transportWith(credential.certificate), signal) }
  }
  // The client caches a token until the server refuses it, but only the cache here knows when a token expires.
  const authorize = (headers: Headers, { token }: Credential): void => {
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
  }

  const close = async (): Promise<void> => {
    closed.abort(new DOMException('the connection to the cluster was closed', 'AbortError'))
    await Promise.all([...open].map(retire))
  }

  return {
    baseUrl,
    context,
    namespace,
    ...(headers && { headers }),
    ...(impersonate && { impersonate }),
    // After a 401 the client calls this again. `fetch` below has discarded the refused credential by then, so this reads a new one.
    token: async () => (await credentials.get()).token,
    async fetch(request) {
      const { signal, credential, transport } = await prepare(request)
      authorize(request.headers, credential)
      const response = await transport.fetch(request, signal)
      if (response.status === 401) credentials.refused(credential)
      return response
    },
    async webSocket(request) {
      const { signal, credential, transport } = await prepare(request)
      const headers = new Headers(request.headers)
      authorize(headers, credential)
      const result = await transport.webSocket({ ...request, headers, signal })
      if ('status' in result && result.status === 401) credentials.refused(credential)
      return result
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
