import { requested } from './idb-connection'
import { IdbLog, type LogRecord } from './idb-log'
import type { LoadOptions, Step, StoredRecord } from './persister'

// How a snapshot lies in an object store. Keys are `[scope's id, part, number]`: one head, and a log of records, of which the newest text of a
// key counts. A complete state is a log of records of about 1 MiB. Records hold arrays of strings because that was measured to be fastest both
// ways: `npm run bench -- layouts`.

/** Counts the changes of this layout. A snapshot of another format is removed. */
const FORMAT = 2
const HEAD = 0
const LOG = 1
/** In characters, keys not counted. */
const RECORD_SIZE = 1 << 20

/** How many records are asked for while one is waited for. */
const AHEAD = 4

/** The first record of a scope. */
export interface Head {
  readonly format: typeof FORMAT
  /** Who may commit. */
  readonly writer: string
  /** The version that the log leads to; undefined while nothing was stored but the writer. */
  readonly resourceVersion: string | undefined
  /** The number of the log's first record. */
  readonly first: number
  /** The number of the record to come. */
  readonly next: number
}

/** A snapshot as it was read, and the log to append to. */
export interface Stored {
  readonly resourceVersion: string
  readonly records: readonly StoredRecord[]
  readonly log: IdbLog
}

/** Where the head of a scope lies. */
export const headKey = (id: string): IDBValidKey => [id, HEAD, 0]
/** Where a record of a log lies. */
export const recordKey = (id: string, number: number): IDBValidKey => [id, LOG, number]
/** Records of a log, from one number up to another, which is not included. */
export const recordRange = (id: string, from: number, to: number): IDBKeyRange =>
  IDBKeyRange.bound(recordKey(id, from), recordKey(id, to), false, true)
/** Everything of a scope. An array sorts after every number and string. */
export const scopeRange = (id: string): IDBKeyRange => IDBKeyRange.bound([id], [id, []])

/** The head of a log; of a scope that has none, it says only who may commit one. */
export function headOf(writer: string, resourceVersion?: string, { first, next }: Pick<IdbLog, 'first' | 'next'> = new IdbLog()): Head {
  return { format: FORMAT, writer, resourceVersion, first, next }
}

/** Whether a record is a head this version of the layout knows. */
export function isHead(value: unknown): value is Head {
  return (
    isRecord(value) &&
    value.format === FORMAT &&
    typeof value.writer === 'string' &&
    typeof value.first === 'number' &&
    typeof value.next === 'number' &&
    isOptionalString(value.resourceVersion)
  )
}

/** Whether a value can be a record of a log. */
export function isLogRecord(value: unknown): value is LogRecord {
  return (
    isRecord(value) &&
    isStrings(value.keys) &&
    isStrings(value.texts) &&
    value.keys.length === value.texts.length &&
    isStrings(value.deletes)
  )
}

/** The records that a commit adds to a log: one, unless it is large or only moves the version. */
export function* logRecordsOf(step: Step): Generator<LogRecord> {
  let keys: string[] = []
  let texts: string[] = []
  let deletes = step.type === 'apply' ? step.deletes : []
  let size = 0
  for (const { key, text } of step.puts) {
    keys.push(key)
    texts.push(text)
    size += text.length
    if (size < RECORD_SIZE) continue
    yield { keys, texts, deletes }
    keys = []
    texts = []
    deletes = []
    size = 0
  }
  if (keys.length + deletes.length > 0) yield { keys, texts, deletes }
}

/**
 * Reads the snapshot that belongs to a head, the newest record first: so it is known of each text, as soon as it is read, whether it counts. Gives
 * undefined when there is none, or when it is damaged.
 */
export async function readSnapshot(
  store: IDBObjectStore,
  id: string,
  { resourceVersion, first, next }: Head,
  { onRecords }: Pick<LoadOptions, 'onRecords'>,
): Promise<Stored | undefined> {
  if (resourceVersion === undefined) return undefined
  const ask = <R>(request: IDBRequest<R>) => {
    const asked = requested(request)
    // Whether it failed is seen when its turn comes.
    asked.catch(() => {})
    return asked
  }
  const read = (number: number) => ask<unknown>(store.get(recordKey(id, number)))
  const count = ask(store.count(IDBKeyRange.bound([id, LOG], [id, LOG, []])))
  // Some are asked for in advance, so that the storage is never idle; not all of them, since their results would come before anything else.
  const reads = Array.from({ length: Math.min(AHEAD, next - first) }, (_, n) => read(next - 1 - n))
  if ((await count) !== next - first) return undefined
  const log = new IdbLog(next)
  const records: StoredRecord[] = []
  while (log.first > first) {
    const record = await reads.shift()
    if (log.first - 1 - AHEAD >= first) reads.push(read(log.first - 1 - AHEAD))
    if (!isLogRecord(record)) return undefined
    const before = records.length
    const needed = log.prepend(record)
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
