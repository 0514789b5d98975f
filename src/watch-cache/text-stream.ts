/** Text written in one piece is not made smaller; pieces are gathered to about so many characters. */
const CHUNK_LENGTH = 64 * 1024

/** Pieces of text that come one after another; none is asked for before it can be sent. */
export interface TextSource {
  /** The next pieces, all of them there; undefined at the end. */
  next(): Promise<Iterator<string> | undefined>
  /** Called when nobody reads any more. */
  cancel(reason: unknown): void
}

/** Makes a stream of UTF-8 that asks its source for more only when it is read. What the source throws breaks the stream. */
export function textStream(source: TextSource): ReadableStream<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder()
  let pieces: Iterator<string> | undefined
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        try {
          for (;;) {
            pieces ??= await source.next()
            if (!pieces) return controller.close()
            const text = gather(pieces)
            if (text !== '') return controller.enqueue(encoder.encode(text))
            pieces = undefined
          }
        } catch (error) {
          controller.error(error)
        }
      },
      cancel: (reason) => source.cancel(reason),
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
