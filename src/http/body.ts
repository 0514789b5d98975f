// Reads the body of a response, as chunks or as text.

import { ConnectionError, KubeError, type RequestSummary } from '../api/errors'
import type { RequestOptions } from '../api/options'
import { listen } from '../internal/listen'
import { Slices } from '../internal/turn'

/**
 * The size of a read, in bytes. Smaller reads cost more: most chunks end inside a line, and V8 copies texts below 128 KiB during garbage
 * collection. Larger reads block the page without a gain.
 */
const PIECE = 256 * 1024

/** Options of {@link readChunks}. */
export interface ReadChunksOptions extends RequestOptions {
  /** Ends the body without an error when it is aborted. */
  end?: AbortSignal | undefined
}

/**
 * Reads a response's body in chunks. Yields to the event loop every 8 ms if data arrives faster than it is processed. Ends at once when the
 * signal is aborted, even if the runtime's `fetch` does not. Leaving the loop closes the connection.
 *
 * A chunk is valid until the next one is requested: where the runtime supports it, all reads share one buffer. In Chromium this takes a
 * third of the time of allocating a buffer for each.
 *
 * @throws the signal's reason when it is aborted; ConnectionError when the connection breaks.
 */
export async function* readChunks(
  response: Response,
  request: RequestSummary,
  { signal, onBytes, end }: ReadChunksOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (!response.body) return
  const reader = readerOf(response.body)
  const cancel = () => void reader.cancel(signal?.reason).catch(() => undefined)
  const unlisten = [signal, end].map((either) => listen(either, 'abort', cancel))
  if (end?.aborted) cancel()
  const slices = new Slices()
  try {
    for (;;) {
      signal?.throwIfAborted()
      const askedAt = performance.now()
      const value = await reader.read()
      signal?.throwIfAborted()
      if (!value) return
      // A read that had to wait has let other tasks run.
      if (performance.now() - askedAt > 1) slices.begin()
      onBytes?.(value.byteLength)
      for (let at = 0; at < value.byteLength; at += PIECE) {
        yield value.subarray(at, at + PIECE)
        if (slices.isSpent) await slices.pause()
        signal?.throwIfAborted()
      }
    }
  } catch (cause) {
    signal?.throwIfAborted()
    throw new ConnectionError(request, { cause })
  } finally {
    for (const stop of unlisten) stop()
    cancel()
  }
}

/** The interface of both kinds of reader. */
interface BodyReader {
  read(): Promise<Uint8Array | undefined>
  cancel(reason: unknown): Promise<void>
}

// Uses readers rather than `for await`, because Safari cannot iterate a stream.
function readerOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): BodyReader {
  let reader: ReadableStreamBYOBReader
  try {
    reader = body.getReader({ mode: 'byob' })
  } catch {
    // Not byte streams: the bodies of Bun, of older Safari, and streams made by a caller.
    const other = body.getReader()
    return { read: async () => (await other.read()).value, cancel: (reason) => other.cancel(reason) }
  }
  let memory = new ArrayBuffer(PIECE)
  return {
    async read() {
      const { done, value } = await reader.read(new Uint8Array(memory))
      if (done) return undefined
      memory = value.buffer
      return value
    },
    cancel: (reason) => reader.cancel(reason),
  }
}

/** The maximum length of a body that is read as one text, in bytes after decompression: 256 Mi, about half of V8's longest string. */
export const MAX_BODY_LENGTH: number = 256 * 1024 * 1024

/** Options of {@link readText}. */
export interface ReadTextOptions extends RequestOptions {
  /** The maximum length of the body, in bytes after decompression; default {@link MAX_BODY_LENGTH}. */
  maxBytes?: number | undefined
}

/**
 * Reads a response's whole body as text.
 *
 * @throws KubeError when the body exceeds the maximum; the connection is closed. Otherwise as {@link readChunks}.
 */
export async function readText(
  response: Response,
  request: RequestSummary,
  { maxBytes = MAX_BODY_LENGTH, ...options }: ReadTextOptions,
): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let length = 0
  for await (const chunk of readChunks(response, request, options)) {
    length += chunk.length
    // Thrown inside the loop, so that leaving it closes the connection.
    if (length > maxBytes) throw new KubeError(`${request.method} ${request.url}: the answer is longer than the bound of ${maxBytes} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}
