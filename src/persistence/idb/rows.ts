// The rows of a log record: objects with their texts, as arrays of strings.

import type { StoredRecord } from '../persister'

/** The objects of a record, by column. */
export interface Rows {
  readonly keys: readonly string[]
  readonly texts: readonly string[]
  /** The uids and versions; the empty string where they are unknown. Left out when all are, so that the texts are scanned. */
  readonly uids?: readonly string[] | undefined
  readonly versions?: readonly string[] | undefined
  /** For each text, the row against which it is packed; -1 for a plain text. Left out when all texts are plain. */
  readonly templates?: readonly number[] | undefined
}

/** Some of the rows of a record. */
export interface RowSelection {
  readonly rows: Rows
  readonly selected: readonly number[]
}

/** Writes and reads the rows of records. */
export interface RowCodec {
  /** The version of the layout. A snapshot of another version is removed. */
  readonly format: number
  /** The share of its length that a plain text takes once its record is compacted. */
  readonly shrink: number
  /** Encodes the objects of a complete state. Those of a change are plain. */
  encode(records: readonly StoredRecord[]): Rows
  /** Whether a value is the `templates` of a number of rows. */
  areTemplates(value: unknown, rows: number): boolean
  /** Returns a function that decodes one row. */
  reader(rows: Rows): (row: number) => StoredRecord
  /** Combines rows of several records into one. */
  combine(selections: readonly RowSelection[]): Rows
}

/** The part of `packing()` that stores texts. */
export interface StoragePacking {
  /** Returns a codec for the rows of a snapshot. */
  rows(): RowCodec
}

/** Keeps texts as they are. */
export const plainRows: RowCodec = {
  format: 2,
  shrink: 1,
  encode: rowsOf,
  areTemplates: (value) => value === undefined,
  reader: (rows) => (row) => plainRow(rows, row),
  combine: (selections) => rowsOf(selections.flatMap(({ rows, selected }) => selected.map((row) => plainRow(rows, row)))),
}

/** Encodes objects without packing them. */
export function rowsOf(records: readonly StoredRecord[]): Rows {
  const keys = records.map(({ key }) => key)
  const texts = records.map(({ text }) => text)
  if (records.every(({ resourceVersion }) => !resourceVersion)) return { keys, texts }
  const uids = records.map(({ uid = '' }) => uid)
  const versions = records.map(({ resourceVersion = '' }) => resourceVersion)
  return { keys, texts, uids, versions }
}

/** Decodes a row whose text is plain. */
export function plainRow({ keys, texts, uids, versions }: Rows, row: number): StoredRecord {
  const key = keys[row] ?? ''
  const text = texts[row] ?? ''
  const resourceVersion = versions?.[row]
  return resourceVersion ? { key, text, uid: uids?.[row] ?? '', resourceVersion } : { key, text }
}
