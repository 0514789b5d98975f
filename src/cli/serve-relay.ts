// Runs the relay of `npx kubeflect relay` on a port of this machine.
import { resourceName } from '../api/resource'
import { discover } from '../discovery/discovery'
import { nearMatches, resolveResource } from '../discovery/resolve'
import { KubeClient } from '../http/client'
import type { KubeReaderOptions } from '../http/reader'
import type { Fetch } from '../http/sender'
import { loadKubeconfig } from '../kubeconfig/load'
import type { RelayEvent } from '../relay/events'
import { relayMetrics } from '../relay/metrics'
import { createRelay } from '../relay/relay'
import { refusal, whyForeign } from '../testing/local-guard'
import { type NodeRequest, type NodeResponse, nodeListener } from '../testing/node-listener'
import { listenHere } from './listen'
import { noSuchResource, type RelayChoice, type RunningRelay } from './relay'
import { type UpgradedRequest, type UpgradedSocket, upgradeListener } from './upgrade'

/** Connects to the cluster, starts the relay and listens. */
export async function serveRelay(choice: RelayChoice): Promise<RunningRelay> {
  const { client, callerFetch, close } = await connectionOf(choice)
  try {
    const discovery = await discover(new KubeClient(client))
    const resources = choice.resources.map((name) => {
      const found = resolveResource(discovery.resources, name)
      if (!found) throw noSuchResource(name, nearMatches(discovery.resources, name))
      return found
    })
    const metrics = relayMetrics()
    const onEvent = (event: RelayEvent) => {
      metrics.onEvent(event)
      const line = choice.log && lineOf(event)
      if (line) choice.log?.(line)
    }
    const authorize = choice.authorize === 'none' ? 'none' : undefined
    const relay = createRelay({ client, callerFetch, resources, authorize, onEvent })
    const answer = (request: Request) =>
      request.method === 'GET' && new URL(request.url).pathname === '/metrics'
        ? Promise.resolve(new Response(metrics.text(relay), { headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' } }))
        : relay.fetch(request)
    // A page of another site must not use the credential of the relay, and a name that resolves to this machine is such a site.
    const isLocal = ['127.0.0.1', '::1', 'localhost'].includes(choice.address)
    const listenerOf = (port: number) =>
      nodeListener((request) => {
        const reason = isLocal ? whyForeign(request, port) : undefined
        return reason ? Promise.resolve(refusal(reason)) : answer(request)
      })
    const onUpgrade = upgradeListener(relay)
    const { url, closed } = await listenHere<NodeRequest & UpgradedRequest, NodeResponse, UpgradedSocket>(choice.port, listenerOf, {
      host: choice.address,
      option: '--listen',
      tls: choice.tls,
      onUpgrade,
    })
    const end = async () => {
      await relay.close()
      await close()
    }
    return { url, resources: resources.map(resourceName), upstream: client.baseUrl, closed: closed.finally(end) }
  } catch (error) {
    await close()
    throw error
  }
}

interface Connection {
  readonly client: KubeReaderOptions & { readonly baseUrl: string }
  readonly callerFetch: Fetch | undefined
  close(): Promise<void>
}

async function connectionOf({ server, kubeconfig: path, context }: RelayChoice): Promise<Connection> {
  if (server !== undefined) return { client: { baseUrl: server.replace(/\/+$/, '') }, callerFetch: undefined, close: async () => undefined }
  const own = await loadKubeconfig({ path, context })
  const callers = await loadKubeconfig({ path, context, credentials: 'omit' })
  const close = async () => {
    await Promise.all([own.close(), callers.close()])
  }
  return { client: own, callerFetch: callers.fetch, close }
}

/** Returns a line about a request to the API server; undefined for other events. */
function lineOf(event: RelayEvent): string | undefined {
  switch (event.type) {
    case 'passed':
      return `${event.method} passed on (${event.why}): ${event.status}`
    case 'unreachable':
      return `${event.method} not answered`
    case 'proof':
      return `list of ${resourceName(event.resource)} metadata as a proof: ${event.outcome}`
    case 'review':
      return `access review: ${event.outcome}`
    case 'feed': {
      const { event: own, resource } = event
      if (own.type === 'attempt')
        return `${own.attempt} of ${resourceName(resource)} from ${own.resourceVersion || 'the beginning'} (${own.reason})`
      if (own.type === 'probe') return `probe of ${resourceName(resource)} (${own.purpose})`
      return undefined
    }
    default:
      return undefined
  }
}
