import type { Metrics, Task } from './task'

declare global {
  /** Put there by what drives a page, which alone can have its garbage collected and counted: bytes. */
  var measureHeap: (() => Promise<number>) | undefined
  /** As `measureHeap`: for how many milliseconds the page's main thread had a processor since it was opened. */
  var measureTasks: (() => Promise<number>) | undefined
  var Bun: { gc(synchronously: boolean): void } | undefined
}

/** How many bytes live objects take, buffers included, after the garbage was collected. */
export async function heapUsed(): Promise<number> {
  if (globalThis.measureHeap) return globalThis.measureHeap()
  for (let times = 0; times < 3; times++) {
    globalThis.Bun?.gc(true)
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const { heapUsed, external } = process.memoryUsage()
  // Bun counts what is outside of the heap to the heap as well.
  return 'Bun' in globalThis ? heapUsed : heapUsed + external
}

/** A measurement that runs. */
interface Running {
  /** Milliseconds so far. */
  elapsed(): number
  /** Ends it: how long it took, how much of the processor, and the longest time that nothing else could run, in milliseconds behind a prefix. */
  stop(): Promise<Metrics>
}

/** Begins to measure. Whatever else the machine does is in the time, and not in the time of the processor. */
export async function begin(prefix: 'list' | 'watch'): Promise<Running> {
  const cpuBefore = await cpuMs()
  const start = performance.now()
  let last = start
  let longest = 0
  const look = () => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
  }
  const timer = setInterval(look, 1)
  return {
    elapsed: () => performance.now() - start,
    async stop() {
      clearInterval(timer)
      look()
      return { [`${prefix}Ms`]: last - start, [`${prefix}PauseMs`]: longest, [`${prefix}CpuMs`]: (await cpuMs()) - cpuBefore }
    },
  }
}

/** For how long the process, or the page's main thread, has had a processor. */
export async function cpuMs(): Promise<number> {
  if (globalThis.measureTasks) return globalThis.measureTasks()
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Has the load begin with its events. */
export async function release({ url }: Task): Promise<void> {
  await (await fetch(`${url}/go`)).arrayBuffer()
}

/** A promise and what settles it. */
export function signal(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve = () => {}
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve: () => resolve() }
}

/**
 * Measures somebody who lists, then watches.
 *
 * @param follow starts; its first promise resolves when everything is there, the second when the last event was taken.
 */
export async function listThenWatch(task: Task, follow: Follow): Promise<Metrics> {
  const before = await heapUsed()
  const listing = await begin('list')
  const metrics: Metrics = {}
  const first = () => {
    metrics.firstMs ??= listing.elapsed()
  }
  const { listed, watched, kept } = await follow({ first })
  await listed
  Object.assign(metrics, await listing.stop())
  metrics.heapPerObject = ((await heapUsed()) - before) / task.objects
  if (task.events > 0) {
    const watching = await begin('watch')
    await release(task)
    await watched
    Object.assign(metrics, await watching.stop())
  }
  const count = kept()
  if (count !== task.objects) throw new Error(`${task.subject} has ${count} objects, not ${task.objects}`)
  return metrics
}

/** How somebody lists and watches; see {@link listThenWatch}. */
export type Follow = (report: { first(): void }) => Promise<{
  readonly listed: Promise<unknown>
  readonly watched: Promise<unknown>
  /** How many objects there are, so that what is measured is known to be all. */
  kept(): number
}>
