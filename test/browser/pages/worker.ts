// An informer whose work a Worker does, as far as the site's policy lets it. What the test asks is in the global `page`.
import { createInformer, inWorker, KubeClient } from 'kubeflect'
import { idbPersister } from 'kubeflect/idb'
import { Pod } from 'kubeflect/resources/core/v1'

const reports: string[] = []
/** What this thread asks of the server. */
const requests: string[] = []

const { fetch } = globalThis
globalThis.fetch = (input, init) => {
  requests.push(new Request(input).url)
  return fetch(input, init)
}

/** What has arrived of the first state, in how many parts, and how much of it the store had meanwhile. */
const arrived = { objects: 0, parts: 0, inStore: 0 }

const pods = createInformer(new KubeClient({ baseUrl: '/k8s' }), Pod, {
  persist: { to: idbPersister({ database: 'worker' }), loadTimeoutMs: 30_000 },
  worker: location.search === '?main' ? undefined : inWorker(),
  onError: (error) => reports.push(String(error)),
  onArrival: (entries, before) => {
    arrived.objects = before + entries.length
    arrived.parts++
    arrived.inStore += pods.indexer.size
  },
})

const page = {
  /** What there is to know of the feed. */
  state() {
    const { source, state } = pods.status
    const objects = pods.indexer.list().map(({ key, resourceVersion }) => `${key} ${resourceVersion}`)
    return { source, state, objects: objects.sort(), storing: pods.persistence?.status, reports, requests, arrived }
  },

  flush: (): Promise<void> | undefined => pods.persistence?.flush(),

  /** The longest this thread was kept from anything else within so many milliseconds, and how many changes came. */
  async longestPause(ms: number) {
    let changes = 0
    const stop = pods.indexer.subscribe((update) => {
      changes += update.changes.length
    })
    const { port1, port2 } = new MessageChannel()
    const start = performance.now()
    let longest = 0
    for (let before = start; before - start < ms; ) {
      await new Promise((resolve) => {
        port1.onmessage = resolve
        port2.postMessage(undefined)
      })
      const now = performance.now()
      longest = Math.max(longest, now - before)
      before = now
    }
    stop()
    return { longest, changes }
  },
}

/** What the page offers its test. */
export type WorkerPage = typeof page

Object.assign(globalThis, { page })
