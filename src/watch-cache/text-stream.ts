// A pull-based stream of UTF-8 text for response bodies.

/** The approximate size of a chunk, in characters. Smaller pieces are combined; a larger piece is not split. */
const CHUNK_LENGTH = 64 * 1024

/** A source of text, pulled only when the text can be sent. */
export interface TextSource {
  /** Returns the next pieces, all available at once, or bytes that are sent as they are; undefined at the end. */
  next(): Promise<Iterator<string> | Uint8Array<ArrayBuffer> | undefined>
  /** Called when the reader cancels the stream, or, with the signal's reason, when the request is aborted. */
  cancel(reason: unknown): void
}

/**
 * Makes a stream of UTF-8 that pulls its source only when it is read. An error of the source, or an abort of the request, errors the stream
 * at once.
 */
export function textStream(source: TextSource, request: Request): ReadableStream<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder()
  let pieces: Iterator<string> | undefined
  // Keeps the request, not only its signal: some runtimes detach the signal when the request is garbage-collected.
  const settle = () => request.signal.removeEventListener('abort', abort)
  let abort = () => {}
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      start(controller) {
        abort = () => {
          settle()
          controller.error(request.signal.reason)
          source.cancel(request.signal.reason)
        }
        request.signal.addEventListener('abort', abort)
      },
      async pull(controller) {
        try {
          request.signal.throwIfAborted()
          for (;;) {
            const next = pieces ?? (await source.next())
            if (!next) break
            if (next instanceof Uint8Array) return controller.enqueue(next)
            pieces = next
            const text = gather(pieces)
            if (text !== '') return controller.enqueue(encoder.encode(text))
            pieces = undefined
          }
          settle()
          if (!request.signal.aborted) controller.close()
        } catch (error) {
          settle()
          controller.error(error)
        }
      },
      cancel(reason) {
        settle()
        source.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}

function gather(pieces: Iterator<string>): string {
  const gathered: string[] = []
  let length = 0
  while (length < CHUNK_LENGTH) {
    const { done, value } = pieces.next()
    if (done) break
    gathered.push(value)
    length += value.length
  }
  return gathered.join('')
}
