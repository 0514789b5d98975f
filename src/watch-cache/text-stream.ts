/** Text written in one piece is not made smaller; pieces are gathered to about so many characters. */
const CHUNK_LENGTH = 64 * 1024

/** Pieces of text that come one after another; none is asked for before it can be sent. */
export interface TextSource {
  /** The next pieces, all of them there; undefined at the end. */
  next(): Promise<Iterator<string> | undefined>
  /** Called when nobody reads any more; with the signal's reason when it was aborted. */
  cancel(reason: unknown): void
}

/**
 * Makes a stream of UTF-8 that asks its source for more only when it is read. What the source throws breaks the stream; so does the
 * request when it is aborted, at once.
 */
export function textStream(source: TextSource, request: Request): ReadableStream<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder()
  let pieces: Iterator<string> | undefined
  // The request is kept, not its signal alone: some runtimes cut the signal loose when the request is collected.
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
            pieces ??= await source.next()
            if (!pieces) break
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
