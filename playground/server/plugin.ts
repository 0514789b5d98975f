import type { Plugin } from 'vite'
import type { Cluster } from './cluster.ts'
import { nodeListener } from './node-listener.ts'

const MAX_RATE = 1000

/** Puts a cluster behind `/k8s` of Vite's own server, and what the page's buttons do behind `/playground`. */
export function clusterPlugin(cluster: Cluster): Plugin {
  return {
    name: 'kubeflect-playground',
    configureServer({ middlewares }) {
      middlewares.use(
        '/k8s',
        nodeListener((request) => cluster.fetch(request)),
      )
      middlewares.use(
        '/playground',
        nodeListener(async (request) => control(cluster, request)),
      )
    },
    transformIndexHtml: () => [{ tag: 'meta', attrs: { name: 'cluster', content: cluster.name }, injectTo: 'head' }],
  }
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
      throw new RangeError(`perSecond must be a number from 0 to ${MAX_RATE}, not ${JSON.stringify(parameters.get('perSecond'))}`)
    if (cluster.changesPerSecond === undefined) throw new TypeError('the changes of a real cluster are not made here')
    cluster.changesPerSecond = rate
  } else if (pathname === '/kind') {
    if (cluster.hasExtraKind === undefined) throw new TypeError('nothing is defined in a real cluster')
    cluster.hasExtraKind = parameters.get('defined') === 'true'
  } else throw new TypeError(`there is nothing to do at ${pathname}; there are /cut, /expire, /churn?perSecond=… and /kind?defined=true`)
}
