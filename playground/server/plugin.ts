import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Connect, HttpServer, Plugin } from 'vite'
import { whyForeign } from '../../src/testing/local-guard'
import { nodeListener } from '../../src/testing/node-listener'
import type { Cluster } from './cluster.ts'

const MAX_RATE = 1000

/**
 * Serves a cluster at `/k8s` of Vite's server, and the actions of the page's buttons at `/playground`. Refuses every request and upgrade
 * from a page of another site, including Vite's own paths, because the cluster may be a real one.
 */
export function clusterPlugin(cluster: Cluster): Plugin {
  return {
    name: 'kubeflect-playground',
    configureServer(server) {
      guard(server)
      server.middlewares.use(
        '/k8s',
        nodeListener((request) => cluster.fetch(request)),
      )
      server.middlewares.use(
        '/playground',
        nodeListener(async (request) => control(cluster, request)),
      )
    },
    configurePreviewServer: guard,
    transformIndexHtml: () => [{ tag: 'meta', attrs: { name: 'cluster', content: cluster.name }, injectTo: 'head' }],
  }
}

/** Refuses requests from other sites, before any other middleware. */
function guard({ middlewares, httpServer }: { middlewares: Connect.Server; httpServer: HttpServer | null }): void {
  middlewares.use((incoming, outgoing, next) => {
    const reason = objection(incoming)
    if (!reason) return next()
    outgoing.writeHead(403, { 'content-type': 'text/plain; charset=utf-8' }).end(`${reason}\n`)
  })
  // Destroys the socket, so that Vite's own listener finds it closed.
  httpServer?.prependListener('upgrade', (incoming: IncomingMessage, socket: Duplex) => {
    if (objection(incoming)) socket.destroy()
  })
}

function objection({ method = 'GET', headers, socket }: IncomingMessage): string | undefined {
  const get = (name: string) => {
    const value = headers[name]
    return value === undefined ? null : String(value)
  }
  return whyForeign({ method, headers: { get } }, socket.localPort ?? 0)
}

function control(cluster: Cluster, { method, url }: Request): Response {
  const { pathname, searchParams } = new URL(url)
  try {
    if (method === 'POST') act(cluster, pathname, searchParams)
    return Response.json({ changesPerSecond: cluster.changesPerSecond, hasExtraKind: cluster.hasExtraKind })
  } catch (error) {
    return Response.json({ error: error instanceof Error ? error.message : String(error) }, { status: 400 })
  }
}

function act(cluster: Cluster, pathname: string, parameters: URLSearchParams): void {
  if (pathname === '/cut') cluster.cut()
  else if (pathname === '/expire') cluster.expire()
  else if (pathname === '/churn') {
    const rate = Number(parameters.get('perSecond') ?? Number.NaN)
    if (!(rate >= 0 && rate <= MAX_RATE))
      throw new RangeError(`perSecond must be a number from 0 to ${MAX_RATE}, got ${JSON.stringify(parameters.get('perSecond'))}`)
    if (cluster.changesPerSecond === undefined) throw new TypeError('the playground cannot change the rate of a real cluster')
    cluster.changesPerSecond = rate
  } else if (pathname === '/kind') {
    if (cluster.hasExtraKind === undefined) throw new TypeError('the playground cannot define kinds in a real cluster')
    cluster.hasExtraKind = parameters.get('defined') === 'true'
  } else throw new TypeError(`there is no action ${pathname}; the actions are /cut, /expire, /churn?perSecond=… and /kind?defined=true`)
}
