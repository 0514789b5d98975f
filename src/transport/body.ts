import { ConnectionError, type RequestSummary } from '../errors'
import { Slices } from '../internal/turn'
import type { RequestOptions } from '../meta/wire'

/**
 * Chromium hands out a megabyte at once: too much to be dealt with in one go. Smaller pieces than this cost more: most end inside a line, and V8
 * copies the texts of such as are below 128 KiB when it collects garbage.
 */
const PIECE = 256 * 1024

/**
 * Reads a response's body chunk by chunk, large ones in pieces. What comes faster than it is dealt with does not keep the event loop: others have
 * their turn every 8 ms. Ends at once when the signal is aborted, even if the runtime's `fetch` does not; leaving
 * the loop closes the connection.
 *
 * @throws the signal's reason when it is aborted; ConnectionError when the connection breaks.
 */
export async function* readChunks(
  response: Response,
  request: RequestSummary,
  { signal, onBytes }: RequestOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  // A reader rather than `for await`: Safari cannot iterate a stream.
  const reader = response.body?.getReader()
  if (!reader) return
  const cancel = () => void reader.cancel(signal?.reason).catch(() => undefined)
  signal?.addEventListener('abort', cancel)
  const slices = new Slices()
  try {
    for (;;) {
      signal?.throwIfAborted()
      const askedAt = performance.now()
      const { done, value } = await reader.read()
      signal?.throwIfAborted()
      if (done) return
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

/** Reads a response's whole body as text. */
export async function readText(response: Response, request: RequestSummary, options: RequestOptions): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of readChunks(response, request, options)) text += decoder.decode(chunk, { stream: true })
  return text + decoder.decode()
}
