import { isParseError, type RequestSummary } from '../errors'
import type { KubeObject } from '../meta/object'
import { apiVersionOf, type Resource, resourcePath } from '../meta/resource'
import { INITIAL_EVENTS_END, type RequestOptions, type WatchEntry, type WatchEvent, type WatchOptions } from '../meta/wire'
import { readChunks } from './body'
import { decodeWatchEvents } from './decode'
import { LineSplitter } from './lines'
import { searchParams } from './params'
import type { Requester } from './requester'

/** What a watch of entries can be given. */
export interface WatchEntriesOptions extends WatchOptions, RequestOptions {
  /** Whether to keep `metadata.managedFields`; default `'drop'`. */
  managedFields?: 'drop' | 'keep' | undefined
  /** The longest event taken, in characters; default 16 Mi. A longer one ends the watch with a WatchError. */
  maxLineLength?: number | undefined
}

/** Watches a collection: one batch per network read, the first one, empty, as soon as the server has accepted the watch. */
export async function* watchEntries<T extends KubeObject>(
  client: Requester,
  resource: Resource<T>,
  { namespace, managedFields, maxLineLength, signal, onBytes, ...options }: WatchEntriesOptions & { namespace?: string | undefined },
): AsyncGenerator<readonly WatchEntry<T>[], void, undefined> {
  const path = resourcePath(resource, { namespace })
  const request: RequestSummary = { method: 'GET', url: `${client.baseUrl}/${path}` }
  const response = await client.request({ path, params: searchParams({ ...options, watch: true }), signal })
  const chunks = readChunks(response, request, { signal, onBytes })
  const splitter = new LineSplitter({ maxLineLength })
  const entryOptions = { managedFields, typeMeta: { kind: resource.kind, apiVersion: apiVersionOf(resource) } }
  let batch: WatchEntry<T>[] = []
  const decode = (line: string) => decodeWatchEvents<T>(line, (event) => void batch.push(event), entryOptions)
  try {
    yield batch
    for await (const chunk of chunks) {
      batch = []
      let failure: unknown
      try {
        splitter.push(chunk, decode)
      } catch (error) {
        failure = error
      }
      // What came before a broken line still counts.
      yield batch
      if (failure !== undefined) throw failure
    }
    batch = []
    splitter.end((rest) => decodeRest(rest, decode))
    if (batch.length > 0) yield batch
  } finally {
    await response.body?.cancel().catch(() => undefined)
  }
}

/** What stands behind the last line end is an event without its line end, or the beginning of one that was cut off and counts for nothing. */
function decodeRest(rest: string, decode: (line: string) => void): void {
  try {
    JSON.parse(rest)
  } catch {
    return
  }
  decode(rest)
}

/** Parses a watch's entries to events, one by one; an abort ends the loop. */
export async function* watchEvents<T>(batches: AsyncIterable<readonly WatchEntry<T>[]>, signal: AbortSignal | undefined): AsyncGenerator<WatchEvent<T>, void, undefined> {
  try {
    for await (const batch of batches) for (const event of batch) yield parseEvent(event)
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
        object: { metadata: { resourceVersion: event.resourceVersion, ...(event.initialEventsEnd && { annotations: { [INITIAL_EVENTS_END]: 'true' } }) } },
      }
    case 'ERROR':
      return { type: event.type, object: event.status }
    default:
      return { type: event.type, object: event.entry.object }
  }
}
