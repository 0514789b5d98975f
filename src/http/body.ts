import { ConnectionError, KubeError, type RequestSummary } from '../api/errors'
import type { RequestOptions } from '../api/options'
import { Slices } from '../internal/turn'

/**
 * How much is read at once, in bytes. Less costs more: most pieces end inside a line, and V8 copies the texts of such as are below 128 KiB when it
 * collects garbage. More holds the page up, and gains nothing.
 */
const PIECE = 256 * 1024

/**
 * Reads a response's body piece by piece. What comes faster than it is dealt with does not keep the event loop: others have their turn every 8 ms. Ends
 * at once when the signal is aborted, even if the runtime's `fetch` does not; leaving the loop closes the connection.
 *
 * A piece is there until the next is asked for: where the runtime can, all are read into the same memory. In Chromium that takes a third of the time of
 * pieces that it has to make.
 *
 * @throws the signal's reason when it is aborted; ConnectionError when the connection breaks.
 */
export async function* readChunks(
  response: Response,
  request: RequestSummary,
  { signal, onBytes }: RequestOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (!response.body) return
  const reader = readerOf(response.body)
  const cancel = () => void reader.cancel(signal?.reason).catch(() => undefined)
  signal?.addEventListener('abort', cancel)
  const slices = new Slices()
  try {
    for (;;) {
      signal?.throwIfAborted()
      const askedAt = performance.now()
      const value = await reader.read()
      signal?.throwIfAborted()
      if (!value) return
      // Whoever had to wait let others work meanwhile.
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
    signal?.removeEventListener('abort', cancel)
    cancel()
  }
}

/** What reads a body: undefined at its end. */
interface BodyReader {
  read(): Promise<Uint8Array | undefined>
  cancel(reason: unknown): Promise<void>
}

// Readers rather than `for await`: Safari cannot iterate a stream.
function readerOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): BodyReader {
  let reader: ReadableStreamBYOBReader
  try {
    reader = body.getReader({ mode: 'byob' })
  } catch {
    // Bun's bodies, older Safari's and those that somebody made are not streams of bytes.
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

/** The longest body that is read as one text, in bytes after decompression: 256 Mi, about half of the longest string that V8 can hold. */
export const MAX_BODY_LENGTH: number = 256 * 1024 * 1024

/** How a body is read as text. */
export interface ReadTextOptions extends RequestOptions {
  /** The longest body taken, in bytes after decompression; default {@link MAX_BODY_LENGTH}. */
  maxBytes?: number | undefined
}

/**
 * Reads a response's whole body as text.
 *
 * @throws KubeError when the body is longer than the bound, and the connection is closed; otherwise as {@link readChunks}.
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
    // Thrown here, where leaving the loop closes the connection.
    if (length > maxBytes) throw new KubeError(`${request.method} ${request.url}: the answer is longer than the bound of ${maxBytes} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}
