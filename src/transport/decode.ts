import { ParseError, WatchError } from '../errors'
import { type EntryOptions, makeEntry, readHeader } from '../meta/entry'
import { forEachMember, skipSpace, skipValue, stringAt } from '../meta/scan'
import { asBookmark, asStatus } from '../meta/schemas'
import { INITIAL_EVENTS_END, type WatchEntry } from '../meta/wire'

/**
 * Decodes the watch events in a line: one in practice; the protocol allows several values. Objects are cut out, not parsed.
 *
 * @throws ParseError when the line is not a sequence of watch events; WatchError when an event's type is unknown.
 */
export function decodeWatchEvents<T>(line: string, emit: (event: WatchEntry<T>) => void, options?: EntryOptions): void {
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
