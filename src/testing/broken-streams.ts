// Simulates network faults in streams: cut, stalled, split into other chunks, ended by a timer.

import type { Clock } from '../internal/clock'

type Bytes = ReadableStream<Uint8Array>

/** Decides for each chunk of a stream which bytes to pass on, and how to continue. */
interface Step {
  readonly pass: readonly Uint8Array[]
  /** The end of the stream after the passed bytes; default: continue. */
  readonly next?: 'error' | 'close' | 'stall' | undefined
}

/** Passes a stream on step by step. The first call of `step` has no chunk and comes before the first read. */
function reshape(body: Bytes, step: (chunk: Uint8Array | undefined) => Step): Bytes {
  const reader = body.getReader()
  let queue: Uint8Array[] = []
  let next: Step['next']
  const take = (result: Step) => {
    queue.push(...result.pass.filter(({ byteLength }) => byteLength > 0))
    next = result.next
  }
  take(step(undefined))
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          for (;;) {
            const [chunk, ...rest] = queue
            if (chunk) {
              queue = rest
              return controller.enqueue(chunk)
            }
            if (next) return await finish(next, controller)
            const { done, value } = await reader.read()
            if (done) return controller.close()
            take(step(value))
          }
        } catch (error) {
          controller.error(error)
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )

  async function finish(how: 'error' | 'close' | 'stall', controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    if (how === 'stall') return new Promise(() => {})
    if (how === 'error') controller.error(new TypeError('terminated'))
    else controller.close()
    await reader.cancel().catch(() => undefined)
  }
}

/** Ends a stream after a number of bytes. */
export function cutAfter(body: Bytes, bytes: number, ending: 'error' | 'close' | 'stall'): Bytes {
  let left = bytes
  return reshape(body, (chunk) => {
    const pass = chunk ? [chunk.subarray(0, left)] : []
    left -= pass[0]?.byteLength ?? 0
    return { pass, next: left === 0 ? ending : undefined }
  })
}

/** Stalls a stream after a number of bytes, without ending it. */
export function stallAfter(body: Bytes, bytes: number): Bytes {
  return cutAfter(body, bytes, 'stall')
}

/** Inserts a line into a stream of lines. */
export function injectLine(body: Bytes, { line, afterLines, next }: { line: string; afterLines: number; next: 'continue' | 'end' }): Bytes {
  const injected = new TextEncoder().encode(`${line}\n`)
  const ending = next === 'end' ? 'close' : undefined
  let left = afterLines
  let done = false
  return reshape(body, (chunk) => {
    if (done) return { pass: chunk ? [chunk] : [] }
    let at = 0
    while (chunk && left > 0) {
      const end = chunk.indexOf(0x0a, at)
      if (end < 0) return { pass: [chunk] }
      at = end + 1
      left--
    }
    if (left > 0) return { pass: [] }
    done = true
    return { pass: [...(chunk ? [chunk.subarray(0, at)] : []), injected, ...(chunk && !ending ? [chunk.subarray(at)] : [])], next: ending }
  })
}

/** Splits a stream into chunks of the given sizes in bytes, repeated in order; a chunk also ends at the end of each source chunk. */
export function rechunk(body: Bytes, sizes: readonly number[]): Bytes {
  let turn = 0
  return reshape(body, (chunk) => {
    const pass: Uint8Array[] = []
    for (let at = 0; chunk && at < chunk.byteLength; ) {
      const size = sizes[turn++ % sizes.length] ?? chunk.byteLength
      pass.push(chunk.subarray(at, at + size))
      at += size
    }
    return { pass }
  })
}

/** Ends a stream after a duration in milliseconds, even during a read. */
export function endAfter(body: Bytes, { ms, ending, clock }: { ms: number; ending: 'error' | 'close'; clock: Clock }): Bytes {
  const reader = body.getReader()
  let isOver = false
  let timer: unknown
  const stop = () => {
    isOver = true
    clock.clearTimeout(timer)
  }
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        timer = clock.setTimeout(() => {
          isOver = true
          if (ending === 'error') controller.error(new TypeError('terminated'))
          else controller.close()
          reader.cancel().catch(() => undefined)
        }, ms)
      },
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (isOver) return
          if (!done) return controller.enqueue(value)
          stop()
          controller.close()
        } catch (error) {
          stop()
          controller.error(error)
        }
      },
      async cancel(reason) {
        stop()
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}
