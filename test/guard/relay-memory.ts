// Fills a relay with many pods, proves it, and lists it. relay-memory.test.ts runs this in a process with a small heap.
import { createRelay, packOnArrival } from 'kubeflect/relay'
import { Pod } from 'kubeflect/resources/core/v1'
import { VirtualClock } from 'kubeflect/testing'
import { live, ManyPods } from './many-pods.ts'

const [count = '1000'] = process.argv.slice(2)
const PODS = Number(count)

const upstream = new ManyPods(PODS)
const statuses: number[] = []
const proofs: string[] = []
const before = live()
const relay = createRelay({
  client: { baseUrl: 'http://upstream.test', fetch: upstream.fetch },
  resources: [Pod],
  authorize: 'none',
  initialList: 'list',
  // Making so many pods takes longer than a proof may.
  clock: new VirtualClock(0),
  pack: packOnArrival(),
  onEvent: (event) => {
    if (event.type === 'served') statuses.push(event.status)
    if (event.type === 'proof') proofs.push(event.outcome)
    if (event.type === 'passed') proofs.push(event.why)
  },
})
await relay.whenSynced()
const heapMB = (live() - before) / 1e6
const textMB = upstream.textLength / 1e6
const response = await relay.fetch(new Request('http://relay.test/api/v1/pods'))
let read = 0
for await (const chunk of response.body ?? []) read += chunk.length
const [status] = relay.status
console.log(JSON.stringify({ objects: status?.objects, heapMB, textMB, readMB: read / 1e6, statuses, proofs }))
await relay.close()
