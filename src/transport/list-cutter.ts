import { ParseError } from '../errors'
import type { Entry } from '../meta/entry'
import { type EntryOptions, makeEntry, readHeader } from '../meta/entry'
import type { ListMeta } from '../meta/object'
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  forEachMember,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  STOP,
  skipSpace,
  skipValue,
} from '../meta/scan'
import { asList, type ListEnvelope } from '../meta/schemas'
import { BYTE_ORDER_MARK, concat, MAX_LINE_LENGTH } from './lines'

/**
 * Cuts the items out of a list's response while it arrives, whatever its chunks: neither the response nor an item is ever parsed, and
 * the bytes are kept only until an item is whole. A pure function of the bytes pushed.
 *
 * Items are found as bytes, which engines go through much faster than the characters of a string, and decoded one by one: one that is all ASCII is kept
 * with one byte per character, whatever its neighbours are.
 */
export class ListCutter<T> {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  readonly #options: EntryOptions
  readonly #asciiOptions: EntryOptions
  readonly #maxItemLength: number
  #part: 'head' | 'items' | 'tail' = 'head'
  #head = ''
  // What is not dealt with yet: of the head everything so far, the beginning of an item, or of the tail everything so far.
  #pending: Uint8Array[] = []
  #pendingLength = 0
  // How deep in the current item the scan is; 0: in none.
  #depth = 0
  #inString = false
  // Whether the next byte belongs to the escape that the last chunk ended with.
  #escaped = false

  constructor({ maxItemLength = MAX_LINE_LENGTH, ...options }: EntryOptions & { maxItemLength?: number | undefined } = {}) {
    this.#options = options
    this.#asciiOptions = { ...options, isAscii: true }
    this.#maxItemLength = maxItemLength
  }

  /**
   * Takes a chunk and emits the items that end in it. The chunk must not be changed afterwards.
   *
   * @throws ParseError when an item is no object, has no name, or is longer than the bound; so is what stands around the items.
   */
  push(chunk: Uint8Array, emit: (entry: Entry<T>) => void): void {
    if (this.#part === 'items') this.#cutItems(chunk, emit)
    else if (this.#part === 'tail') this.#hold(chunk)
    else this.#findItems(chunk, emit)
  }

  /**
   * Ends the response.
   *
   * @returns the list's metadata.
   * @throws ParseError when the response is not a whole list.
   */
  end(): ListMeta {
    const envelope = this.#head + this.#decoder.decode(this.#release())
    let list: ListEnvelope | undefined
    try {
      list = asList(JSON.parse(envelope))
    } catch (cause) {
      throw new ParseError('the response is not a whole JSON list', envelope, { cause })
    }
    if (!list) throw new ParseError('the response is not a Kubernetes list', envelope)
    return list.metadata
  }

  #hold(bytes: Uint8Array): void {
    this.#pending.push(bytes)
    this.#pendingLength += bytes.length
    this.#check(this.#pendingLength)
  }

  #release(): Uint8Array {
    const bytes = concat(this.#pending, this.#pendingLength)
    this.#pending = []
    this.#pendingLength = 0
    return bytes
  }

  #check(length: number): void {
    if (length <= this.#maxItemLength) return
    const what = this.#part === 'items' ? 'an item of a list' : 'what a list has beside its items'
    throw new ParseError(`${what} is longer than the bound of ${this.#maxItemLength} bytes`, this.#decoder.decode(this.#release()))
  }

  #findItems(chunk: Uint8Array, emit: (entry: Entry<T>) => void): void {
    const bytes = concat([...this.#pending, chunk], this.#pendingLength + chunk.length)
    const text = this.#decoder.decode(bytes)
    const start = text.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0
    let open = -1
    try {
      forEachMember(text, skipSpace(text, start), (key, at) => {
        if (key !== 'items' || text[at] !== '[') return skipValue(text, at)
        open = at
        return STOP
      })
    } catch (error) {
      // The text ends before the items begin: more of it will come, or `end` says what is wrong.
      if (!(error instanceof SyntaxError)) throw error
    }
    if (open < 0) {
      this.#hold(chunk)
      return
    }
    this.#release()
    this.#head = text.slice(start, open + 1)
    this.#part = 'items'
    this.#cutItems(bytes.subarray(new TextEncoder().encode(text.slice(0, open + 1)).length), emit)
  }

  #cutItems(bytes: Uint8Array, emit: (entry: Entry<T>) => void): void {
    let start = 0
    let end = 0
    for (;;) {
      if (this.#depth === 0) {
        start = end = skipSeparators(bytes, end)
        if (start >= bytes.length) return
        if (bytes[start] === CLOSE_BRACKET) {
          this.#part = 'tail'
          this.#hold(bytes.subarray(start))
          return
        }
        if (bytes[start] !== OPEN_BRACE)
          throw new ParseError('an item of a list is not an object', this.#decoder.decode(bytes.subarray(start)))
      }
      end = this.#scanItem(bytes, end)
      this.#hold(bytes.subarray(start, end))
      if (this.#depth > 0) return
      const item = this.#release()
      const text = this.#decoder.decode(item)
      emit(this.#cut(text, text.length === item.length ? this.#asciiOptions : this.#options))
    }
  }

  /** Goes on scanning the current item; returns where it or the chunk ends. */
  #scanItem(bytes: Uint8Array, at: number): number {
    const { length } = bytes
    let i = this.#escaped ? at + 1 : at
    let depth = this.#depth
    let inString = this.#inString
    for (; i < length; i++) {
      let code = bytes[i]
      if (inString) {
        while (code !== QUOTE && i < length) {
          i += code === BACKSLASH ? 2 : 1
          code = bytes[i]
        }
        inString = i >= length
        if (inString) break
      } else if (code === QUOTE) inString = true
      else if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++
      else if ((code === CLOSE_BRACE || code === CLOSE_BRACKET) && --depth === 0) break
    }
    this.#depth = depth
    this.#inString = inString
    this.#escaped = inString && i === length + 1
    return depth === 0 ? i + 1 : length
  }

  #cut(text: string, options: EntryOptions): Entry<T> {
    try {
      return makeEntry<T>(text, 0, text.length, readHeader(text, 0), options)
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause
      throw new ParseError('an item of a list is not a JSON object', text, { cause })
    }
  }
}

function skipSeparators(bytes: Uint8Array, at: number): number {
  let i = at
  for (;;) {
    const code = bytes[i]
    if (code !== COMMA && code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return i
    i++
  }
}
