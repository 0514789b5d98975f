import { BACKSLASH, CLOSE_BRACE, CLOSE_BRACKET, COLON, COMMA, OPEN_BRACE, OPEN_BRACKET, QUOTE } from './scan'

/** The longest literal that can spell `items`: each of its letters as an escape of six characters, and the quotes. */
const MAX_KEY_LENGTH = 32

/** Finds where the items of a list begin, chunk by chunk: each byte is looked at once, however small the chunks are. */
export class ListHead {
  // Of the containers around the current byte only the outermost matters.
  #depth = 0
  #isObject = false
  #state: 'value' | 'key' | 'string' | 'escape' = 'value'
  // Where a string returns to.
  #isKey = false
  #literal = ''
  #key = ''

  /** Takes a chunk; returns the index just past the bracket that opens the items, or -1 when they do not begin in this chunk. */
  push(bytes: ArrayLike<number>): number {
    for (let i = 0; i < bytes.length; i++) {
      const code = bytes[i] as number
      if (this.#state === 'string' || this.#state === 'escape') this.#takeOfString(code)
      else if (this.#takeOutside(code)) return i + 1
    }
    return -1
  }

  #takeOfString(code: number): void {
    if (this.#isKey && this.#literal.length <= MAX_KEY_LENGTH) this.#literal += String.fromCharCode(code)
    if (this.#state === 'escape') this.#state = 'string'
    else if (code === BACKSLASH) this.#state = 'escape'
    else if (code === QUOTE) {
      this.#state = 'value'
      if (this.#isKey) this.#key = this.#literal
    }
  }

  /** Returns whether the byte opens the items. */
  #takeOutside(code: number): boolean {
    const isTop = this.#depth === 1 && this.#isObject
    if (code === QUOTE) {
      this.#isKey = isTop && this.#state === 'key'
      this.#literal = '"'
      this.#state = 'string'
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (isTop && code === OPEN_BRACKET && isItems(this.#key)) return true
      if (++this.#depth === 1) {
        this.#isObject = code === OPEN_BRACE
        this.#state = 'key'
      }
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) this.#depth--
    else if (isTop && code === COMMA) {
      this.#key = ''
      this.#state = 'key'
    } else if (isTop && code === COLON) this.#state = 'value'
    return false
  }
}

/** Whether a string literal spells `items`, with escapes or without. */
function isItems(literal: string): boolean {
  if (literal === '"items"') return true
  try {
    return literal.includes('\\') && JSON.parse(literal) === 'items'
  } catch {
    return false
  }
}
