// The Worker's side of a connection: executes the requests of the main thread and replies to them.

import type { RequestOptions } from '../../api/options'
import { resourcePath } from '../../api/resource'
import type { Entry } from '../../codec/entry'
import type { WatchEntry } from '../../codec/wire'
import type { ClientSettings } from '../../http/portable'
import { KubeReader, type KubeReaderOptions } from '../../http/reader'
import { type Clock, systemClock } from '../../internal/clock'
import { idbPersister } from '../../persistence/idb/idb-persister'
import { packedRows } from '../../persistence/idb/packed-rows'
import type { Persister, StoredRecord } from '../../persistence/persister'
import { type ErrorData, errorFromData, errorToData } from '../error-data'
import {
  type Address,
  batchCells,
  type ConnectionPort,
  type ReplyMessage,
  type RequestMessage,
  recordsOf,
  type Storage,
  skippedCell,
  type WorkerRequest,
} from '../protocol'
import { Outbox } from './outbox'
import { Parcels, plainRows, type RowEncoder } from './parcels'

/** The context of a request. */
interface Task {
  readonly id: number
  readonly outbox: Outbox
  readonly signal: AbortSignal
}

interface ServerOptions extends Pick<KubeReaderOptions, 'fetch'> {
  readonly clock?: Clock | undefined
}

/**
 * Serves the requests that arrive on a port: lists, watches, and stores snapshots.
 *
 * @param port the end of the connection that the main thread has sent.
 * @param options `fetch` and `clock`, which tests inject. Default: those of the runtime.
 */
export function serveConnection(port: ConnectionPort, { clock = systemClock, ...options }: ServerOptions = {}): void {
  const server = new WorkerServer(port, options, clock)
  port.onmessage = ({ data }) => server.receive(data as RequestMessage)
}

class WorkerServer {
  readonly #port: ConnectionPort
  readonly #options: Pick<KubeReaderOptions, 'fetch'>
  readonly #clock: Clock
  readonly #tasks = new Map<number, { outbox: Outbox; controller: AbortController }>()
  readonly #parts = new Map<number, (readonly string[])[]>()
  readonly #persisters = new Map<number, Persister>()
  readonly #parcels = new Parcels()
  readonly #tokens = new Map<number, { resolve: (token: string | undefined) => void; reject: (error: Error) => void }>()
  #client: KubeReader | undefined
  #tokenRequests = 0

  constructor(port: ConnectionPort, options: Pick<KubeReaderOptions, 'fetch'>, clock: Clock) {
    this.#port = port
    this.#clock = clock
    this.#options = options
  }

  receive(message: RequestMessage): void {
    switch (message.type) {
      case 'open':
        this.#client = this.#makeClient(message.client)
        return
      case 'part':
        this.#parts.set(message.id, [...(this.#parts.get(message.id) ?? []), message.cells])
        return
      case 'request':
        void this.#run(message.id, message.request)
        return
      case 'acknowledge':
        this.#tasks.get(message.id)?.outbox.acknowledge()
        return
      case 'cancel':
        this.#parts.delete(message.id)
        this.#end(message.id)
        return
      case 'ping':
        this.#post({ type: 'pong' })
        return
      case 'token':
        this.#takeTokenRequest(message.id)?.resolve(message.token)
        return
      case 'no-token':
        this.#takeTokenRequest(message.id)?.reject(errorFromData(message.error))
        return
      case 'close':
        for (const id of this.#tasks.keys()) this.#end(id)
        this.#port.close()
    }
  }

  async #run(id: number, request: WorkerRequest): Promise<void> {
    const controller = new AbortController()
    const outbox = new Outbox((chunk) => this.#post({ type: 'chunk', id, ...chunk }), this.#clock)
    this.#tasks.set(id, { outbox, controller })
    let cells: readonly string[] = []
    let error: ErrorData | undefined
    try {
      cells = await this.#execute(request, { id, outbox, signal: controller.signal })
    } catch (thrown) {
      error = errorToData(thrown)
    }
    // Data that arrived before the error is still valid.
    await outbox.drain()
    outbox.close()
    if (!this.#tasks.delete(id)) return
    this.#post(error ? { type: 'failed', id, error } : { type: 'done', id, cells })
  }

  async #execute(request: WorkerRequest, task: Task): Promise<readonly string[]> {
    switch (request.kind) {
      case 'ping':
        return []
      case 'list':
        return this.#list(request, task)
      case 'watch':
        return this.#watch(request, task)
      case 'load': {
        // An `idbPersister` delivers all records in batches, so each batch is sent while the rest is being read.
        const onRecords = (records: readonly StoredRecord[], before: number) => {
          for (const chunk of batchCells(records, before)) void task.outbox.push(chunk)
        }
        const snapshot = await this.#persister(request.storage).load(request.scope, { ...request.options, onRecords })
        return snapshot ? [snapshot.resourceVersion] : []
      }
      case 'commit': {
        const { scope, commit: type, writer, deletes, resourceVersion } = request
        const cells = [...(this.#parts.get(task.id) ?? []), request.cells].flat()
        this.#parts.delete(task.id)
        await this.#persister(request.storage).commit(scope, { type, writer, puts: recordsOf(cells), deletes, resourceVersion })
        return []
      }
      case 'clear':
        await this.#persister(request.storage).clear(request.scope)
        return []
    }
  }

  async #list({ resource, options: { pack, ...options } }: WorkerRequest & { kind: 'list' }, task: Task): Promise<readonly string[]> {
    const rows = this.#rows(resource, options.namespace, pack)
    const onEntries = (entries: readonly Entry<unknown>[]) => void task.outbox.push(rows.entries(entries))
    const list = await this.#requireClient().listEntries(resource, { ...options, ...requestOptions(task), onEntries })
    const { resourceVersion, continue: token, remainingItemCount, skipped } = list
    return [resourceVersion, token, remainingItemCount === undefined ? '' : String(remainingItemCount), skippedCell(skipped)]
  }

  async #watch({ resource, options: { pack, ...options } }: WorkerRequest & { kind: 'watch' }, task: Task): Promise<readonly string[]> {
    const rows = this.#rows(resource, options.namespace, pack)
    const batches: AsyncIterable<readonly WatchEntry<unknown>[]> = this.#requireClient().watchEntries(resource, {
      ...options,
      ...requestOptions(task),
    })
    for await (const batch of batches) await task.outbox.push(rows.events(batch))
    return []
  }

  #rows(resource: Address, namespace: string | undefined, pack: boolean | undefined): RowEncoder {
    return pack ? this.#parcels.encoder(resourcePath(resource, { namespace })) : plainRows
  }

  #requireClient(): KubeReader {
    if (!this.#client) throw new Error('Worker received a request before `open`')
    return this.#client
  }

  #makeClient({ baseUrl, headers }: ClientSettings): KubeReader {
    let last: string | undefined
    return new KubeReader({
      ...this.#options,
      baseUrl,
      headers: headers.map(([name, value]): [string, string] => [name, value]),
      // Request another token only when the last one was refused.
      token: async () => {
        last = await this.#requestToken(last)
        return last
      },
      onWarning: (warning, request) => this.#post({ type: 'warning', warning, request }),
    })
  }

  #requestToken(refused: string | undefined): Promise<string | undefined> {
    const id = ++this.#tokenRequests
    const reply = new Promise<string | undefined>((resolve, reject) => this.#tokens.set(id, { resolve, reject }))
    this.#post({ type: 'token', id, refused })
    return reply
  }

  #takeTokenRequest(id: number) {
    const request = this.#tokens.get(id)
    this.#tokens.delete(id)
    return request
  }

  #persister({ number, database, openTimeoutMs, pack }: Storage): Persister {
    const persister =
      this.#persisters.get(number) ?? idbPersister({ database, openTimeoutMs, pack: pack ? { rows: packedRows } : undefined })
    this.#persisters.set(number, persister)
    return persister
  }

  #end(id: number): void {
    const task = this.#tasks.get(id)
    this.#tasks.delete(id)
    task?.controller.abort()
    task?.outbox.close()
  }

  #post(message: ReplyMessage): void {
    this.#port.postMessage(message)
  }
}

const requestOptions = ({ signal, outbox }: Task): RequestOptions => ({ signal, onBytes: (count) => void outbox.addBytes(count) })
