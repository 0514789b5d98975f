// The subjects that query a cache.
import { createInformer, KubeClient } from 'kubeflect'
import { Pod } from 'kubeflect/resources/core/v1'
import type { Metrics, Subject } from './task'
import { cpuMs } from './tools'

const BATCH_MS = 20
const BATCHES = 15

/** Returns the duration of one call in microseconds, as the median of batches, because browser clocks are coarse. */
function timed(call: () => number, expected: number): number {
  const found = call()
  if (found !== expected) throw new Error(`found ${found} objects, not ${expected}`)
  const times = Array.from({ length: BATCHES }, () => {
    const start = performance.now()
    let calls = 0
    let spent = 0
    for (; spent < BATCH_MS; spent = performance.now() - start) for (let n = 0; n < 10; n++, calls++) call()
    return (spent * 1000) / calls
  })
  return times.sort((a, b) => a - b)[BATCHES >> 1] ?? Number.NaN
}

const SELECTIONS = 200

/** Measures the first query with a selector, and the CPU time of one of many, which other work on the machine does not affect. */
async function selectorCosts(select: () => number): Promise<Metrics> {
  const cpuBefore = await cpuMs()
  const start = performance.now()
  if (select() === 0) throw new Error('the selector finds nothing')
  const selectorFirstMs = performance.now() - start
  const cpuBetween = await cpuMs()
  for (let n = 0; n < SELECTIONS; n++) select()
  const selectorCpuUs = (((await cpuMs()) - cpuBetween) * 1000) / SELECTIONS
  return { selectorFirstMs, selectorFirstCpuMs: cpuBetween - cpuBefore, selectorCpuUs }
}

const SELECTOR = 'app=web,tier!=backend'
const isSelected = (pod: Pod) => pod.metadata.labels?.app === 'web' && pod.metadata.labels.tier !== 'backend'
const isThere = (pod: Pod) => pod.metadata.namespace === 'team-4'
const NODE = 'node-7'

/** Queries a complete informer. */
export const queries: Subject = async (task) => {
  const pods = createInformer(new KubeClient({ baseUrl: task.url }), Pod, { indexers: { node: (pod) => [pod.spec?.nodeName ?? ''] } })
  await pods.whenSynced()
  const { indexer, lister } = pods
  const objects = indexer.list().map(({ object }) => object)
  const count = (is: (pod: Pod) => boolean) => objects.filter(is).length
  const key = indexer.keys().at(-1) ?? ''
  const select = () => lister.list({ labelSelector: SELECTOR }).length
  const metrics: Metrics = {
    ...(await selectorCosts(select)),
    selectorUs: timed(select, count(isSelected)),
    namespaceUs: timed(() => lister.list({ namespace: 'team-4' }).length, count(isThere)),
    indexUs: timed(
      () => indexer.byIndex('node', NODE).length,
      count((pod) => pod.spec?.nodeName === NODE),
    ),
    keyUs: timed(() => (lister.get(key) ? 1 : 0), 1),
  }
  await pods.close()
  return metrics
}

/** Searches an array of parsed objects. */
export const arrays: Subject = async ({ url, path }) => {
  const { items } = (await (await fetch(`${url}${path}`)).json()) as { items: Pod[] }
  const count = (is: (pod: Pod) => boolean) => items.filter(is).length
  const last = items.at(-1)
  const isLast = ({ metadata }: Pod) => metadata.name === last?.metadata.name && metadata.namespace === last?.metadata.namespace
  const isOnNode = (pod: Pod) => pod.spec?.nodeName === NODE
  return {
    ...(await selectorCosts(() => count(isSelected))),
    selectorUs: timed(() => count(isSelected), count(isSelected)),
    namespaceUs: timed(() => count(isThere), count(isThere)),
    indexUs: timed(() => count(isOnNode), count(isOnNode)),
    keyUs: timed(() => (items.find(isLast) ? 1 : 0), 1),
  }
}
