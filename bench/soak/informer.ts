// The informer of the soak test.

import { createInformer, inWorker, KubeClient, packing } from 'kubeflect'
import { Pod } from 'kubeflect/resources/core/v1'
import type { Counts, Subject } from './subject'
import { digestOf } from './texts'

/**
 * Creates a synced informer.
 *
 * @param worker the script of a Worker that makes the requests; undefined for the main thread.
 * @param pack whether texts are packed.
 */
export async function informerOf(url: string, worker: string | undefined, pack: boolean): Promise<Subject> {
  const counts: { -readonly [K in keyof Counts]: Counts[K] } = { events: 0, lost: 0, relists: 0, errors: 0 }
  const script = worker && URL.createObjectURL(new Blob([worker], { type: 'text/javascript' }))
  const informer = createInformer(new KubeClient({ baseUrl: url }), Pod, {
    ...(script && { worker: inWorker(() => new Worker(script)) }),
    ...(pack && { pack: packing() }),
    onError(error) {
      counts.errors++
      console.error(error)
    },
  })
  await informer.whenSynced()
  const { indexer } = informer
  let last = Number(indexer.resourceVersion)
  indexer.subscribe(({ type, changes, resourceVersion }) => {
    if (type === 'replace') {
      counts.relists++
      last = Number(resourceVersion)
      return
    }
    for (const { entry } of changes) {
      const version = Number(entry.resourceVersion)
      counts.events++
      counts.lost += Math.abs(version - last - 1)
      last = version
    }
  })
  const texts = function* () {
    for (const entry of indexer.list()) yield entry.text
  }
  return {
    counts,
    reach: (resourceVersion) => informer.waitForResourceVersion(resourceVersion),
    state: () => ({ objects: indexer.size, digest: digestOf(texts()), resourceVersion: indexer.resourceVersion }),
    stop: () => informer.close(),
  }
}
