import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { isConnectionError } from '../../src/api/errors'
import { readChunks } from '../../src/http/body'

const REQUEST = { method: 'GET', url: 'http://kubernetes.test/api/v1/pods' }
const LARGE = Uint8Array.from({ length: 1_000_000 }, (_, n) => n % 251)

/** A body that has these chunks, then goes on as it is told. */
function bodyOf(type: 'bytes' | undefined, chunks: readonly Uint8Array[], then: 'close' | 'error' | 'wait') {
  const left = chunks.map((chunk) => chunk.slice())
  const cancels: unknown[] = []
  const source = {
    pull(controller: ReadableByteStreamController | ReadableStreamDefaultController<Uint8Array>) {
      const chunk = left.shift()
      if (chunk) return controller.enqueue(chunk as Uint8Array<ArrayBuffer>)
      if (then === 'error') return controller.error(new TypeError('the connection broke'))
      if (then === 'wait') return new Promise<void>(() => {})
      controller.close()
      // A stream of bytes closes when the request that waits has been answered.
      if ('byobRequest' in controller) controller.byobRequest?.respond(0)
    },
    cancel: (reason: unknown) => void cancels.push(reason),
  }
  const stream = type
    ? new ReadableStream({ type, ...source } as UnderlyingByteSource)
    : new ReadableStream(source as UnderlyingDefaultSource)
  return { response: new Response(stream), cancels }
}

async function read(response: Response, signal?: AbortSignal): Promise<{ readonly bytes: number[]; readonly sizes: number[] }> {
  const bytes: number[] = []
  const sizes: number[] = []
  for await (const chunk of readChunks(response, REQUEST, { signal })) {
    sizes.push(chunk.length)
    for (const byte of chunk) bytes.push(byte)
  }
  return { bytes, sizes }
}

describe.each([
  ['a stream of bytes', 'bytes'],
  ['any other stream', undefined],
] as const)('a body that is %s', (_what, type) => {
  it('a body is read completely, in chunks of at most 256 KiB', async () => {
    const { bytes, sizes } = await read(bodyOf(type, [LARGE.subarray(0, 10), LARGE.subarray(10)], 'close').response)
    expect(bytes).toEqual([...LARGE])
    expect(Math.max(...sizes)).toBe(256 * 1024)
    expect(sizes[0]).toBe(10)
  })

  it('a body that was read leaves no listener on either signal', async () => {
    const [signal, end] = [new AbortController().signal, new AbortController().signal]
    for await (const _ of readChunks(bodyOf(type, [LARGE], 'close').response, REQUEST, { signal, end }));
    expect([signal, end].map((either) => getEventListeners(either, 'abort'))).toEqual([[], []])
  })

  it('a body may be empty', async () => {
    expect(await read(bodyOf(type, [], 'close').response)).toEqual({ bytes: [], sizes: [] })
  })

  it('a body that breaks off is a ConnectionError, after the data before it', async () => {
    const pieces: number[] = []
    const reading = async () => {
      for await (const { length } of readChunks(bodyOf(type, [LARGE.subarray(0, 10)], 'error').response, REQUEST, {})) pieces.push(length)
    }
    await expect(reading()).rejects.toSatisfy(isConnectionError)
    expect(pieces).toEqual([10])
  })

  it('an abort cancels a body at once, with its reason', async () => {
    const { response, cancels } = bodyOf(type, [LARGE.subarray(0, 10)], 'wait')
    const controller = new AbortController()
    const reading = read(response, controller.signal)
    await new Promise((resolve) => setImmediate(resolve))
    controller.abort('enough')
    await expect(reading).rejects.toBe('enough')
    expect(cancels).toEqual(['enough'])
  })

  it('leaving the loop cancels a body', async () => {
    const { response, cancels } = bodyOf(type, [LARGE], 'wait')
    for await (const _ of readChunks(response, REQUEST, { signal: AbortSignal.timeout(60_000) })) break
    expect(cancels).toEqual([undefined])
  })
})
