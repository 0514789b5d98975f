// The floors: the least work that a comparison allows.
import { lineReader } from './lines'
import type { Metrics, Subject, Task } from './task'
import { begin, heapUsed, listThenWatch, release, signal } from './tools'

interface WatchedObject {
  readonly metadata: { readonly namespace: string; readonly name: string; readonly resourceVersion: string }
}

/** Reads the events of a watch chunk by chunk until `take` reports the last one. */
async function readWatch(task: Task, take: (chunk: Uint8Array) => boolean): Promise<Metrics> {
  const { url, path } = task
  const stop = new AbortController()
  const { body } = await fetch(`${url}${path}?watch=true`, { signal: stop.signal })
  const reader = body?.getReader()
  if (!reader) throw new Error('the watch has no body')
  const watching = await begin('watch')
  const released = release(task)
  for (let read = await reader.read(); !read.done && !take(read.value); ) read = await reader.read()
  const metrics = await watching.stop()
  await released
  stop.abort()
  return metrics
}

/** Counts bytes: the cost of the network and the load alone. */
export const bytes: Subject = (task) => {
  let count = 0
  return readWatch(task, (chunk) => {
    count += chunk.length
    return count >= task.eventBytes
  })
}

const parsing =
  (keep: (object: WatchedObject) => void): Subject =>
  (task) => {
    const linesOf = lineReader()
    return readWatch(task, (chunk) => {
      for (const line of linesOf(chunk)) {
        const { object } = JSON.parse(line) as { object: WatchedObject }
        keep(object)
        if (object.metadata.resourceVersion === task.lastVersion) return true
      }
      return false
    })
  }

/** The floor: decode, split at newlines, parse each line, keep nothing. */
export const floor: Subject = parsing(() => {})

/** The floor with each object kept by namespace and name: the minimum that keeps the state. */
export const floorAndMap: Subject = (task) => {
  const objects = new Map<string, WatchedObject>()
  return parsing((object) => objects.set(`${object.metadata.namespace}/${object.metadata.name}`, object))(task)
}

/** The minimum of a cache of parsed objects: streams, parses and keeps the state, then the events. */
export const parsedObjects: Subject = (task) =>
  listThenWatch(task, async ({ first }) => {
    const listed = signal()
    const last = signal()
    const objects = new Map<string, WatchedObject>()
    const read = async () => {
      const { body } = await fetch(`${task.url}${task.path}?watch=true&sendInitialEvents=true`)
      const reader = body?.getReader()
      const linesOf = lineReader()
      for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) {
        for (const line of linesOf(next.value)) {
          const { type, object } = JSON.parse(line) as { type: string; object: WatchedObject }
          if (type === 'BOOKMARK') listed.resolve()
          else objects.set(`${object.metadata.namespace}/${object.metadata.name}`, object)
          first()
          if (object.metadata.resourceVersion === task.lastVersion) last.resolve()
        }
      }
    }
    void read()
    return { listed: listed.promise, watched: last.promise, kept: () => objects.size }
  })

/** Reads a list and counts bytes: the cost of the network, the load and the runtime alone. */
export const listBytes: Subject = async ({ url, path }) => {
  const listing = await begin('list')
  const { body } = await fetch(`${url}${path}`)
  const reader = body?.getReader()
  for (let read = await reader?.read(); read && !read.done; ) read = await reader?.read()
  return listing.stop()
}

/** The floor of a list: `await response.json()` into a Map. */
export const responseJson: Subject = async ({ url, path, objects: expected }) => {
  const before = await heapUsed()
  const listing = await begin('list')
  const { items } = (await (await fetch(`${url}${path}`)).json()) as { items: WatchedObject[] }
  const objects = new Map(items.map((object) => [`${object.metadata.namespace}/${object.metadata.name}`, object]))
  const firstMs = listing.elapsed()
  const metrics = await listing.stop()
  items.length = 0
  const heapPerObject = ((await heapUsed()) - before) / expected
  if (objects.size !== expected) throw new Error(`${objects.size} objects, not ${expected}`)
  // Rows and table are complete at the same time.
  return { ...metrics, firstMs, tableMs: firstMs, tableCpuMs: metrics.listCpuMs ?? Number.NaN, heapPerObject }
}
