// A relay in a Durable Object with many pods: fills it, or wakes it up from its storage. relay-memory.test.ts runs this in a process with a small heap.
import { DatabaseSync } from 'node:sqlite'
import { RelayObject } from 'kubeflect/cloudflare'
import { Pod } from 'kubeflect/resources/core/v1'
import { VirtualClock } from 'kubeflect/testing'
import { live, ManyPods } from './many-pods.ts'

const [count = '1000', file = ':memory:'] = process.argv.slice(2)
const upstream = new ManyPods(Number(count))
const clock = new VirtualClock(0)
const database = new DatabaseSync(file)
let rows = 0
const storage = {
  sql: {
    exec(sql: string, ...parameters: (string | number | null)[]) {
      if (/^INSERT/.test(sql)) rows++
      const all = database.prepare(sql).all(...parameters)
      return { toArray: () => all }
    },
  },
  transactionSync<R>(work: () => R): R {
    database.exec('BEGIN')
    const result = work()
    database.exec('COMMIT')
    return result
  },
  getAlarm: async () => null,
  setAlarm: async () => undefined,
}

class Pods extends RelayObject<null> {
  readonly relayOptions = () => ({
    client: { baseUrl: 'http://upstream.test', fetch: upstream.fetch },
    callerFetch: upstream.fetch,
    resources: [Pod],
    authorize: 'none' as const,
    initialList: 'list' as const,
    clock,
  })
}

/** Reads a list, and returns its length and the number of objects. */
async function list(query: string): Promise<[status: number, characters: number]> {
  const response = await object.fetch(new Request(`http://relay.test/api/v1/pods?${query}`))
  let length = 0
  for await (const chunk of response.body ?? []) length += chunk.length
  return [response.status, length]
}

const before = live()
const start = performance.now()
const object = new Pods({ storage }, null)
const [first] = await list('resourceVersion=0&labelSelector=app=none')
const seconds = (performance.now() - start) / 1000
const wokenMB = (live() - before) / 1e6
// Two complete lists: the first one takes texts into memory as far as they fit.
const lists = [await list('resourceVersion=0'), await list('resourceVersion=0')]
await clock.advance(10_000)
const heapMB = (live() - before) / 1e6
console.log(JSON.stringify({ first, seconds, wokenMB, heapMB, lists, rows, listsUpstream: upstream.lists }))
process.exit(0)
