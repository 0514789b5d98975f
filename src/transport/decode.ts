import { ParseError, WatchError } from '../errors'
import { type Entry, type EntryOptions, makeEntry, readHeader } from '../meta/entry'
import { CLOSE_BRACE, COLON, forEachMember, skipSpace, skipValue, stringAt } from '../meta/scan'
import { asBookmark, asStatus } from '../meta/schemas'
import { type ChangeType, INITIAL_EVENTS_END, type WatchEntry } from '../meta/wire'

const OPENING = '{"type":"'
const OPENINGS: readonly (readonly [ChangeType, string])[] = (['ADDED', 'MODIFIED', 'DELETED'] as const).map((type) => [
  type,
  `${OPENING}${type}","object":`,
])

/**
 * Decodes the events of one watch, line by line: one event in a line in practice; the protocol allows several values. Objects are cut out, not
 * parsed.
 *
 * There are two ways that give the same. One looks at every character and takes any JSON. The other knows how an API server writes an event: type
 * first, then the object, and nothing behind it, so that the object ends where the line does. The second is taken once the first has found an event of
 * this watch to be so, and only for lines that begin and end like it and hold no second event.
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
   * Decodes the events of a line.
   *
   * @throws ParseError when the line is not a sequence of watch events; WatchError when an event's type is unknown.
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

/** Reads an event the second way; undefined when anything about it is unusual. */
function cutPlain<T>(text: string, start: number, end: number, options?: EntryOptions): PlainEvent<T> | undefined {
  const opening = OPENINGS.find(([type]) => text.charCodeAt(start + OPENING.length) === type.charCodeAt(0))
  if (!opening || !text.startsWith(opening[1], start)) return undefined
  const [type, { length }] = opening
  const objectStart = start + length
  if (text.charCodeAt(end - 1) !== CLOSE_BRACE || text.charCodeAt(end - 2) !== CLOSE_BRACE) return undefined
  try {
    const header = readHeader(text, objectStart)
    if (header.end > end) return undefined
    if (hasObjectMember(text.slice(header.end, end))) return undefined
    return { type, entry: makeEntry(text, objectStart, end - 1, header, options) }
  } catch {
    return undefined
  }
}

/** Whether some member is called `object`, as one of every event is. */
function hasObjectMember(text: string): boolean {
  // Engines look for a text by its first character, and hardly any is as rare in JSON as this one.
  for (let at = text.indexOf('ject"'); at >= 0; at = text.indexOf('ject"', at + 1)) {
    if (text.startsWith('"ob', at - 3) && text.charCodeAt(skipSpace(text, at + 5)) === COLON) return true
  }
  return false
}

interface PlainEvent<T> {
  readonly type: ChangeType
  readonly entry: Entry<T>
}

function decodeWatchEvents<T>(line: string, emit: (event: WatchEntry<T>) => void, options?: EntryOptions): void {
  for (let at = skipSpace(line, 0); at < line.length; at = skipSpace(line, at)) at = decodeWatchEvent(line, at, emit, options)
}

function decodeWatchEvent<T>(line: string, at: number, emit: (event: WatchEntry<T>) => void, options?: EntryOptions): number {
  let type: string | undefined
  let start = -1
  let objectEnd = -1
  try {
    const end = forEachMember(line, at, (key, valueStart) => {
      const valueEnd = skipValue(line, valueStart)
      if (key === 'type') type = stringAt(line, valueStart)
      else if (key === 'object') [start, objectEnd] = [valueStart, valueEnd]
      return valueEnd
    })
    if (start < 0) throw new ParseError('a watch event has an object, this has none', line.slice(at, end))
    emit(decodeObject(type, line, start, objectEnd, options))
    return end
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new ParseError('a watch event is not JSON', line.slice(at), { cause })
    throw cause
  }
}

function decodeObject<T>(type: string | undefined, line: string, start: number, end: number, options?: EntryOptions): WatchEntry<T> {
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type, entry: makeEntry(line, start, end, readHeader(line, start), options) }
    case 'BOOKMARK': {
      const bookmark = asBookmark(JSON.parse(line.slice(start, end)))
      if (!bookmark) throw new ParseError('a BOOKMARK has a resourceVersion, this has none', line.slice(start, end))
      const { resourceVersion, annotations } = bookmark.metadata
      return { type, resourceVersion, initialEventsEnd: annotations?.[INITIAL_EVENTS_END] === 'true' }
    }
    case 'ERROR':
      return { type, status: asStatus(JSON.parse(line.slice(start, end))) ?? { message: line.slice(start, Math.min(end, start + 200)) } }
    default:
      throw new WatchError(`unknown watch event type ${JSON.stringify(type)}`)
  }
}
