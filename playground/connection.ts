// The way from the page to its cluster: the server that sent the page, or a Worker where a static host did.
import type { Port } from './static/messages.ts'
import { portFetch } from './static/port-fetch.ts'

/** A cluster as the page reaches it. */
export interface Connection {
  /** Identifies the cluster, so that a browser never shows the stored state of one for another. */
  readonly cluster: string
  /** The text that describes the cluster. */
  readonly title: string
}

/** Connects to the cluster of the server that sent the page. Without one, `fetch` reaches a cluster in a Worker from now on. */
export function connect(): Connection {
  const cluster = servedCluster()
  if (cluster !== undefined) return { cluster, title: cluster === 'fake' ? 'a fake cluster in memory' : cluster }
  const { port, title } = openWorker()
  const { fetch: fetchFromWorker, leave } = portFetch(port)
  addEventListener('pagehide', leave)
  // A client with its own `fetch` cannot share its feeds with other tabs. The page has no other requests.
  globalThis.fetch = fetchFromWorker as typeof fetch
  return { cluster: 'worker', title }
}

/** Returns the cluster of the server that sent the page; undefined when a static host did, and the cluster runs in a Worker. */
export function servedCluster(): string | undefined {
  return document.querySelector<HTMLMetaElement>('meta[name=cluster]')?.content
}

/** Starts the Worker, or joins the one of the other tabs. It outlives a reload where the browser can keep it. */
function openWorker(): { port: Port; title: string } {
  if (!('SharedWorker' in globalThis))
    return { port: new Worker(new URL('./static/worker.ts', import.meta.url), { type: 'module' }), title: 'a fake cluster in this page' }
  const { port } = new SharedWorker(new URL('./static/worker.ts', import.meta.url), {
    type: 'module',
    name: 'cluster',
    extendedLifetime: true,
  } as WorkerOptions)
  port.start()
  return { port, title: 'a fake cluster in your browser' }
}
