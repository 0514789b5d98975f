// Cuts the items out of a list response while it arrives.

import { isParseError, ParseError } from '../api/errors'
import type { Entry } from './entry'
import { type EntryOptions, makeEntry } from './entry'
import { readHeader } from './header'
import { parseJson } from './json'
import { BYTE_ORDER_MARK, MAX_LINE_LENGTH } from './lines'
import { ListHead } from './list-head'
import { BACKSLASH, CLOSE_BRACE, CLOSE_BRACKET, COMMA, forEachMember, OPEN_BRACE, OPEN_BRACKET, QUOTE, skipSpace, skipValue } from './scan'
import { type Decoded, decoded, TextParts } from './text-parts'
import { addSkipped, type Skipped } from './wire'

/** The only bit in which braces differ from brackets. */
const BRACE = 0x20
/** The maximum length of a literal that spells `metadata`: each letter as an escape of six characters. */
const MAX_KEY_LENGTH = 48
const METADATA = [...'metadata'].map((letter) => letter.charCodeAt(0))

/** Options of a {@link ListCutter}. */
interface ItemOptions extends EntryOptions {
  /** The maximum length of an item, and of the head and tail of a list, in bytes; default 16 Mi. */
  maxItemLength?: number | undefined
}

/**
 * Cuts the items out of a list response while it arrives, independent of chunk boundaries. Never parses the response or an item, and keeps
 * bytes only until an item is complete. A pure function of the pushed bytes.
 *
 * Finds items in the bytes, which engines scan much faster than the characters of a string. Decodes the complete items of a chunk at once,
 * or one by one if they are not all ASCII, so that an ASCII item keeps one byte per character whatever its neighbours contain.
 */
export class ListCutter<T> {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  readonly #options: EntryOptions
  readonly #asciiOptions: EntryOptions
  readonly #maxItemLength: number
  readonly #start = new ListHead()
  #part: 'head' | 'items' | 'tail' = 'head'
  #head = ''
  #skipped: Skipped | undefined
  // The unprocessed text: the head so far, the start of an item, or the tail so far.
  readonly #pending = new TextParts()
  // The kind of the value that is being scanned.
  #item: 'none' | 'object' | 'array' | 'scalar' = 'none'
  // The nesting depth in the current item.
  #depth = 0
  #inString = false
  // Whether the next byte belongs to an escape at the end of the last chunk.
  #escaped = false
  // The number of members `metadata` in the current object. A name that cannot be read quickly counts as two.
  #metadatas = 0

  constructor({ maxItemLength = MAX_LINE_LENGTH, ...options }: ItemOptions = {}) {
    this.#options = options
    this.#asciiOptions = { ...options, isAscii: true }
    this.#maxItemLength = maxItemLength
  }

  /** The items that could not be kept so far; undefined without any. */
  get skipped(): Skipped | undefined {
    return this.#skipped
  }

  /**
   * Adds a chunk and emits the items that end in it. Keeps no reference to the chunk.
   *
   * @throws ParseError when an item, or the text around the items, is not JSON or exceeds the maximum length.
   */
  push(chunk: Uint8Array, emit: (entry: Entry<T>) => void): void {
    if (this.#part === 'items') this.#cutItems(chunk, emit)
    else if (this.#part === 'tail') this.#hold(chunk)
    else this.#findItems(chunk, emit)
  }

  /**
   * Ends the response.
   *
   * @returns the response without its items.
   * @throws ParseError when it is incomplete, is not JSON, or has a duplicate member that makes it two lists.
   */
  end(): unknown {
    const text = this.#head + this.#pending.take().text
    const envelope = text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text
    let value: unknown
    try {
      value = parseJson(envelope)
    } catch (cause) {
      throw new ParseError('the response is not a whole JSON list', envelope, { cause })
    }
    checkMembers(envelope, skipSpace(envelope, 0))
    return value
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
    const open = this.#start.push(chunk)
    this.#hold(open < 0 ? chunk : chunk.subarray(0, open))
    if (open < 0) return
    this.#head = this.#pending.take().text
    this.#part = 'items'
    this.#cutItems(chunk.subarray(open), emit)
  }

  #cutItems(bytes: Uint8Array, emit: (entry: Entry<T>) => void): void {
    const bounds: number[] = []
    try {
      this.#findBounds(bytes, bounds, emit)
    } finally {
      // Emits the items before an invalid one, too.
      this.#emitItems(bytes, bounds, emit)
    }
  }

  /** Finds the start and end of each complete object in the bytes. Emits an object that began earlier, and keeps one that does not end. */
  #findBounds(bytes: Uint8Array, bounds: number[], emit: (entry: Entry<T>) => void): void {
    for (let at = 0; ; ) {
      let start = at
      if (this.#item === 'none') {
        start = skipSeparators(bytes, at)
        if (start === bytes.length) return
        if (bytes[start] === CLOSE_BRACKET) {
          this.#part = 'tail'
          this.#hold(bytes.subarray(start))
          return
        }
        this.#begin(bytes[start] as number)
      }
      const item = this.#item
      at = item === 'scalar' ? this.#scanScalar(bytes, start) : this.#scanItem(bytes, start)
      const isDone = this.#item === 'none'
      if (isDone && item === 'object' && this.#pending.length === 0) {
        this.#check(at - start)
        bounds.push(start, at, this.#metadatas)
        continue
      }
      this.#hold(bytes.subarray(start, at))
      if (!isDone) return
      const whole = this.#pending.take()
      if (item === 'object') this.#cut(whole, 0, whole.text.length, this.#metadatas, emit)
      else this.#skipValue(item, whole.text)
    }
  }

  #begin(code: number): void {
    this.#item = code === OPEN_BRACE ? 'object' : code === OPEN_BRACKET ? 'array' : 'scalar'
    this.#metadatas = 0
  }

  #emitItems(bytes: Uint8Array, bounds: readonly number[], emit: (entry: Entry<T>) => void): void {
    if (bounds.length === 0) return
    const [first = 0] = bounds
    const all = decoded(this.#decoder, bytes.subarray(first, bounds.at(-2)))
    for (let n = 0; n < bounds.length; n += 3) {
      const [start, end, metadatas] = [bounds[n] as number, bounds[n + 1] as number, bounds[n + 2] as number]
      if (all.isAscii) this.#cut(all, start - first, end - first, metadatas, emit)
      else {
        const own = decoded(this.#decoder, bytes.subarray(start, end))
        this.#cut(own, 0, own.text.length, metadatas, emit)
      }
    }
  }

  /**
   * Continues to scan the current object or array, and returns the index where it or the chunk ends. Never reads beyond the end, which
   * makes engines deoptimize the loop.
   */
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
      if (code === QUOTE) {
        inString = true
        if (depth === 1) this.#metadatas += metadatasAt(bytes, i)
      } else if ((code | BRACE) === OPEN_BRACE) depth++
      else if ((code | BRACE) === CLOSE_BRACE && --depth === 0) {
        this.#item = 'none'
        break
      }
    }
    this.#depth = depth
    this.#inString = inString
    this.#escaped = i > length
    return Math.min(i, length)
  }

  /** Continues to scan a string, a number or a word, and returns the index where it or the chunk ends. */
  #scanScalar(bytes: Uint8Array, at: number): number {
    for (let i = at; i < bytes.length; i++) {
      const code = bytes[i] as number
      if (this.#escaped) this.#escaped = false
      else if (this.#inString) {
        if (code === BACKSLASH) this.#escaped = true
        else if (code === QUOTE) this.#inString = false
      } else if (code === QUOTE) this.#inString = true
      else if (code === CLOSE_BRACKET || isSeparator(code)) {
        this.#item = 'none'
        return i
      }
    }
    return bytes.length
  }

  #cut({ text, isAscii }: Decoded, start: number, end: number, metadatas: number, emit: (entry: Entry<T>) => void): void {
    let entry: Entry<T>
    try {
      const header = readHeader(text, start, end, { isWhole: metadatas > 1 })
      entry = makeEntry<T>(text, start, end, header, isAscii ? this.#asciiOptions : this.#options)
    } catch (cause) {
      if (cause instanceof SyntaxError) throw new ParseError('an item of a list is not a JSON object', text.slice(start, end), { cause })
      if (!isParseError(cause)) throw cause
      this.#skip(cause)
      return
    }
    emit(entry)
  }

  #skipValue(item: 'array' | 'scalar' | 'none', text: string): void {
    try {
      // Text that is not JSON makes the whole response invalid.
      if (item === 'scalar') JSON.parse(text)
    } catch (cause) {
      throw new ParseError('an item of a list is not JSON', text, { cause })
    }
    this.#skip(new ParseError('an item of a list is not an object', text))
  }

  #skip(error: Error): void {
    this.#skipped = addSkipped(this.#skipped, { count: 1, errors: [error] })
  }
}

/** Returns how often the string at `at` counts as `metadata`: twice if it has escapes or extends beyond the chunk. */
function metadatasAt(bytes: Uint8Array, at: number): number {
  const end = Math.min(at + MAX_KEY_LENGTH, bytes.length)
  for (let i = at; i < end; i++) {
    const code = bytes[i]
    if (code === BACKSLASH) return 2
    if (code === QUOTE) return i === at + METADATA.length && METADATA.every((letter, n) => bytes[at + n] === letter) ? 1 : 0
  }
  return end === bytes.length ? 2 : 0
}

const LIST_MEMBERS = ['kind', 'metadata', 'items']
const META_MEMBERS = ['resourceVersion', 'continue']

/** Throws for duplicate members. Parsers use the last one, but items are cut out as they arrive, so the first one would be used here. */
function checkMembers(envelope: string, at: number): void {
  if (envelope.charCodeAt(at) !== OPEN_BRACE) return
  const check = (start: number, names: readonly string[], inner?: (key: string, start: number) => void) => {
    const seen = new Set<string>()
    forEachMember(envelope, start, (key, valueStart) => {
      if (names.includes(key)) {
        if (seen.has(key)) throw new ParseError(`the list has the member ${JSON.stringify(key)} twice`, envelope)
        seen.add(key)
        inner?.(key, valueStart)
      }
      return skipValue(envelope, valueStart)
    })
  }
  check(at, LIST_MEMBERS, (key, start) => {
    if (key === 'metadata' && envelope.charCodeAt(start) === OPEN_BRACE) check(start, META_MEMBERS)
  })
}

/** Returns the index of the next byte that is not a separator between items; the end if there is none. */
function skipSeparators(bytes: Uint8Array, at: number): number {
  let i = at
  while (i < bytes.length && isSeparator(bytes[i] as number)) i++
  return i
}

function isSeparator(code: number): boolean {
  return code === COMMA || code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}
