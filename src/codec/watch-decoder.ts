// Decodes the lines of a watch to events, without parsing the objects.

import { isParseError, ParseError, WatchError } from '../api/errors'
import { type Entry, type EntryOptions, makeEntry } from './entry'
import { asBookmark, asStatus } from './envelopes'
import { readHeader } from './header'
import { parseJson } from './json'
import { CLOSE_BRACE, COLON, forEachMember, OPEN_BRACE, skipSpace, skipValue, stringAt } from './scan'
import type { ChangeType, WatchEntry } from './wire'

const OPENING = '{"type":"'
const OPENINGS: readonly (readonly [ChangeType, string])[] = (['ADDED', 'MODIFIED', 'DELETED'] as const).map((type) => [
  type,
  `${OPENING}${type}","object":`,
])

/**
 * The number of characters after an object's metadata that are searched for a second `metadata` on arrival. Searching four times as many
 * takes a microsecond, a tenth of the time for a whole event. In longer objects a second one is detected when the object is parsed
 * (`Entry.object`), or in a list.
 */
const SEARCHED = 1_024

/**
 * Decodes the events of one watch, line by line. In practice a line has one event; the protocol allows several values. Cuts objects out
 * without parsing them.
 *
 * Has two paths with the same result. The general one reads every character and accepts any JSON. The fast one relies on the form in which
 * an API server writes an event: type, object, and nothing after it, so that the object ends with the line. It is used once the general
 * path has found an event of that form, and only for lines that begin and end like it and have no second event.
 */
export class WatchDecoder<T> {
  readonly #options: EntryOptions | undefined
  readonly #asciiOptions: EntryOptions
  #isPlain = false

  constructor(options?: EntryOptions) {
    this.#options = options
    this.#asciiOptions = { ...options, isAscii: true }
  }

  /**
   * Decodes the events of a line. Emits an event whose object cannot be kept as `SKIPPED`.
   *
   * @throws ParseError when the line is not a sequence of watch events; WatchError for an unknown event type, or a Status in place of an
   *   event.
   */
  decode(text: string, start: number, end: number, emit: (event: WatchEntry<T>) => void, isAscii = false): void {
    const options = isAscii ? this.#asciiOptions : this.#options
    const plain = cutPlain<T>(text, start, end, options)
    if (plain && this.#isPlain) {
      emit(plain)
      return
    }
    const line = text.slice(start, end)
    let only: WatchEntry<T> | undefined
    decodeWatchEvents<T>(
      line,
      (event) => {
        only = event
        emit(event)
      },
      options,
    )
    if (plain) this.#isPlain = only !== undefined && 'entry' in only && only.entry.text === plain.entry.text
  }
}

/** Decodes an event on the fast path; undefined when it deviates from the expected form. */
function cutPlain<T>(text: string, start: number, end: number, options?: EntryOptions): PlainEvent<T> | undefined {
  const opening = OPENINGS.find(([type]) => text.charCodeAt(start + OPENING.length) === type.charCodeAt(0))
  if (!opening || !text.startsWith(opening[1], start)) return undefined
  const [type, { length }] = opening
  const objectStart = start + length
  if (text.charCodeAt(end - 1) !== CLOSE_BRACE || text.charCodeAt(end - 2) !== CLOSE_BRACE) return undefined
  try {
    const header = readHeader(text, objectStart)
    if (header.end > end) return undefined
    const rest = text.slice(header.end, end)
    if (hasObjectMember(rest) || (rest.length <= SEARCHED && mayNameMetadata(rest))) return undefined
    return { type, entry: makeEntry(text, objectStart, end - 1, header, options) }
  } catch {
    return undefined
  }
}

/** Whether a member is named `object`, as in every event. */
function hasObjectMember(text: string): boolean {
  // Engines search a text by its first character. Few characters are as rare in JSON as this one.
  for (let at = text.indexOf('ject"'); at >= 0; at = text.indexOf('ject"', at + 1)) {
    if (text.startsWith('"ob', at - 3) && text.charCodeAt(skipSpace(text, at + 5)) === COLON) return true
  }
  return false
}

/** Whether a member may be named `metadata`, with or without escapes. */
function mayNameMetadata(text: string): boolean {
  return text.includes('metadata"') || text.includes('\\u00')
}

interface PlainEvent<T> {
  readonly type: ChangeType
  readonly entry: Entry<T>
}

function decodeWatchEvents<T>(line: string, emit: (event: WatchEntry<T>) => void, options?: EntryOptions): void {
  for (let at = skipSpace(line, 0); at < line.length; at = skipSpace(line, at)) at = decodeWatchEvent(line, at, emit, options)
}

function decodeWatchEvent<T>(line: string, at: number, emit: (event: WatchEntry<T>) => void, options?: EntryOptions): number {
  const parts: EventParts = { type: undefined, object: undefined, twice: undefined }
  let end: number
  try {
    end = forEachMember(line, at, (key, start) => {
      const valueEnd = skipValue(line, start)
      if (key === 'type' || key === 'object') {
        if (parts[key] !== undefined) parts.twice = key
        if (key === 'type') parts.type = stringAt(line, start)
        else parts.object = [start, valueEnd]
      }
      return valueEnd
    })
    emit(parts.type === undefined && !parts.object ? notAnEvent(line.slice(at, end)) : eventOf<T>(parts, line, [at, end], options))
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new ParseError('a watch event is not JSON', line.slice(at), { cause })
    throw cause
  }
  return end
}

type Range = readonly [from: number, to: number]

interface EventParts {
  type: string | undefined
  object: Range | undefined
  /** The name of a duplicate member. Parsers use the last one. */
  twice: string | undefined
}

function eventOf<T>({ type, object, twice }: EventParts, line: string, [from, to]: Range, options?: EntryOptions): WatchEntry<T> {
  const text = object ? line.slice(...object) : 'null'
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED': {
      if (twice) return skipped(new ParseError(`a watch event has the member ${JSON.stringify(twice)} twice`, line.slice(from, to)))
      if (text.charCodeAt(0) !== OPEN_BRACE)
        return skipped(new ParseError(`a watch event has an object, this ${type} has none`, line.slice(from, to)))
      try {
        return { type, entry: makeEntry(text, 0, text.length, readHeader(text, 0, undefined, { isWhole: true }), options) }
      } catch (error) {
        if (isParseError(error)) return skipped(error)
        throw error
      }
    }
    case 'BOOKMARK':
      return { type, ...asBookmark(parseJson(text)) }
    case 'ERROR':
      return { type, status: asStatus(parseJson(text)) ?? { message: text.slice(0, 200) } }
    default:
      throw new WatchError(`unknown watch event type ${JSON.stringify(type)}`)
  }
}

const skipped = (error: Error) => ({ type: 'SKIPPED', error }) as const

/**
 * Returns the error for a bare Status in place of events, which a proxy or a server that refuses with status 200 sends; undefined for any
 * other value.
 */
export function refusedWatch(value: unknown): WatchError | undefined {
  const status = asStatus(value)
  return status && new WatchError(status.message ?? 'the server sent a Status in place of events', { status })
}

function notAnEvent(text: string): never {
  const refused = refusedWatch(parseJson(text))
  if (refused) throw refused
  throw new ParseError('a watch event has a type and an object, this has neither', text)
}
