// A client and a persister that forward their calls to a Worker.

import { ConnectionError, PersistenceError } from '../../api/errors'
import type { KubeObject } from '../../api/object'
import { type Resource, resourcePath } from '../../api/resource'
import type { Entry } from '../../codec/entry'
import type { ArrivalOptions, EntryList, WatchEntry } from '../../codec/wire'
import type { ListEntriesOptions } from '../../http/list'
import type { WatchEntriesOptions } from '../../http/watch'
import type { Persister, StoredRecord } from '../../persistence/persister'
import type { EntryClient } from '../../source/list-watch'
import {
  type Address,
  batchesOf,
  entriesOf,
  eventsOf,
  inChunks,
  type ReadOptions,
  recordCells,
  type ScopeRequest,
  type Storage,
  skippedOf,
  type WorkerRequest,
} from '../protocol'
import type { SendOptions, WorkerConnection } from './connection'
import { ReceivedTemplates } from './received-templates'

type Namespaced<O> = O & { namespace?: string | undefined }

/**
 * Makes a client that forwards its requests to a Worker. The Worker splits responses into cells; the entries are made on this side.
 *
 * @param options `pack`: whether the Worker packs the texts.
 */
export function remoteClient(connection: WorkerConnection, baseUrl: string, { pack }: Pick<ReadOptions, 'pack'> = {}): EntryClient {
  const received = new ReceivedTemplates()
  /** Reports the loss of the Worker as a lost connection, so that a reflector retries. */
  const failureOf = (error: unknown, resource: Resource, { namespace }: Namespaced<object>) => {
    if (error !== connection.failure) return error
    return new ConnectionError({ method: 'GET', url: `${baseUrl}/${resourcePath(resource, { namespace })}` }, { cause: error })
  }

  return {
    baseUrl,

    async listEntries<T extends KubeObject>(
      resource: Resource<T>,
      { signal, onBytes, onEntries, ...options }: Namespaced<ListEntriesOptions & ArrivalOptions<T>>,
    ): Promise<EntryList<T>> {
      const entries: Entry<T>[] = []
      try {
        const templates = received.forRequest()
        const request: WorkerRequest = { kind: 'list', resource: addressOf(resource), options: { ...options, pack } }
        const [resourceVersion = '', token = '', remaining, skipped = ''] = await consume(
          connection,
          request,
          { signal, onBytes },
          (cells) => {
            const arrived = entriesOf<T>(cells, templates)
            for (const entry of arrived) entries.push(entry)
            onEntries?.(arrived)
          },
        )
        const remainingItemCount = remaining ? Number(remaining) : undefined
        return { resourceVersion, continue: token, remainingItemCount, entries, ...skippedOf(skipped) }
      } catch (error) {
        throw failureOf(error, resource, options)
      }
    },

    async *watchEntries<T extends KubeObject>(
      resource: Resource<T>,
      { signal, onBytes, ...options }: Namespaced<WatchEntriesOptions>,
    ): AsyncGenerator<readonly WatchEntry<T>[], void, undefined> {
      try {
        const templates = received.forRequest()
        const request: WorkerRequest = { kind: 'watch', resource: addressOf(resource), options: { ...options, pack } }
        for await (const cells of connection.request(request, { signal, onBytes })) yield eventsOf<T>(cells, templates)
      } catch (error) {
        throw failureOf(error, resource, options)
      }
    },
  }
}

/** A persister that forwards each call to its counterpart in the Worker. */
export function remotePersister(connection: WorkerConnection, storage: Storage): Persister {
  const send = async (request: WorkerRequest, options: SendOptions = {}, onChunk: (cells: readonly string[]) => void = () => {}) => {
    try {
      return await consume(connection, request, options, onChunk)
    } catch (error) {
      const { failure } = connection
      if (!failure || error !== failure) throw error
      throw new PersistenceError('unavailable', `the Worker that stores snapshots is gone: ${failure.message}`, { cause: failure })
    }
  }
  return {
    async load(scope, { onRecords, ...options }) {
      const all: StoredRecord[] = []
      const [resourceVersion] = await send({ kind: 'load', storage, scope, options }, {}, (cells) => {
        for (const { records, before } of batchesOf(cells)) {
          all.length = before
          for (const record of records) all.push(record)
          onRecords?.(records, before)
        }
      })
      return resourceVersion === undefined ? undefined : { resourceVersion, records: all.reverse() }
    },

    async commit(scope, change) {
      const { type: commit, writer, resourceVersion } = change
      const deletes = change.type === 'apply' ? change.deletes : []
      const parts = Array.from(inChunks(change.puts), (records) => records.flatMap(recordCells))
      const cells = parts.pop() ?? []
      await send({ kind: 'commit', storage, scope, commit, writer, deletes, resourceVersion, cells }, { parts })
    },

    async clear(scope) {
      await send({ kind: 'clear', storage, scope })
    },
  }
}

/**
 * Reads the state of a scope that the other side knows now.
 *
 * @param onEntries called with each chunk of entries.
 * @returns the version of the state; undefined when none is known.
 */
export async function presentState(
  connection: WorkerConnection,
  request: ScopeRequest,
  onEntries: (entries: readonly Entry<KubeObject>[]) => void,
): Promise<string | undefined> {
  const templates = new ReceivedTemplates().forRequest()
  const [resourceVersion] = await consume(connection, request, {}, (cells) => onEntries(entriesOf(cells, templates)))
  return resourceVersion
}

/** Sends a request and passes each chunk of the reply to `onChunk`. Returns the final cells. */
async function consume(
  connection: WorkerConnection,
  request: WorkerRequest,
  options: SendOptions,
  onChunk: (cells: readonly string[]) => void,
): Promise<readonly string[]> {
  const chunks = connection.request(request, options)
  for (;;) {
    const { done, value } = await chunks.next()
    if (done) return value
    onChunk(value)
  }
}

const addressOf = ({ group, version, plural, kind, scope }: Resource): Address => ({ group, version, plural, kind, scope })
