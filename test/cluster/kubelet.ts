// Serves container logs to an API server, like a kubelet.

import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { KubeClient } from '../../src/http/client'
import { Node } from '../../src/resources/core/v1'
import { VirtualClock } from '../../src/testing'
import { nodeListener } from '../../src/testing/node-listener.ts'
import { PodLogs } from '../../src/testing/pod-logs'
import type { Cluster } from './cluster.ts'

/** A kubelet that only serves logs, with its node. */
export interface Kubelet extends AsyncDisposable {
  readonly node: string
  readonly logs: PodLogs
  /** The clock of its timestamps. */
  readonly clock: VirtualClock
  /** The requests it received, as path and query. */
  readonly requests: readonly string[]
  /** The number of open responses. */
  readonly open: number
  /** Breaks all connections, like a restart. */
  cut(): void
}

/** Starts a kubelet's log server and registers its node. The API server accepts a certificate of any issuer. */
export async function startKubelet(cluster: Cluster, node: string): Promise<Kubelet> {
  const clock = new VirtualClock()
  const logs = new PodLogs(clock)
  const requests: string[] = []
  const certs = join(dirname(cluster.kubeconfig), 'certs')
  let open = 0
  const listener = nodeListener(async (request) => {
    const { pathname, search } = new URL(request.url)
    requests.push(pathname + search)
    const [, kind, namespace = '', name = '', container = ''] = pathname.split('/')
    return kind === 'containerLogs' ? logs.serve({ namespace, name, container }, request) : new Response('not found', { status: 404 })
  })
  const server = createServer(
    { cert: readFileSync(join(certs, 'apiserver.crt')), key: readFileSync(join(certs, 'apiserver.key')) },
    (request, response) => {
      open++
      response.once('close', () => open--)
      listener(request, response)
    },
  )
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const client = new KubeClient({ baseUrl: cluster.proxyUrl })
  const { port } = server.address() as AddressInfo
  const created = await client.create(Node, { metadata: { name: node } })
  const status = { addresses: [{ type: 'InternalIP', address: '127.0.0.1' }], daemonEndpoints: { kubeletEndpoint: { Port: port } } }
  await client.replace(Node, { ...created, status }, { subresource: 'status' })
  return {
    node,
    logs,
    clock,
    requests,
    get open() {
      return open
    },
    cut: () => server.closeAllConnections(),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
