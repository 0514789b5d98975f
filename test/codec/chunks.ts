import fc from 'fast-check'

const encoder = new TextEncoder()

/** The UTF-8 of a text. */
export const utf8 = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text)

/** The UTF-8 of a text in pieces, cut at the given places (parts of the whole, in any order). */
export function cutAt(text: string, places: readonly number[]): Uint8Array<ArrayBuffer>[] {
  const bytes = utf8(text)
  const cuts = [...new Set(places.map((place) => Math.floor(place * bytes.length)))].sort((a, b) => a - b)
  return [...cuts, bytes.length].map((end, i) => bytes.slice(cuts[i - 1] ?? 0, end))
}

/** The UTF-8 of a text, byte by byte. */
export const byteByByte = (text: string): Uint8Array<ArrayBuffer>[] => Array.from(utf8(text), (byte) => Uint8Array.of(byte))

/** Places to cut at, for {@link cutAt}; some of them the same, so that there are empty pieces of text between bytes. */
export const cuts: fc.Arbitrary<number[]> = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 })

/** A response body that brings the chunks one by one, then ends; or breaks, when the last one is an error. */
export function bodyOf(chunks: readonly (Uint8Array<ArrayBuffer> | Error)[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  let next = 0
  return new ReadableStream({
    pull(controller) {
      const chunk = chunks[next++]
      if (chunk === undefined) controller.close()
      else if (chunk instanceof Error) controller.error(chunk)
      else controller.enqueue(chunk)
    },
  })
}
