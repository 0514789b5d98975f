// Watches collections, as entries or as objects.

import { isParseError, ParseError, type RequestSummary, type WatchError } from '../api/errors'
import type { KubeObject } from '../api/object'
import type { RequestOptions, WatchOptions } from '../api/options'
import { apiVersionOf, type Resource, resourcePath } from '../api/resource'
import { parseJson } from '../codec/json'
import { type LineSink, LineSplitter } from '../codec/lines'
import { skipSpace, skipValue } from '../codec/scan'
import { refusedWatch, WatchDecoder } from '../codec/watch-decoder'
import { INITIAL_EVENTS_END, type WatchEntry, type WatchEvent } from '../codec/wire'
import { readChunks } from './body'
import { entryParams } from './entry-params'
import { locate } from './json'
import type { Requester } from './requester'

/** Options of a watch of entries. */
export interface WatchEntriesOptions extends WatchOptions, RequestOptions {
  /** Whether to keep `metadata.managedFields`; default `'drop'`. */
  managedFields?: 'drop' | 'keep' | undefined
  /** The accepted media types; default plain JSON. */
  accept?: string | undefined
  /** The maximum length of an event, in bytes; default 16 Mi. A longer one ends the watch with a WatchError. */
  maxLineLength?: number | undefined
}

/** Decodes the lines of one watch to events. Each line is `text.slice(start, end)`, and known to be ASCII or not. */
export interface LineDecoder<T> {
  decode(text: string, start: number, end: number, emit: (event: WatchEntry<T>) => void, isAscii: boolean): void
}

/** Watches a collection. Yields one batch per network read; the first, an empty one, as soon as the server has accepted the watch. */
export async function* watchEntries<T extends KubeObject>(
  client: Requester,
  resource: Resource<T>,
  {
    namespace,
    managedFields,
    maxLineLength,
    accept,
    signal,
    onBytes,
    ...options
  }: WatchEntriesOptions & { namespace?: string | undefined },
  given?: LineDecoder<T>,
): AsyncGenerator<readonly WatchEntry<T>[], void, undefined> {
  const path = resourcePath(resource, { namespace })
  const decoder = given ?? new WatchDecoder<T>({ managedFields, typeMeta: { kind: resource.kind, apiVersion: apiVersionOf(resource) } })
  const request: RequestSummary = { method: 'GET', url: `${client.baseUrl}/${path}` }
  const params = await entryParams(options)
  params.set('watch', 'true')
  const raw = { path, params, headers: accept ? { accept } : undefined, signal, ownPolicy: true }
  const { response, end, close } = (await client.openWatch?.(raw)) ?? { response: await client.request(raw) }
  const chunks = readChunks(response, request, { signal, onBytes, end })
  const splitter = new LineSplitter({ maxLineLength })
  let batch: WatchEntry<T>[] = []
  let failure: unknown
  let isFirst = true
  const keep = (event: WatchEntry<T>) =>
    void batch.push(event.type === 'SKIPPED' ? { ...event, error: locate(event.error, response, request) as Error } : event)
  const decode: LineSink = (text, start, end, isAscii) => decoder.decode(text, start, end, keep, isAscii)
  // The events before an invalid line are still valid.
  const collect = (read: () => void, chunk?: Uint8Array) => {
    batch = []
    try {
      read()
    } catch (error) {
      failure = locate((isFirst && batch.length === 0 && explained(error, chunk)) || error, response, request)
    }
    isFirst = false
    return batch
  }
  try {
    yield batch
    for await (const chunk of chunks) {
      yield collect(() => splitter.push(chunk, decode), chunk)
      if (failure !== undefined) throw failure
    }
    const rest = collect(() => splitter.end((line, start, _end, isAscii) => decode(line, start, unfinishedAt(line, start), isAscii)))
    if (rest.length > 0) yield rest
    if (failure !== undefined) throw failure
  } finally {
    void response.body?.cancel().catch(() => undefined)
    close?.()
  }
}

/** Explains a body that is one value over several lines, which is not a watch: its first line alone would be misleading. */
function explained(error: unknown, chunk: Uint8Array | undefined): unknown {
  if (!chunk || !isParseError(error) || !(error.cause instanceof SyntaxError)) return error
  const text = new TextDecoder().decode(chunk)
  let refused: WatchError | undefined
  try {
    refused = refusedWatch(parseJson(text))
  } catch (cause) {
    return new ParseError('a watch event is not JSON', text, { cause })
  }
  return refused ?? new ParseError('a watch has one event in a line, this is one value over several lines', text)
}

/** Returns the start of the unfinished event after the last line end. Events without a line end may come before it. */
function unfinishedAt(rest: string, start: number): number {
  let at = skipSpace(rest, start)
  try {
    while (at < rest.length) at = skipSpace(rest, skipValue(rest, at))
  } catch {
    if (rest[at] === '{') return at
  }
  return rest.length
}

/** Parses the entries of a watch to events, one by one. Aborting ends the loop. @throws the error of an object that cannot be kept. */
export async function* watchEvents<T>(
  batches: AsyncIterable<readonly WatchEntry<T>[]>,
  signal: AbortSignal | undefined,
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  try {
    for await (const batch of batches) {
      for (const event of batch) {
        if (signal?.aborted) return
        yield parseEvent(event)
      }
    }
  } catch (error) {
    if (signal?.aborted && !isParseError(error)) return
    throw error
  }
}

function parseEvent<T>(event: WatchEntry<T>): WatchEvent<T> {
  switch (event.type) {
    case 'BOOKMARK':
      return {
        type: event.type,
        object: {
          metadata: {
            resourceVersion: event.resourceVersion,
            ...(event.initialEventsEnd && { annotations: { [INITIAL_EVENTS_END]: 'true' } }),
          },
        },
      }
    case 'ERROR':
      return { type: event.type, object: event.status }
    case 'SKIPPED':
      throw event.error
    default:
      return { type: event.type, object: event.entry.object }
  }
}
