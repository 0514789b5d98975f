// Decodes UTF-8 that arrives in parts.

/** A text, and whether it is known to be ASCII. */
export interface Decoded {
  readonly text: string
  readonly isAscii: boolean
}

/** Decodes complete UTF-8. */
export function decoded(decoder: TextDecoder, bytes: Uint8Array): Decoded {
  const text = decoder.decode(bytes)
  return { text, isAscii: isAscii(text, bytes.length) }
}

/** Whether a text is ASCII. A text as long as its bytes is, unless some bytes were invalid: each of those becomes one U+FFFD. */
function isAscii(text: string, length: number): boolean {
  return text.length === length && !text.includes('\ufffd')
}

/**
 * A text whose bytes arrive in parts, cut anywhere. Joins the parts as text, which is cheap; a buffer for joined bytes is expensive in
 * Chromium.
 */
export class TextParts {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  #text = ''
  #length = 0

  /** The number of bytes. */
  get length(): number {
    return this.#length
  }

  add(bytes: Uint8Array): void {
    this.#text += this.#decoder.decode(bytes, { stream: true })
    this.#length += bytes.length
  }

  /** Returns the whole text and starts over. */
  take(): Decoded {
    const text = this.#text + this.#decoder.decode()
    const result = { text, isAscii: isAscii(text, this.#length) }
    this.#text = ''
    this.#length = 0
    return result
  }
}
