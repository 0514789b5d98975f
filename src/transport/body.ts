import { ConnectionError, type RequestSummary } from '../errors'
import type { RequestOptions } from '../meta/wire'

/**
 * Reads a response's body chunk by chunk. Ends at once when the signal is aborted, even if the runtime's `fetch` does not; leaving
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
  try {
    for (;;) {
      signal?.throwIfAborted()
      const { done, value } = await reader.read()
      signal?.throwIfAborted()
      if (done) return
      onBytes?.(value.byteLength)
      yield value
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
