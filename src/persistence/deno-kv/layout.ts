// The layout of snapshots in Deno KV, where a value holds 64 KiB and an atomic operation 800 KiB. A scope has one head and a log: a line
// for each put and delete since the log was started, split into chunks. The head names the valid log and its number of chunks; all other
// chunks are uncommitted or obsolete.

import { LineSplitter } from '../../codec/lines'
import type { Step } from '../persister'
import { newWriter, type ScopeHead } from '../writer'

/** A key of Deno KV. */
export type KvKey = readonly (Uint8Array | string | number | bigint | boolean | symbol)[]

/** The head of a scope. */
export interface LogHead extends ScopeHead {
  /** The unique name of the log. */
  readonly log: string
  /** The number of valid chunks in the log. */
  readonly chunks: number
  /** In bytes. */
  readonly size: number
  /** The size of the log when it was started, in bytes. */
  readonly begunWith: number
}

/** Includes the version of this layout. Data of other versions is ignored. */
const ROOT = ['kubeflect', '1'] as const
/** In bytes; the limit of a value is 65,536. */
const CHUNK_SIZE = 60_000

/** The prefix of all heads. */
export const headsKey: readonly string[] = [...ROOT, 'heads']
/** The prefix of all logs. */
export const logsKey: readonly string[] = [...ROOT, 'logs']
/** Returns the key of a scope's head. */
export const headKey = (id: string): KvKey => [...headsKey, id]
/** Returns the prefix of a scope's logs. */
export const scopeLogsKey = (id: string): KvKey => [...logsKey, id]
/** Returns the key of a chunk. */
export const chunkKey = (id: string, log: string, number: number): KvKey => [...logsKey, id, log, number]
/** Returns the id of the scope that a key below `headsKey` or `logsKey` belongs to. */
export const idOf = (key: KvKey): string => String(key[headsKey.length])

/** Whether a value is a valid head. */
export function isLogHead(value: unknown): value is LogHead {
  const { writer, log, chunks } = (value ?? {}) as Partial<LogHead>
  return typeof writer === 'string' && typeof log === 'string' && Number.isSafeInteger(chunks)
}

/** Makes a head without a log. Without a version it only records the writer. */
export function newHead(writer: string, resourceVersion?: string): LogHead {
  return { writer, resourceVersion, log: newWriter(), chunks: 0, size: 0, begunWith: 0 }
}

/** Splits a step into chunks of a log, each in its own buffer. */
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

/** Replays the chunks of a log; returns texts by key, or undefined when the chunks are damaged. */
export function textsOf(chunks: readonly unknown[]): Map<string, string> | undefined {
  const texts = new Map<string, string>()
  const splitter = new LineSplitter({ maxLineLength: Number.POSITIVE_INFINITY })
  try {
    for (const chunk of chunks) {
      if (!(chunk instanceof Uint8Array)) return undefined
      splitter.push(chunk, (text, start, end) => take(texts, JSON.parse(text.slice(start, end))))
    }
    // A line without an end was cut off.
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
  if (typeof key !== 'string' || (text !== undefined && typeof text !== 'string')) throw new TypeError('not a line of a log')
  if (text === undefined) texts.delete(key)
  else texts.set(key, text)
}
