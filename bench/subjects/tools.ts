// The measuring tools of the subjects.
import type { Metrics, Task } from './task'

declare global {
  /** Set by the driver of a page, which alone can collect and measure its heap, in bytes. */
  var measureHeap: (() => Promise<number>) | undefined
  /** Like `measureHeap`: the CPU time of the page's main thread since it was opened, in milliseconds. */
  var measureTasks: (() => Promise<number>) | undefined
  var Bun: { gc(synchronously: boolean): void } | undefined
}

/** Returns the live heap after a garbage collection, in bytes, including buffers. */
export async function heapUsed(): Promise<number> {
  if (globalThis.measureHeap) return globalThis.measureHeap()
  for (let times = 0; times < 3; times++) {
    globalThis.Bun?.gc(true)
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const { heapUsed, external } = process.memoryUsage()
  // Bun counts external memory as part of the heap.
  return 'Bun' in globalThis ? heapUsed : heapUsed + external
}

/** A running measurement. */
interface Running {
  /** Milliseconds so far. */
  elapsed(): number
  /** Ends it. Returns the wall time, the CPU time and the longest block of the thread, in milliseconds, with a prefix. */
  stop(): Promise<Metrics>
}

/** Starts a measurement. Other work on the machine affects wall time, but not CPU time. */
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

/** Returns the CPU time of the process, or of the page's main thread. */
export async function cpuMs(): Promise<number> {
  if (globalThis.measureTasks) return globalThis.measureTasks()
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Lets the load start its events. */
export async function release({ url }: Task): Promise<void> {
  await (await fetch(`${url}/go`)).arrayBuffer()
}

/** Creates a promise with its resolver. */
export function signal(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve = () => {}
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve: () => resolve() }
}

/**
 * Measures a list followed by a watch.
 *
 * @param follow starts; its first promise resolves with the complete list, the second after the last event.
 */
export async function listThenWatch(task: Task, follow: Follow): Promise<Metrics> {
  const before = await heapUsed()
  const listing = await begin('list')
  const metrics: Metrics = {}
  const first = () => {
    metrics.firstMs ??= listing.elapsed()
  }
  const { listed, watched, kept, rest } = await follow({ first })
  await listed
  Object.assign(metrics, await listing.stop())
  await rest?.()
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

/** Lists and watches; see {@link listThenWatch}. */
export type Follow = (report: { first(): void }) => Promise<{
  readonly listed: Promise<unknown>
  readonly watched: Promise<unknown>
  /** Resolves when the client has done what it does in idle time after a list. */
  rest?(): Promise<void>
  /** Returns the number of objects, to check that the measurement is complete. */
  kept(): number
}>
