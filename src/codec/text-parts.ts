/** A text, and whether all of it is known to be ASCII. */
export interface Decoded {
  readonly text: string
  readonly isAscii: boolean
}

/** Decodes UTF-8 that is whole. */
export function decoded(decoder: TextDecoder, bytes: Uint8Array): Decoded {
  const text = decoder.decode(bytes)
  return { text, isAscii: isAscii(text, bytes.length) }
}

/** A text as long as its bytes has nothing but ASCII in it, unless some of them were no UTF-8: of each such byte comes one U+FFFD. */
function isAscii(text: string, length: number): boolean {
  return text.length === length && !text.includes('\ufffd')
}

/**
 * A text whose bytes come in parts, cut anywhere. The parts are joined as text: that is cheap, while a buffer for joined bytes is dear in Chromium.
 */
export class TextParts {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  #text = ''
  #length = 0

  /** How many bytes there are. */
  get length(): number {
    return this.#length
  }

  add(bytes: Uint8Array): void {
    this.#text += this.#decoder.decode(bytes, { stream: true })
    this.#length += bytes.length
  }

  /** All of it; then there is nothing. */
  take(): Decoded {
    const text = this.#text + this.#decoder.decode()
    const result = { text, isAscii: isAscii(text, this.#length) }
    this.#text = ''
    this.#length = 0
    return result
  }
}
