import type { RequestSummary } from '../errors'
import { type Entry, entryFromParts } from '../meta/entry'
import type { Resource } from '../meta/resource'
import type { ListOptions, Skipped, WatchEntry, WatchOptions } from '../meta/wire'
import type { Commit, LoadOptions, Scope, StoredRecord } from '../persistence/persister'
import type { IdbSettings } from '../persistence/portable'
import type { ClientSettings } from '../transport/portable'
import type { ServerWarning } from '../transport/warnings'
import { type ErrorData, errorFromData, errorToData } from './error-data'

// What crosses between the threads, over a port of its own. Objects cross as rows of strings, which engines copy and do not walk.

/** With this message the main thread hands the Worker a port. */
export const CONNECT = 'kubeflect:connect'

/** An end of the connection: of a `MessagePort`, what is used of it. */
export type ThreadPort = Pick<MessagePort, 'postMessage' | 'onmessage' | 'onmessageerror' | 'close'>

/** What the main thread says. Each call has a number. */
export type Order =
  | { readonly type: 'open'; readonly client: ClientSettings }
  /** The beginning of what a call brings along, when that is much. */
  | { readonly type: 'part'; readonly id: number; readonly cells: readonly string[] }
  | { readonly type: 'call'; readonly id: number; readonly call: Call }
  /** The last piece was dealt with: the next one may come. */
  | { readonly type: 'more'; readonly id: number }
  | { readonly type: 'cancel'; readonly id: number }
  /** Asks for a sign of life. */
  | { readonly type: 'ping' }
  | { readonly type: 'token'; readonly id: number; readonly token: string | undefined }
  | { readonly type: 'no-token'; readonly id: number; readonly error: ErrorData }
  | { readonly type: 'close' }

/** What can be asked of a Worker. */
export type Call =
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
      /** The puts, key and text in turn; those of the parts come before them. */
      readonly cells: readonly string[]
    }
  | { readonly kind: 'clear'; readonly storage: Storage; readonly scope: Partial<Scope> | undefined }

/** A persister of the main thread, by its number. */
export interface Storage extends IdbSettings {
  readonly number: number
}

/** A resource without its schema, which stays on the main thread. */
export type Address = Pick<Resource, 'group' | 'version' | 'plural' | 'kind' | 'scope'>

/** How entries are read, besides the wire's options. */
export interface ReadOptions {
  readonly namespace?: string | undefined
  readonly managedFields?: 'drop' | 'keep' | undefined
  readonly accept?: string | undefined
  readonly maxLineLength?: number | undefined
}

/** What the Worker says of a call, or asks. */
export type News =
  /** Answers a ping. */
  | { readonly type: 'pong' }
  /** So many bytes came from the network, and perhaps what was made of them. There is no other piece before `more` is said. */
  | { readonly type: 'piece'; readonly id: number; readonly bytes: number; readonly cells: readonly string[] | undefined }
  | { readonly type: 'done'; readonly id: number; readonly cells: readonly string[] }
  | { readonly type: 'failed'; readonly id: number; readonly error: ErrorData }
  /** A token is needed; another one, when one was refused. */
  | { readonly type: 'token'; readonly id: number; readonly refused: string | undefined }
  | { readonly type: 'warning'; readonly warning: ServerWarning; readonly request: RequestSummary }

/** About so many characters cross at once: a millisecond's work for who takes them. */
export const PIECE: number = 1 << 18

/** Cuts a row of items into pieces that may cross. */
export function* inPieces<T>(items: Iterable<T>, cellsOf: (item: T) => readonly string[]): Generator<string[], void, undefined> {
  let cells: string[] = []
  let size = 0
  for (const item of items) {
    for (const cell of cellsOf(item)) {
      cells.push(cell)
      size += cell.length
    }
    if (size < PIECE) continue
    yield cells
    cells = []
    size = 0
  }
  if (cells.length > 0) yield cells
}

/** An entry as cells. */
export const entryCells = ({ key, uid, resourceVersion, text }: Entry<unknown>): string[] => [key, uid, resourceVersion, text]

/** The entries of a piece. */
export function entriesOf<T>(cells: readonly string[]): Entry<T>[] {
  return rowsOf(cells, 4).map(([key = '', uid = '', resourceVersion = '', text = '']) => entryFromParts(key, uid, resourceVersion, text))
}

/** Records as cells. */
export const recordCells = ({ key, text }: StoredRecord): string[] => [key, text]

/** The records of a piece. */
export function recordsOf(cells: readonly string[]): StoredRecord[] {
  return rowsOf(cells, 2).map(([key = '', text = '']) => ({ key, text }))
}

/** Yields batches of a snapshot as pieces of cells. Each says where it ends and how many records came before: batches may cross together. */
export function* batchCells(records: readonly StoredRecord[], before: number): Generator<string[], void, undefined> {
  let number = before
  for (const piece of inPieces(records, recordCells)) {
    yield [String(number), String(piece.length), ...piece]
    number += piece.length / 2
  }
}

/** Yields the batches of a piece. */
export function* batchesOf(
  cells: readonly string[],
): Generator<{ readonly records: readonly StoredRecord[]; readonly before: number }, void, undefined> {
  for (let at = 0; at < cells.length; ) {
    const start = at + 2
    at = start + Number(cells[at + 1])
    yield { records: recordsOf(cells.slice(start, at)), before: Number(cells[start - 2]) }
  }
}

/** An event as cells. */
export function eventCells(event: WatchEntry<unknown>): string[] {
  switch (event.type) {
    case 'BOOKMARK':
      return [event.type, event.initialEventsEnd ? 'end' : '', '', event.resourceVersion, '']
    case 'ERROR':
      return [event.type, '', '', '', JSON.stringify(event.status)]
    case 'SKIPPED':
      return [event.type, '', '', '', JSON.stringify(errorToData(event.error))]
    default:
      return [event.type, ...entryCells(event.entry)]
  }
}

/** The events of a piece. */
export function eventsOf<T>(cells: readonly string[]): WatchEntry<T>[] {
  return rowsOf(cells, 5).map(([type, key = '', uid = '', resourceVersion = '', text = '']) => {
    switch (type as WatchEntry<T>['type']) {
      case 'BOOKMARK':
        return { type: 'BOOKMARK', resourceVersion, initialEventsEnd: key !== '' }
      case 'ERROR':
        return { type: 'ERROR', status: JSON.parse(text) }
      case 'SKIPPED':
        return { type: 'SKIPPED', error: errorFromData(JSON.parse(text)) }
      default:
        return { type: type as 'ADDED' | 'MODIFIED' | 'DELETED', entry: entryFromParts<T>(key, uid, resourceVersion, text) }
    }
  })
}

/** What was skipped of a list, as one cell. */
export const skippedCell = (skipped: Skipped | undefined): string =>
  skipped ? JSON.stringify({ count: skipped.count, errors: skipped.errors.map(errorToData) }) : ''

/** What was skipped of a list, again. */
export function skippedOf(cell: string): { skipped?: Skipped } {
  if (!cell) return {}
  const { count, errors } = JSON.parse(cell) as { count: number; errors: ErrorData[] }
  return { skipped: { count, errors: errors.map(errorFromData) } }
}

/** Cells, so many in a row. */
export function rowsOf(cells: readonly string[], width: number): string[][] {
  const rows: string[][] = []
  for (let at = 0; at < cells.length; at += width) rows.push(cells.slice(at, at + width))
  return rows
}
