import { abortable } from '../internal/abortable'
import type { Clock } from '../internal/clock'
import type { KubeReaderOptions } from '../transport/reader'
import { type ConnectOptions, connect as connectInRuntime, type Transport } from './connect'
import { type Certificate, type Credential, CredentialCache } from './credentials'

/**
 * What a KubeClient needs to reach a cluster, and the namespace to be in. Disposing of it ends open requests and a plugin that runs, and
 * closes the connections.
 */
export interface ClusterConnection extends KubeReaderOptions, AsyncDisposable {
  readonly baseUrl: string
  /** The context it was made of; `undefined` in a pod. */
  readonly context: string | undefined
  /** The context's namespace, or the pod's. */
  readonly namespace: string
  readonly fetch: (request: Request) => Promise<Response>
  /** Ends open requests and a plugin that runs, and closes the connections. Does the same as `await using`; doing it twice does no harm. */
  readonly close: () => Promise<void>
}

/** What a connection is made of. */
export interface ConnectionPlan extends Pick<ConnectOptions, 'ca' | 'serverName' | 'verify' | 'proxy'> {
  readonly baseUrl: string
  readonly context: string | undefined
  readonly namespace: string
  readonly headers?: Record<string, string> | undefined
  readonly impersonate?: KubeReaderOptions['impersonate']
  /** Reads the credential; the signal ends it. */
  readonly credential: (signal: AbortSignal) => () => Promise<Credential>
  readonly clock: Clock
}

/** Makes a connection; nothing is sent before its `fetch` is called. */
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
  // A certificate belongs to a connection, not to a request: a new one takes new connections, and the old ones end with their requests.
  const transportWith = (certificate: Certificate | undefined): Promise<Transport> => {
    if (current && current.certificate?.cert === certificate?.cert && current.certificate?.key === certificate?.key)
      return current.transport
    if (current) void retire(current.transport)
    current = { certificate, transport: connect({ ...plan, certificate }) }
    open.add(current.transport)
    return current.transport
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
    // The client asks again when the server answers 401: by then the credential was refused below, and is read anew.
    token: async () => (await credentials.get()).token,
    async fetch(request) {
      const signal = AbortSignal.any([request.signal, closed.signal])
      signal.throwIfAborted()
      const credential = await abortable(credentials.get(), signal)
      // The client holds a token until it is refused; here it is known when one expires.
      if (credential.token !== undefined) request.headers.set('authorization', `Bearer ${credential.token}`)
      const transport = await abortable(transportWith(credential.certificate), signal)
      const response = await transport.fetch(request, signal)
      if (response.status === 401) credentials.refused(credential)
      return response
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
