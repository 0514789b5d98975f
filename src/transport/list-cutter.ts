import { ParseError } from '../errors'
import type { Entry } from '../meta/entry'
import { type EntryOptions, makeEntry, readHeader } from '../meta/entry'
import type { ListMeta } from '../meta/object'
import { BACKSLASH, CLOSE_BRACE, CLOSE_BRACKET, COMMA, forEachMember, OPEN_BRACE, QUOTE, STOP, skipSpace, skipValue } from '../meta/scan'
import { asList, type ListEnvelope } from '../meta/schemas'
import { BYTE_ORDER_MARK, MAX_LINE_LENGTH } from './lines'
import { type Decoded, decoded, TextParts } from './text-parts'

/** The bit in which braces differ from brackets, and nothing else from either. */
const BRACE = 0x20

/**
 * Cuts the items out of a list's response while it arrives, whatever its chunks: neither the response nor an item is ever parsed, and
 * the bytes are kept only until an item is whole. A pure function of the bytes pushed.
 *
 * Items are found as bytes, which engines go through much faster than the characters of a string. Those that are whole in a chunk are decoded at once,
 * or one by one where they are not all ASCII: one that is stays with one byte per character, whatever its neighbours are.
 */
export class ListCutter<T> {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  readonly #options: EntryOptions
  readonly #asciiOptions: EntryOptions
  readonly #maxItemLength: number
  #part: 'head' | 'items' | 'tail' = 'head'
  #head = ''
  // What is not dealt with yet: of the head everything so far, the beginning of an item, or of the tail everything so far.
  readonly #pending = new TextParts()
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
   * Takes a chunk and emits the items that end in it. Nothing of the chunk itself is kept.
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
    const envelope = this.#head + this.#pending.take().text
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
    this.#pending.add(bytes)
    this.#check(this.#pending.length)
  }

  #check(length: number): void {
    if (length <= this.#maxItemLength) return
    const what = this.#part === 'items' ? 'an item of a list' : 'what a list has beside its items'
    throw new ParseError(`${what} is longer than the bound of ${this.#maxItemLength} bytes`, this.#pending.take().text)
  }

  #findItems(chunk: Uint8Array, emit: (entry: Entry<T>) => void): void {
    const before = this.#pending.length
    this.#pending.add(chunk)
    const { text } = this.#pending
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
      this.#check(this.#pending.length)
      return
    }
    this.#pending.take()
    this.#head = text.slice(start, open + 1)
    this.#part = 'items'
    this.#cutItems(chunk.subarray(new TextEncoder().encode(text.slice(0, open + 1)).length - before), emit)
  }

  #cutItems(bytes: Uint8Array, emit: (entry: Entry<T>) => void): void {
    const bounds: number[] = []
    try {
      this.#findBounds(bytes, bounds, emit)
    } finally {
      // Also those before a broken one.
      this.#emitItems(bytes, bounds, emit)
    }
  }

  /** Finds where each item that is whole in these bytes begins and ends. One that began before them is emitted, one that does not end is held. */
  #findBounds(bytes: Uint8Array, bounds: number[], emit: (entry: Entry<T>) => void): void {
    for (let at = 0; ; ) {
      let start = at
      if (this.#depth === 0) {
        start = skipSeparators(bytes, at)
        if (start === bytes.length) return
        if (bytes[start] === CLOSE_BRACKET) {
          this.#part = 'tail'
          this.#hold(bytes.subarray(start))
          return
        }
        if (bytes[start] !== OPEN_BRACE)
          throw new ParseError('an item of a list is not an object', this.#decoder.decode(bytes.subarray(start)))
      }
      at = this.#scanItem(bytes, start)
      if (this.#depth === 0 && this.#pending.length === 0) {
        this.#check(at - start)
        bounds.push(start, at)
        continue
      }
      this.#hold(bytes.subarray(start, at))
      if (this.#depth > 0) return
      emit(this.#cut(this.#pending.take()))
    }
  }

  #emitItems(bytes: Uint8Array, bounds: readonly number[], emit: (entry: Entry<T>) => void): void {
    const [first = 0] = bounds
    const all = decoded(this.#decoder, bytes.subarray(first, bounds.at(-1) ?? 0))
    for (let n = 0; n < bounds.length; n += 2) {
      const [start = 0, end = 0] = [bounds[n], bounds[n + 1]]
      emit(all.isAscii ? this.#cut(all, start - first, end - first) : this.#cut(decoded(this.#decoder, bytes.subarray(start, end))))
    }
  }

  /** Goes on scanning the current item; returns where it or the chunk ends. No byte beyond is looked at, which would make engines slow for good. */
  #scanItem(bytes: Uint8Array, at: number): number {
    const { length } = bytes
    let i = this.#escaped ? at + 1 : at
    let depth = this.#depth
    let inString = this.#inString
    while (i < length) {
      if (inString) {
        while (i < length) {
          const code = bytes[i++] as number
          if (code === QUOTE) {
            inString = false
            break
          }
          if (code === BACKSLASH) i++
        }
        continue
      }
      const code = bytes[i++] as number
      if (code === QUOTE) inString = true
      else if ((code | BRACE) === OPEN_BRACE) depth++
      else if ((code | BRACE) === CLOSE_BRACE && --depth === 0) break
    }
    this.#depth = depth
    this.#inString = inString
    this.#escaped = i > length
    return Math.min(i, length)
  }

  #cut({ text, isAscii }: Decoded, start = 0, end: number = text.length): Entry<T> {
    try {
      return makeEntry<T>(text, start, end, readHeader(text, start, end), isAscii ? this.#asciiOptions : this.#options)
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause
      throw new ParseError('an item of a list is not a JSON object', text.slice(start, end), { cause })
    }
  }
}

/** Where something else stands than what is between items; the end, where nothing does. */
function skipSeparators(bytes: Uint8Array, at: number): number {
  let i = at
  for (; i < bytes.length; i++) {
    const code = bytes[i]
    if (code !== COMMA && code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) break
  }
  return i
}
