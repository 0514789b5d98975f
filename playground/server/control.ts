// Answers the page's buttons: reads and changes a cluster over HTTP.
import type { Cluster, Incident } from './cluster.ts'

const MAX_RATE = 2000

/** Answers a request of the page's buttons; each response has the abilities and the state of the cluster. */
export function control(cluster: Cluster, { method, url }: Request): Response {
  const { pathname, searchParams } = new URL(url)
  try {
    const incident = method === 'POST' ? act(cluster, pathname, searchParams) : undefined
    const { changesPerSecond, hasExtraKind, failedNode, relay, isBusy } = cluster
    const { lists, watches } = cluster.served
    return Response.json({ changesPerSecond, hasExtraKind, failedNode, relay, isBusy, served: { lists, watches }, incident })
  } catch (error) {
    return Response.json({ error: error instanceof Error ? error.message : String(error) }, { status: 400 })
  }
}

function act(cluster: Cluster, pathname: string, parameters: URLSearchParams): Incident | undefined {
  if (pathname === '/cut') cluster.cut()
  else if (pathname === '/expire') cluster.expire()
  else if (pathname === '/rollout') return cluster.rollOut()
  else if (pathname === '/node') return cluster.toggleNode()
  else if (pathname === '/churn') {
    const rate = Number(parameters.get('perSecond') ?? Number.NaN)
    if (!(rate >= 0 && rate <= MAX_RATE))
      throw new RangeError(`perSecond must be a number from 0 to ${MAX_RATE}, got ${JSON.stringify(parameters.get('perSecond'))}`)
    if (cluster.changesPerSecond === undefined) throw new TypeError('the playground cannot change the rate of a real cluster')
    cluster.changesPerSecond = rate
  } else if (pathname === '/kind') {
    if (cluster.hasExtraKind === undefined) throw new TypeError('the playground cannot define kinds in a real cluster')
    cluster.hasExtraKind = parameters.get('defined') === 'true'
  } else
    throw new TypeError(
      `there is no action ${pathname}; the actions are /cut, /expire, /rollout, /node, /churn?perSecond=… and /kind?defined=true`,
    )
  return undefined
}
