import { ParseError } from '../errors'
import type { Entry } from '../meta/entry'
import { type EntryOptions, makeEntry, readHeader } from '../meta/entry'
import type { ListMeta } from '../meta/object'
import { closingQuote, forEachMember, STOP, skipSpace, skipValue } from '../meta/scan'
import { asList, type ListEnvelope } from '../meta/schemas'
import { MAX_LINE_LENGTH } from './lines'

const QUOTE = 0x22

/**
 * Cuts the items out of a list's response while it arrives, whatever its chunks: neither the response nor an item is ever parsed, and
 * the text is kept only until an item is whole. A pure function of the bytes pushed.
 */
export class ListCutter<T> {
  readonly #decoder = new TextDecoder()
  readonly #options: EntryOptions
  readonly #maxItemLength: number
  // The text not dealt with yet. In the head: everything so far. Among the items: from the current item's beginning. In the tail: the rest.
  #text = ''
  #part: 'head' | 'items' | 'tail' = 'head'
  #head = ''
  // Where in #text the scan of the current item goes on, and how deep it is there.
  #at = 0
  #depth = 0
  #inString = false

  constructor({ maxItemLength = MAX_LINE_LENGTH, ...options }: EntryOptions & { maxItemLength?: number | undefined } = {}) {
    this.#options = options
    this.#maxItemLength = maxItemLength
  }

  /**
   * Takes a chunk and emits the items that end in it.
   *
   * @throws ParseError when an item is no object, has no name, or is longer than the bound; so is what stands around the items.
   */
  push(chunk: Uint8Array, emit: (entry: Entry<T>) => void): void {
    this.#take(this.#decoder.decode(chunk, { stream: true }), emit)
  }

  /**
   * Ends the response.
   *
   * @returns the list's metadata.
   * @throws ParseError when the response is not a whole list.
   */
  end(emit: (entry: Entry<T>) => void): ListMeta {
    this.#take(this.#decoder.decode(), emit)
    const envelope = this.#head + this.#text
    let list: ListEnvelope | undefined
    try {
      list = asList(JSON.parse(envelope))
    } catch (cause) {
      throw new ParseError('the response is not a whole JSON list', envelope, { cause })
    }
    if (!list) throw new ParseError('the response is not a Kubernetes list', envelope)
    return list.metadata
  }

  #take(text: string, emit: (entry: Entry<T>) => void): void {
    this.#text += text
    if (this.#part === 'head') this.#findItems()
    if (this.#part === 'items') this.#cutItems(emit)
    this.#check(this.#text, 0, this.#text.length)
  }

  #check(text: string, start: number, end: number): void {
    if (end - start <= this.#maxItemLength) return
    const what = this.#part === 'items' ? 'an item of a list' : 'what a list has beside its items'
    throw new ParseError(`${what} is longer than the bound of ${this.#maxItemLength} characters`, text.slice(start, end))
  }

  #findItems(): void {
    let open = -1
    try {
      forEachMember(this.#text, skipSpace(this.#text, 0), (key, start) => {
        if (key !== 'items' || this.#text[start] !== '[') return skipValue(this.#text, start)
        open = start
        return STOP
      })
    } catch (error) {
      // The text ends before the items begin: more of it will come, or `end` says what is wrong.
      if (!(error instanceof SyntaxError)) throw error
    }
    if (open < 0) return
    this.#head = this.#text.slice(0, open + 1)
    this.#text = this.#text.slice(open + 1)
    this.#part = 'items'
  }

  #cutItems(emit: (entry: Entry<T>) => void): void {
    const text = this.#text
    let from = 0
    for (;;) {
      if (this.#depth === 0) {
        from = this.#at = skipSeparators(text, this.#at)
        if (from >= text.length) break
        if (text[from] === ']') {
          this.#part = 'tail'
          break
        }
        if (text[from] !== '{') throw new ParseError('an item of a list is not an object', text.slice(from))
      }
      const end = this.#scanItem(text)
      if (end < 0) break
      this.#check(text, from, end)
      emit(this.#cut(text, from, end))
      from = end
    }
    // Keep only what belongs to the unfinished item.
    this.#text = text.slice(from)
    this.#at -= from
  }

  /** Goes on scanning the current item; returns where it ends, or -1 when the text ends first. */
  #scanItem(text: string): number {
    let i = this.#at
    let depth = this.#depth
    let inString = this.#inString
    for (; i < text.length; i++) {
      if (inString) {
        const end = closingQuote(text, i)
        inString = end < 0
        if (inString) break
        i = end
        continue
      }
      const code = text.charCodeAt(i)
      if (code === QUOTE) inString = true
      else if (code === 0x7b || code === 0x5b) depth++
      else if ((code === 0x7d || code === 0x5d) && --depth === 0) break
    }
    const whole = !inString && i < text.length
    // A string that is not at its end goes on where the text does.
    this.#at = whole ? i + 1 : text.length
    this.#depth = depth
    this.#inString = inString
    return whole ? i + 1 : -1
  }

  #cut(text: string, start: number, end: number): Entry<T> {
    try {
      return makeEntry<T>(text, start, end, readHeader(text, start), this.#options)
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause
      throw new ParseError('an item of a list is not a JSON object', text.slice(start, end), { cause })
    }
  }
}

function skipSeparators(text: string, at: number): number {
  let i = skipSpace(text, at)
  while (text[i] === ',') i = skipSpace(text, i + 1)
  return i
}
