// Finds the start of the items of a list.

import { BACKSLASH, CLOSE_BRACE, CLOSE_BRACKET, COLON, COMMA, OPEN_BRACE, OPEN_BRACKET, QUOTE } from './scan'

/** The maximum length of a literal that spells `items`: each letter as an escape of six characters, and the quotes. */
const MAX_KEY_LENGTH = 32

/** Finds the start of a list's items, chunk by chunk. Reads each byte once, however small the chunks are. */
export class ListHead {
  // The nesting depth. Only the members of the outermost object matter.
  #depth = 0
  #isObject = false
  #state: 'value' | 'key' | 'string' | 'escape' = 'value'
  // Whether the current string is a key.
  #isKey = false
  #literal = ''
  #key = ''

  /** Adds a chunk. Returns the index after the bracket that opens the items, or -1 when it is not in this chunk. */
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

/** Whether a string literal spells `items`, with or without escapes. */
function isItems(literal: string): boolean {
  if (literal === '"items"') return true
  try {
    return literal.includes('\\') && JSON.parse(literal) === 'items'
  } catch {
    return false
  }
}
