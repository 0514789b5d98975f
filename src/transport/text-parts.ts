/** A text, and whether all of it is known to be ASCII. */
export interface Decoded {
  readonly text: string
  readonly isAscii: boolean
}

/** Decodes UTF-8 that is whole. A text as long as its bytes has nothing but ASCII in it. */
export function decoded(decoder: TextDecoder, bytes: Uint8Array): Decoded {
  const text = decoder.decode(bytes)
  return { text, isAscii: text.length === bytes.length }
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

  /** What there is so far, of whole characters. */
  get text(): string {
    return this.#text
  }

  add(bytes: Uint8Array): void {
    this.#text += this.#decoder.decode(bytes, { stream: true })
    this.#length += bytes.length
  }

  /** All of it; then there is nothing. */
  take(): Decoded {
    const text = this.#text + this.#decoder.decode()
    const isAscii = text.length === this.#length
    this.#text = ''
    this.#length = 0
    return { text, isAscii }
  }
}
