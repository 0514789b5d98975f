import { LineSplitter } from '../transport/lines'
import type { Step } from './persister'
import { newWriter, type ScopeHead } from './writer'

// How a snapshot lies in Deno KV, where a value holds 64 KiB and an atomic operation 800 KiB. A scope has one head, and a log: the lines of
// everything that was put and deleted since the log was begun, cut into chunks. The head says which log counts, and how many of its chunks:
// whatever lies beside was never committed, or is no longer needed.

/** A key of Deno KV. */
export type KvKey = readonly (Uint8Array | string | number | bigint | boolean | symbol)[]

/** The head of a scope. */
export interface LogHead extends ScopeHead {
  /** The log's name, its own. */
  readonly log: string
  /** How many chunks of the log count. */
  readonly chunks: number
  /** In bytes. */
  readonly size: number
  /** How large the log was when it was begun, in bytes. */
  readonly begunWith: number
}

/** The number counts the changes of this layout: what has another one is not looked at. */
const ROOT = ['kubeflect', '1'] as const
/** In bytes; a value may have 65,536. */
const CHUNK_SIZE = 60_000

/** Where every head is. */
export const headsKey: readonly string[] = [...ROOT, 'heads']
/** Where every log is. */
export const logsKey: readonly string[] = [...ROOT, 'logs']
/** Where the head of a scope is. */
export const headKey = (id: string): KvKey => [...headsKey, id]
/** Where the logs of a scope are. */
export const scopeLogsKey = (id: string): KvKey => [...logsKey, id]
/** Where a chunk is. */
export const chunkKey = (id: string, log: string, number: number): KvKey => [...logsKey, id, log, number]
/** The scope a key below `headsKey` or `logsKey` is about. */
export const idOf = (key: KvKey): string => String(key[headsKey.length])

/** Whether a value is a head. */
export function isLogHead(value: unknown): value is LogHead {
  const { writer, log, chunks } = (value ?? {}) as Partial<LogHead>
  return typeof writer === 'string' && typeof log === 'string' && Number.isSafeInteger(chunks)
}

/** A head whose log has not begun. Without a version it says only who may commit. */
export function newHead(writer: string, resourceVersion?: string): LogHead {
  return { writer, resourceVersion, log: newWriter(), chunks: 0, size: 0, begunWith: 0 }
}

/** A step as chunks of a log, each with its own memory. */
export function* chunksOf(change: Step): Generator<Uint8Array> {
  const encoder = new TextEncoder()
  let chunk = new Uint8Array(CHUNK_SIZE)
  let used = 0
  for (const line of linesOf(change)) {
    let rest = encoder.encode(`${line}\n`)
    while (used + rest.length > CHUNK_SIZE) {
      const fitting = CHUNK_SIZE - used
      chunk.set(rest.subarray(0, fitting), used)
      yield chunk
      chunk = new Uint8Array(CHUNK_SIZE)
      rest = rest.subarray(fitting)
      used = 0
    }
    chunk.set(rest, used)
    used += rest.length
  }
  if (used > 0) yield chunk.slice(0, used)
}

/** The state a log's chunks lead to, as text by key; undefined when they are damaged. */
export function textsOf(chunks: readonly unknown[]): Map<string, string> | undefined {
  const texts = new Map<string, string>()
  const splitter = new LineSplitter({ maxLineLength: Number.POSITIVE_INFINITY })
  try {
    for (const chunk of chunks) {
      if (!(chunk instanceof Uint8Array)) return undefined
      splitter.push(chunk, (text, start, end) => take(texts, JSON.parse(text.slice(start, end))))
    }
    // What has no line end was cut off.
    splitter.end(() => take(texts, undefined))
  } catch {
    return undefined
  }
  return texts
}

function* linesOf(change: Step): Generator<string> {
  if (change.type === 'apply') for (const key of change.deletes) yield JSON.stringify([key])
  for (const { key, text } of change.puts) yield JSON.stringify([key, text])
}

function take(texts: Map<string, string>, line: unknown): void {
  const [key, text] = Array.isArray(line) ? line : []
  if (typeof key !== 'string' || (text !== undefined && typeof text !== 'string')) throw new TypeError('no line of a log')
  if (text === undefined) texts.delete(key)
  else texts.set(key, text)
}
