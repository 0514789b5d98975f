// The subjects that add keys to a work queue, take them, and mark them as done.

import { WorkQueue } from 'kubeflect/controller'
import type { Metrics, Subject } from './task'
import { cpuMs } from './tools'

const BATCH = 100

/** Measures the way in which a queue's keys are added and processed. */
const measured =
  (processAll: (keys: readonly string[]) => number | Promise<number>): Subject =>
  async ({ objects }): Promise<Metrics> => {
    const keys = Array.from({ length: objects }, (_, index) => `team-${index % 20}/web-${index}`)
    const cpuBefore = await cpuMs()
    const start = performance.now()
    const count = await processAll(keys)
    const queueMs = performance.now() - start
    if (count !== objects) throw new Error(`processed ${count} keys, not ${objects}`)
    return { queueMs, queueCpuMs: (await cpuMs()) - cpuBefore }
  }

/** Adds every key twice. */
function filled(keys: readonly string[]): WorkQueue<string> {
  const queue = new WorkQueue<string>()
  for (let times = 0; times < 2; times++) for (const key of keys) queue.add(key)
  return queue
}

/** Takes keys one by one, and waits when there is none, like a worker. */
export const workQueue: Subject = measured(async (keys) => {
  const queue = filled(keys)
  let count = 0
  for (; count < keys.length; count++) {
    const key = queue.tryGet() ?? (await queue.get())
    if (key !== undefined) queue.done(key)
  }
  return count
})

/** Takes keys in batches. */
export const workQueueBatches: Subject = measured((keys) => {
  const queue = filled(keys)
  let count = 0
  for (let batch = queue.tryGetBatch(BATCH); batch.length > 0; batch = queue.tryGetBatch(BATCH)) {
    count += batch.length
    queue.doneAll(batch)
  }
  return count
})

/** Takes keys with `for await`, like the workers of a controller. */
export const workQueueLoop: Subject = measured(async (keys) => {
  const queue = filled(keys)
  queue.shutDown()
  let count = 0
  for await (const _ of queue) count++
  return count
})

/** The floor: a Set of the queued keys and a Set of those being processed, without times, waiting workers or shutdown. */
export const queueFloor: Subject = measured((keys) => {
  const queued = new Set<string>()
  const processing = new Set<string>()
  for (let times = 0; times < 2; times++) for (const key of keys) queued.add(key)
  let count = 0
  for (const key of queued) {
    queued.delete(key)
    processing.add(key)
    count++
    processing.delete(key)
  }
  return count
})
