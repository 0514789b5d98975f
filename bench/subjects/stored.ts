// The subjects that persist the state.
import { createInformer, type InformerOptions, KubeClient, type Persister, packing } from 'kubeflect'
import { idbPersister } from 'kubeflect/idb'
import { Pod } from 'kubeflect/resources/core/v1'
import { sizeOf } from '../../test/guard/size-of'
import { showFirst } from './rows'
import type { Subject, Task } from './task'
import { begin, cpuMs, release, signal } from './tools'

const storageOf = ({ pack }: Pick<Task, 'pack'>): Persister => idbPersister({ database: 'bench', ...(pack && { pack: packing() }) })

function informerOf(
  { url, pack }: Task,
  { to, onArrival }: { to?: Persister | false | undefined } & Pick<InformerOptions<Pod>, 'onArrival'>,
) {
  const persist = to ? { to, cluster: 'bench', loadTimeoutMs: 60_000 } : undefined
  return createInformer(new KubeClient({ baseUrl: url }), Pod, { onArrival, persist, ...(pack && { pack: packing() }) })
}

const sent = async (url: string): Promise<number> => (await (await fetch(`${url}/sent`)).json()).bytes

/** Storage with a promise that resolves after the first commit, which has the complete state. */
function observedStorage(task: Task): { readonly to: Persister; readonly committed: Promise<void> } {
  const { promise: committed, resolve } = signal()
  const inner = storageOf(task)
  const to: Persister = {
    load: (scope, options) => inner.load(scope, options),
    clear: (scope) => inner.clear(scope),
    async commit(scope, change) {
      await inner.commit(scope, change)
      resolve()
    },
  }
  return { to, committed }
}

/** A first visit: lists, persists and leaves. */
export const firstVisit: Subject = async (task) => {
  const { to, committed } = observedStorage(task)
  const informer = informerOf(task, { to })
  await informer.whenSynced()
  // Closing the informer does not wait as long as storing 100,000 objects takes on a busy machine.
  await committed
  await informer.close()
  return {}
}

/** Reads 50 rows as soon as they arrive, from storage or a list. Waits for the complete table, then for the server's confirmation. */
export const visit: Subject = async (task) => {
  await sent(task.url)
  const cpuBefore = await cpuMs()
  const listing = await begin('list')
  let firstMs: number | undefined
  const show = showFirst(() => {
    firstMs ??= listing.elapsed()
  })
  const informer = informerOf(task, { onArrival: show, to: task.stored && storageOf(task) })
  const filled = signal()
  const unsubscribe = informer.indexer.subscribe(() => informer.indexer.size > 0 && filled.resolve())
  await filled.promise
  unsubscribe()
  const tableMs = listing.elapsed()
  const tableCpuMs = (await cpuMs()) - cpuBefore
  // Another checkout may not deliver batches before that.
  show(informer.indexer.list(), 0)
  const { source } = await informer.whenSynced()
  const metrics = await listing.stop()
  if ((source === 'persisted') !== Boolean(task.stored)) throw new Error(`the state came from ${source}`)
  if (informer.indexer.size !== task.objects) throw new Error(`${informer.indexer.size} objects, not ${task.objects}`)
  return { ...metrics, firstMs: firstMs ?? Number.NaN, tableMs, tableCpuMs, wireBytes: await sent(task.url) }
}

/** Follows events at a steady rate, with or without persistence, and measures the cost for the page and its disk. */
export const steady: Subject = async (task) => {
  const { to, committed } = observedStorage(task)
  const informer = informerOf(task, task.stored ? { to } : {})
  await informer.whenSynced()
  if (task.stored) await committed
  const written = countWrites()
  const busyBefore = await cpuMs()
  const start = performance.now()
  await release(task)
  await informer.waitForResourceVersion(task.lastVersion)
  const busyShare = ((await cpuMs()) - busyBefore) / (performance.now() - start)
  await informer.close()
  return { busyShare, ...(task.stored && { writtenPerChanged: written() / (task.events * task.keptBytes) }) }
}

/** Counts the characters that are written to IndexedDB. */
function countWrites(): () => number {
  const { put } = IDBObjectStore.prototype
  let count = 0
  IDBObjectStore.prototype.put = function (this: IDBObjectStore, value: unknown, ...key: IDBValidKey[]) {
    count += sizeOf(value)
    return put.call(this, value, ...key)
  }
  return () => count
}
