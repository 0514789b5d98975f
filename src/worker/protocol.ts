// The messages between a page and its Worker, sent over a dedicated port. Objects are sent as rows of strings, because engines copy strings
// without walking a structure.

import type { RequestSummary } from '../api/errors'
import type { ListOptions, WatchOptions } from '../api/options'
import type { Resource } from '../api/resource'
import { type Entry, entryFromPacked, entryFromParts } from '../codec/entry'
import type { Template } from '../codec/template'
import type { Skipped, WatchEntry } from '../codec/wire'
import type { ClientSettings } from '../http/portable'
import type { ServerWarning } from '../http/warnings'
import type { Commit, LoadOptions, Scope, StoredRecord } from '../persistence/persister'
import type { IdbSettings } from '../persistence/portable'
import { type ErrorData, errorFromData, errorToData } from './error-data'

/** The message that carries the port from the main thread to the Worker. */
export const CONNECT = 'kubeflect:connect'

/** One end of a connection: the members of `MessagePort` that both sides use. */
export type ConnectionPort = Pick<MessagePort, 'postMessage' | 'onmessage' | 'onmessageerror' | 'close'>

/** A message from the main thread to the Worker. `id` numbers the requests of a connection. */
export type RequestMessage =
  | { readonly type: 'open'; readonly client: ClientSettings }
  /** A leading chunk of a large argument, sent before its request. */
  | { readonly type: 'part'; readonly id: number; readonly cells: readonly string[] }
  | { readonly type: 'request'; readonly id: number; readonly request: WorkerRequest }
  /** Acknowledges the last chunk; the Worker may send the next one. */
  | { readonly type: 'acknowledge'; readonly id: number }
  | { readonly type: 'cancel'; readonly id: number }
  /** Requests a `pong`, to detect a dead Worker. */
  | { readonly type: 'ping' }
  | { readonly type: 'token'; readonly id: number; readonly token: string | undefined }
  | { readonly type: 'no-token'; readonly id: number; readonly error: ErrorData }
  | { readonly type: 'close' }

/** A request that the Worker can execute. */
export type WorkerRequest =
  | { readonly kind: 'ping' }
  | { readonly kind: 'list'; readonly resource: Address; readonly options: ReadOptions & ListOptions }
  | { readonly kind: 'watch'; readonly resource: Address; readonly options: ReadOptions & WatchOptions }
  | {
      readonly kind: 'load'
      readonly storage: Storage
      readonly scope: Scope
      readonly options: Omit<LoadOptions, 'onRecords'>
    }
  | {
      readonly kind: 'commit'
      readonly storage: Storage
      readonly scope: Scope
      readonly commit: Commit['type']
      readonly writer: string
      readonly deletes: readonly string[]
      readonly resourceVersion: string
      /** The puts as cells of records, after those of the leading chunks. */
      readonly cells: readonly string[]
    }
  | { readonly kind: 'clear'; readonly storage: Storage; readonly scope: Partial<Scope> | undefined }
  | ScopeRequest

/** A request about the state of a scope: to store it from now on (`keep`), and to return it (`present`). */
export interface ScopeRequest {
  readonly kind: 'keep' | 'present'
  readonly resource: Address
  readonly options: Pick<ReadOptions, 'namespace' | 'managedFields' | 'accept'> & Pick<ListOptions, 'labelSelector' | 'fieldSelector'>
  readonly stored: StoredScope
}

/** The storage of a scope's state. */
export interface StoredScope {
  readonly storage: IdbSettings
  readonly scope: Scope
  /** The plurals of sensitive resources that may be stored. */
  readonly sensitive?: readonly string[] | undefined
}

/** A persister of the main thread, identified by a number. */
export interface Storage extends IdbSettings {
  readonly number: number
}

/** A resource without its schema, which stays on the main thread. */
export type Address = Pick<Resource, 'group' | 'version' | 'plural' | 'kind' | 'scope'>

/** Options for reading entries that are not part of the wire format. */
export interface ReadOptions {
  readonly namespace?: string | undefined
  readonly managedFields?: 'drop' | 'keep' | undefined
  readonly accept?: string | undefined
  readonly maxLineLength?: number | undefined
  /** Whether the Worker packs the texts. */
  readonly pack?: boolean | undefined
  /** A field selector within the other selectors, of a list from a shared feed. */
  readonly within?: string | undefined
}

/** A message from the Worker to the main thread: a reply to a request, a warning, or a request for a token. */
export type ReplyMessage =
  /** Answers a ping. */
  | { readonly type: 'pong' }
  /** The number of bytes received, and the cells made from them, if any. The Worker waits for `acknowledge` before the next chunk. */
  | { readonly type: 'chunk'; readonly id: number; readonly bytes: number; readonly cells: readonly string[] | undefined }
  | { readonly type: 'done'; readonly id: number; readonly cells: readonly string[] }
  | { readonly type: 'failed'; readonly id: number; readonly error: ErrorData }
  /** Requests a token. `refused` is the last one when the server has rejected it. */
  | { readonly type: 'token'; readonly id: number; readonly refused: string | undefined }
  | { readonly type: 'warning'; readonly warning: ServerWarning; readonly request: RequestSummary }

/** The approximate size of a message, in characters: one millisecond of work for the receiver. */
export const CHUNK_SIZE: number = 1 << 18

/** Splits entries or records into chunks whose texts have about {@link CHUNK_SIZE} characters. */
export function* inChunks<T extends { readonly text: string }>(items: readonly T[]): Generator<readonly T[], void, undefined> {
  let start = 0
  let size = 0
  for (const [at, { text }] of items.entries()) {
    size += text.length
    if (size < CHUNK_SIZE && at < items.length - 1) continue
    yield items.slice(start, at + 1)
    start = at + 1
    size = 0
  }
}

/** A packed text, and the number of its template. */
export interface PackedText {
  readonly text: string
  readonly template: string
}

/** Encodes an entry as cells. The last is the number of the template against which the text is packed; the empty string for none. */
export const entryCells = (entry: Entry<unknown>, packed?: PackedText): string[] => [
  entry.key,
  entry.uid,
  entry.resourceVersion,
  packed?.text ?? entry.text,
  packed?.template ?? '',
]

/** Encodes a template as cells. The first is the empty string, which is no key. `parent` is the empty string for a plain text. */
export const templateCells = (number: string, parent: string, packed: string): string[] => ['', number, parent, packed, '']

/** The templates of a request's rows. */
export interface TemplateRows {
  /** Adds a template. Its parent must have been added. */
  define(number: string, parent: string, packed: string): void
  /** @throws KubeError when the template was not added. */
  find(number: string): Template
}

/** Decodes the entries of a chunk. */
export function entriesOf<T>(cells: readonly string[], templates: TemplateRows): Entry<T>[] {
  return rowsOf(cells, 5).flatMap((row) => entryOf<T>(row, templates) ?? [])
}

/** Decodes an entry; undefined for a template, which is added. */
function entryOf<T>(
  [key = '', uid = '', resourceVersion = '', text = '', template = '']: readonly string[],
  templates: TemplateRows,
): Entry<T> | undefined {
  if (key === '') return void templates.define(uid, resourceVersion, text)
  if (template === '') return entryFromParts(key, uid, resourceVersion, text)
  return entryFromPacked(key, uid, resourceVersion, text, templates.find(template).unpack)
}

/** The number of cells of a record. */
const RECORD_CELLS = 4

/** Encodes a record as cells: its uid and version are empty strings where they are unknown. */
export const recordCells = ({ key, text, uid = '', resourceVersion = '' }: StoredRecord): string[] => [key, text, uid, resourceVersion]

/** Decodes the records of a chunk. */
export function recordsOf(cells: readonly string[]): StoredRecord[] {
  return rowsOf(cells, RECORD_CELLS).map(([key = '', text = '', uid = '', resourceVersion = '']) =>
    resourceVersion ? { key, text, uid, resourceVersion } : { key, text },
  )
}

/**
 * Encodes batches of a snapshot. Each batch records its length and the number of records before it, because batches may be combined into
 * one message.
 */
export function* batchCells(records: readonly StoredRecord[], before: number): Generator<string[], void, undefined> {
  let number = before
  for (const chunk of inChunks(records)) {
    yield [String(number), String(chunk.length * RECORD_CELLS), ...chunk.flatMap(recordCells)]
    number += chunk.length
  }
}

/** Decodes the batches of a chunk. */
export function* batchesOf(
  cells: readonly string[],
): Generator<{ readonly records: readonly StoredRecord[]; readonly before: number }, void, undefined> {
  for (let at = 0; at < cells.length; ) {
    const start = at + 2
    at = start + Number(cells[at + 1])
    yield { records: recordsOf(cells.slice(start, at)), before: Number(cells[start - 2]) }
  }
}

/** The type of a row that is a template. */
export const TEMPLATE_EVENT = 'TEMPLATE'

/** Encodes an event as cells. */
export function eventCells(event: WatchEntry<unknown>, packed?: PackedText): string[] {
  switch (event.type) {
    case 'BOOKMARK':
      return [event.type, event.initialEventsEnd ? 'end' : '', '', event.resourceVersion, '', '']
    case 'ERROR':
      return [event.type, '', '', '', JSON.stringify(event.status), '']
    case 'SKIPPED':
      return [event.type, '', '', '', JSON.stringify(errorToData(event.error)), '']
    default:
      return [event.type, ...entryCells(event.entry, packed)]
  }
}

/** Decodes the events of a chunk. */
export function eventsOf<T>(cells: readonly string[], templates: TemplateRows): WatchEntry<T>[] {
  return rowsOf(cells, 6).flatMap(([type, ...row]): WatchEntry<T> | [] => {
    const [key = '', , resourceVersion = '', text = ''] = row
    switch (type as WatchEntry<T>['type'] | typeof TEMPLATE_EVENT) {
      case 'BOOKMARK':
        return { type: 'BOOKMARK', resourceVersion, initialEventsEnd: key !== '' }
      case 'ERROR':
        return { type: 'ERROR', status: JSON.parse(text) }
      case 'SKIPPED':
        return { type: 'SKIPPED', error: errorFromData(JSON.parse(text)) }
      default: {
        const entry = entryOf<T>(row, templates)
        return entry ? { type: type as 'ADDED' | 'MODIFIED' | 'DELETED', entry } : []
      }
    }
  })
}

/** Encodes the skipped items of a list as one cell. */
export const skippedCell = (skipped: Skipped | undefined): string =>
  skipped ? JSON.stringify({ count: skipped.count, errors: skipped.errors.map(errorToData) }) : ''

/** Decodes the skipped items of a list. */
export function skippedOf(cell: string): { skipped?: Skipped } {
  if (!cell) return {}
  const { count, errors } = JSON.parse(cell) as { count: number; errors: ErrorData[] }
  return { skipped: { count, errors: errors.map(errorFromData) } }
}

/** Splits cells into rows of `width` cells. */
export function rowsOf(cells: readonly string[], width: number): string[][] {
  const rows: string[][] = []
  for (let at = 0; at < cells.length; at += width) rows.push(cells.slice(at, at + width))
  return rows
}
