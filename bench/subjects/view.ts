// The subjects that show a sorted, filtered table.
import { createInformer, createView, entryFromText, KubeClient } from 'kubeflect'
import { Pod } from 'kubeflect/resources/core/v1'
import type { Metrics, Subject } from './task'

const ROWS = 50
const CHANGES = 200
const SELECTOR = 'tier=frontend'

const timed = (work: () => unknown): number => {
  const start = performance.now()
  work()
  return performance.now() - start
}

/** A table's view of a complete informer: filtered by a label, sorted by start time, with 50 rows. */
export const view: Subject = async (task) => {
  const pods = createInformer(new KubeClient({ baseUrl: task.url }), Pod)
  await pods.whenSynced()
  const { indexer } = pods
  const options = {
    filter: { labelSelector: SELECTOR },
    sort: { by: ({ object }: { object: Pod }) => object.status?.startTime, descending: true },
    window: { limit: ROWS },
  }
  const metrics: Metrics = {}
  const shown = createView(indexer, options)
  metrics.firstMs = timed(() => shown.flush())
  const before = shown.total
  const changed = indexer.list().slice(0, CHANGES)
  const updates = changed.map(({ text, resourceVersion }) => entryFromText<Pod>(text.replace(resourceVersion, `2${resourceVersion}`)))
  metrics.changeUs =
    (timed(() => {
      for (const entry of updates) {
        indexer.add(entry)
        shown.flush()
      }
    }) *
      1000) /
    CHANGES
  if (shown.total !== before || shown.snapshot.rows.length !== ROWS) throw new Error('the view has lost rows')
  const scroll = () => {
    for (let n = 1; n <= CHANGES; n++) shown.update({ window: { offset: (n * 7) % (before - ROWS), limit: ROWS } })
  }
  metrics.windowUs = (timed(scroll) * 1000) / CHANGES
  metrics.searchMs = timed(() => {
    shown.update({ filter: { ...options.filter, search: { text: 'team-8 web' } }, window: { limit: ROWS } })
    shown.flush()
  })
  await pods.close()
  return metrics
}

/** The same table without a view: filters, sorts and slices the whole array after each change. */
export const arrayView: Subject = async ({ url, path }) => {
  const { items } = (await (await fetch(`${url}${path}`)).json()) as { items: Pod[] }
  const isShown = (pod: Pod) => pod.metadata.labels?.tier === 'frontend'
  const startOf = (pod: Pod) => pod.status?.startTime ?? ''
  const byStart = (a: Pod, b: Pod) => (startOf(a) < startOf(b) ? 1 : startOf(a) > startOf(b) ? -1 : 0)
  let rows: Pod[] = []
  const show = (is = isShown) => {
    rows = items.filter(is).sort(byStart).slice(0, ROWS)
  }
  const metrics: Metrics = { firstMs: timed(show) }
  const times = 20
  metrics.changeUs =
    (timed(() => {
      for (let n = 0; n < times; n++) {
        items[n] = { ...(items[n] as Pod) }
        show()
      }
    }) *
      1000) /
    times
  metrics.searchMs = timed(() =>
    show((pod) => isShown(pod) && ['team-8', 'web'].every((word) => `${pod.metadata.namespace}/${pod.metadata.name}`.includes(word))),
  )
  if (rows.length === 0) throw new Error('nothing was found')
  return metrics
}
