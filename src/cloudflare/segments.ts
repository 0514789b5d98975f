// The segments of a log in SQLite: a head with keys and lengths, and a body with the texts.

import type { LogOutline, LogRecord } from '../persistence/idb/log'
import { rowsOf } from '../persistence/idb/rows'
import type { Step, StoredRecord } from '../persistence/persister'

/** The length of a body, in characters. UTF-8 takes three bytes for each at most, and a row has at most 2 MB. */
const SEGMENT_LENGTH = 1 << 19

/** A segment as it is stored: read the head alone where no text is needed. */
export interface StoredSegment {
  readonly head: string
  readonly body: string
}

interface Head extends Omit<LogOutline, 'texts' | 'templates'> {
  readonly lengths: readonly number[]
}

/** Cuts a step into segments. Deletes apply before all texts, so they are in the first one. */
export function* segmentsOf(step: Step): Generator<LogRecord, void, undefined> {
  let deletes = step.type === 'replace' ? [] : step.deletes
  let [records, length]: [StoredRecord[], number] = [[], 0]
  for (const { key, text, uid, resourceVersion } of step.puts) {
    if (length > 0 && length + text.length > SEGMENT_LENGTH) {
      yield { ...rowsOf(records), deletes }
      deletes = []
      ;[records, length] = [[], 0]
    }
    length += text.length
    // A copy, because the text of an entry is restored each time it is read.
    records.push({ key, text, uid, resourceVersion })
  }
  if (records.length + deletes.length > 0) yield { ...rowsOf(records), deletes }
}

/** Formats a segment. The texts stand behind each other: JSON would escape every quote. */
export function encodeSegment({ keys, texts, uids, versions, deletes }: LogRecord): StoredSegment {
  const head: Head = { keys, lengths: texts.map(({ length }) => length), uids, versions, deletes }
  return { head: JSON.stringify(head), body: texts.join('') }
}

/** Reads the head of a segment. */
export function outlineOf(head: string): LogOutline {
  const { lengths, ...rest } = JSON.parse(head) as Head
  return { ...rest, texts: lengths.map((length) => ({ length })) }
}

/** Reads a segment. Its texts are slices of the body. */
export function decodeSegment({ head, body }: StoredSegment): LogRecord {
  const { lengths, ...rest } = JSON.parse(head) as Head
  let at = 0
  const texts = lengths.map((length) => {
    at += length
    return body.slice(at - length, at)
  })
  return { ...rest, texts }
}
