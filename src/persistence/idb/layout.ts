// The layout of snapshots in an object store. Keys are `[scope id, part, number]`. A scope has one head and a log of records; the newest
// text of a key is valid. A complete state is a log of records of about 1 MiB. Records hold arrays of strings, the fastest layout both to
// read and to write: `npm run bench -- layouts`.

import type { LoadOptions, Step, StoredRecord } from '../persister'
import { requested } from './connection'
import { IdbLog, type LogRecord } from './log'
import { type RowCodec, rowsOf } from './rows'

const HEAD = 0
const LOG = 1
/** In characters, not counting keys. */
const RECORD_SIZE = 1 << 20

/** The number of records requested ahead of the one awaited. */
const AHEAD = 4

/** The first record of a scope. */
export interface Head {
  readonly format: number
  /** The writer that may commit. */
  readonly writer: string
  /** The version the log leads to; undefined until a state is stored. */
  readonly resourceVersion: string | undefined
  /** The number of the log's first record. */
  readonly first: number
  /** The number of the next record to write. */
  readonly next: number
}

/** A snapshot and the log to append to. */
export interface Stored {
  readonly resourceVersion: string
  readonly records: readonly StoredRecord[]
  readonly log: IdbLog
}

/** Returns the key of a scope's head. */
export const headKey = (id: string): IDBValidKey => [id, HEAD, 0]
/** Returns the key of a record of a log. */
export const recordKey = (id: string, number: number): IDBValidKey => [id, LOG, number]
/** Returns the range of the records from one number up to another, exclusive. */
export const recordRange = (id: string, from: number, to: number): IDBKeyRange =>
  IDBKeyRange.bound(recordKey(id, from), recordKey(id, to), false, true)
/** Returns the range of all records of a scope. An array sorts after every number and string. */
export const scopeRange = (id: string): IDBKeyRange => IDBKeyRange.bound([id], [id, []])

/** Makes the head of a log. For a scope without a log it only records the writer that may commit. */
export function headOf(
  { format }: RowCodec,
  writer: string,
  resourceVersion?: string,
  { first, next }: Pick<IdbLog, 'first' | 'next'> = new IdbLog(),
): Head {
  return { format, writer, resourceVersion, first, next }
}

/** Whether a record is a head of the codec's version of the layout. */
export function isHead(value: unknown, { format }: RowCodec): value is Head {
  return (
    isRecord(value) &&
    value.format === format &&
    typeof value.writer === 'string' &&
    typeof value.first === 'number' &&
    typeof value.next === 'number' &&
    isOptionalString(value.resourceVersion)
  )
}

/** Whether a value is a valid record of a log. */
export function isLogRecord(value: unknown, { areTemplates }: RowCodec): value is LogRecord {
  if (!isRecord(value) || !isStrings(value.keys) || !isStrings(value.deletes)) return false
  const { length } = value.keys
  const { texts, uids = texts, versions = texts } = value
  return [texts, uids, versions].every((column) => isStrings(column) && column.length === length) && areTemplates(value.templates, length)
}

/** Yields the records that a commit appends: one, unless it is large or only advances the version. */
export function* logRecordsOf(step: Step, codec: RowCodec): Generator<LogRecord> {
  // A change has few objects that are alike; compaction packs them later.
  const encode = step.type === 'apply' ? rowsOf : codec.encode
  let records: StoredRecord[] = []
  let deletes = step.type === 'apply' ? step.deletes : []
  let size = 0
  for (const record of step.puts) {
    const { key, uid, resourceVersion, text } = record
    // Read once: the text of an entry may be packed.
    records.push({ key, uid, resourceVersion, text })
    size += text.length
    if (size < RECORD_SIZE) continue
    yield { ...encode(records), deletes }
    records = []
    deletes = []
    size = 0
  }
  if (records.length + deletes.length > 0) yield { ...encode(records), deletes }
}

/**
 * Reads the snapshot of a head, newest record first, so that each text is known to be valid or obsolete as soon as it is read. Returns
 * undefined when there is no snapshot, or it is damaged.
 */
export async function readSnapshot(
  store: IDBObjectStore,
  id: string,
  { resourceVersion, first, next }: Head,
  { onRecords }: Pick<LoadOptions, 'onRecords'>,
  codec: RowCodec,
): Promise<Stored | undefined> {
  if (resourceVersion === undefined) return undefined
  const ask = <R>(request: IDBRequest<R>) => {
    const asked = requested(request)
    // Prevents an unhandled rejection; the error is thrown when the promise is awaited.
    asked.catch(() => {})
    return asked
  }
  const read = (number: number) => ask<unknown>(store.get(recordKey(id, number)))
  const count = ask(store.count(IDBKeyRange.bound([id, LOG], [id, LOG, []])))
  // A few requests in advance keep the storage busy. Requesting everything at once would delay all other requests.
  const reads = Array.from({ length: Math.min(AHEAD, next - first) }, (_, n) => read(next - 1 - n))
  if ((await count) !== next - first) return undefined
  const log = new IdbLog(next, codec)
  const records: StoredRecord[] = []
  while (log.first > first) {
    const record = await reads.shift()
    if (log.first - 1 - AHEAD >= first) reads.push(read(log.first - 1 - AHEAD))
    if (!isLogRecord(record, codec)) return undefined
    const before = records.length
    const needed = log.prepend(record).map(codec.reader(record))
    for (const each of needed) records.push(each)
    if (needed.length > 0) onRecords?.(needed, before)
  }
  return { resourceVersion, records: records.reverse(), log }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function isOptionalString(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string'
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
