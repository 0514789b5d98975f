// An API server with any number of pods, which makes them as they are read, and the memory of this process.
import { podFixture, workloadPodFixture } from 'kubeflect/testing'

/** A pod of 300 workloads, with managedFields, which a relay keeps. */
export function pod(index: number) {
  const { kind: _, apiVersion: __, metadata, ...rest } = workloadPodFixture(index)
  const { managedFields } = podFixture(index % 300).metadata
  return { metadata: { ...metadata, resourceVersion: String(index + 1), managedFields }, ...rest }
}

/** Writes a list as it is read, so that the server itself takes no memory. */
function listOf(kind: string, count: number, metadata: object, item: (index: number) => string): Response {
  const encoder = new TextEncoder()
  let index = 0
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        let text = index === 0 ? `{"kind":"${kind}List","apiVersion":"v1","metadata":${JSON.stringify(metadata)},"items":[` : ''
        for (const end = Math.min(index + 20, count); index < end; index++) text += `${index === 0 ? '' : ','}${item(index)}`
        if (index === count) text += ']}\n'
        controller.enqueue(encoder.encode(text))
        if (index === count) controller.close()
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body, { headers: { 'content-type': 'application/json' } })
}

/** Serves the pods, and watches without events. Counts the characters of the pods, and the requests. */
export class ManyPods {
  readonly #count: number
  textLength = 0
  lists = 0

  constructor(count: number) {
    this.#count = count
  }

  readonly fetch = async ({ url, headers, signal }: Request): Promise<Response> => {
    const { searchParams } = new URL(url)
    const metadata = { resourceVersion: String(this.#count + 1) }
    if (searchParams.has('watch'))
      return new Response(
        new ReadableStream({ start: (controller) => signal.addEventListener('abort', () => controller.error(signal.reason)) }),
      )
    if (headers.get('accept')?.includes('PartialObjectMetadataList'))
      return listOf('PartialObjectMetadata', this.#count, metadata, (index) => JSON.stringify({ metadata: pod(index).metadata }))
    // Shows that the history of a version is still there.
    if (searchParams.get('limit') === '1')
      return listOf('Pod', 1, { ...metadata, continue: 'more', remainingItemCount: this.#count - 1 }, (index) => JSON.stringify(pod(index)))
    this.lists++
    return listOf('Pod', this.#count, metadata, (index) => {
      const text = JSON.stringify(pod(index))
      this.textLength += text.length
      return text
    })
  }
}

/** The bytes in use after a garbage collection. */
export const live = (): number => {
  for (let times = 0; times < 3; times++) globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
