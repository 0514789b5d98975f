// Fills a relay with many pods, proves it, and lists it. relay-memory.test.ts runs this in a process with a small heap.
import { createRelay, packOnArrival } from 'kubeflect/relay'
import { Pod } from 'kubeflect/resources/core/v1'
import { podFixture, VirtualClock, workloadPodFixture } from 'kubeflect/testing'

const [count = '1000'] = process.argv.slice(2)
const PODS = Number(count)
const VERSION = String(PODS + 1)

/** A pod of 300 workloads, with managedFields, which a relay keeps. */
function pod(index: number) {
  const { kind: _, apiVersion: __, metadata, ...rest } = workloadPodFixture(index)
  const { managedFields } = podFixture(index % 300).metadata
  return { metadata: { ...metadata, resourceVersion: String(index + 1), managedFields }, ...rest }
}

/** Writes a list as it is read, so that the server itself takes no memory. */
function listOf(kind: string, item: (index: number) => string): Response {
  const encoder = new TextEncoder()
  let index = 0
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        let text = index === 0 ? `{"kind":"${kind}List","apiVersion":"v1","metadata":{"resourceVersion":"${VERSION}"},"items":[` : ''
        for (const end = Math.min(index + 20, PODS); index < end; index++) text += `${index === 0 ? '' : ','}${item(index)}`
        if (index === PODS) text += ']}\n'
        controller.enqueue(encoder.encode(text))
        if (index === PODS) controller.close()
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body, { headers: { 'content-type': 'application/json' } })
}

let textLength = 0
const upstream = async ({ url, headers, signal }: Request): Promise<Response> => {
  if (new URL(url).searchParams.has('watch'))
    return new Response(
      new ReadableStream({ start: (controller) => signal.addEventListener('abort', () => controller.error(signal.reason)) }),
    )
  if (headers.get('accept')?.includes('PartialObjectMetadataList'))
    return listOf('PartialObjectMetadata', (index) => JSON.stringify({ metadata: pod(index).metadata }))
  return listOf('Pod', (index) => {
    const text = JSON.stringify(pod(index))
    textLength += text.length
    return text
  })
}

const live = (): number => {
  for (let times = 0; times < 3; times++) globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const statuses: number[] = []
const proofs: string[] = []
const before = live()
const relay = createRelay({
  client: { baseUrl: 'http://upstream.test', fetch: upstream },
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
const textMB = textLength / 1e6
const response = await relay.fetch(new Request('http://relay.test/api/v1/pods'))
let read = 0
for await (const chunk of response.body ?? []) read += chunk.length
const [status] = relay.status
console.log(JSON.stringify({ objects: status?.objects, heapMB, textMB, readMB: read / 1e6, statuses, proofs }))
await relay.close()
