// The Worker's side of a connection: executes the requests of the main thread and replies to them.

import { KubeError } from '../../api/errors'
import type { RequestOptions } from '../../api/options'
import { resourcePath } from '../../api/resource'
import type { Entry } from '../../codec/entry'
import type { WatchEntry } from '../../codec/wire'
import type { ClientSettings } from '../../http/portable'
import type { KubeReader, KubeReaderOptions } from '../../http/reader'
import { type Clock, systemClock } from '../../internal/clock'
import { listen } from '../../internal/listen'
import { idbPersister } from '../../persistence/idb/idb-persister'
import type { Persister, StoredRecord } from '../../persistence/persister'
import { type ErrorData, errorFromData, errorToData } from '../error-data'
import {
  type Address,
  batchCells,
  type ConnectionPort,
  inChunks,
  type ReplyMessage,
  type RequestMessage,
  recordsOf,
  type Storage,
  skippedCell,
  type WorkerRequest,
} from '../protocol'
import type { HostClient } from './host-client'
import { Outbox } from './outbox'
import type { Parcels } from './parcels'
import { restoreReader } from './reader'
import { plainRows, type RowEncoder } from './row-encoder'

/** The context of a request. */
interface Task {
  readonly id: number
  readonly outbox: Outbox
  readonly signal: AbortSignal
}

interface ServerOptions extends Pick<KubeReaderOptions, 'fetch'> {
  readonly clock?: Clock | undefined
  /** Returns the client that executes the requests. Default: a client with the page's settings. */
  readonly clientOf?: ((settings: ClientSettings) => HostClient) | undefined
}

/** The Worker's end of a connection. */
export interface ServedConnection {
  /** Ends every request. */
  close(): void
  /**
   * Asks the page for a token.
   *
   * @param refused the last token, when the server has rejected it.
   * @throws the error of the page's token function; the signal's reason; KubeError when the page has closed the connection.
   */
  requestToken(refused: string | undefined, signal: AbortSignal): Promise<string | undefined>
}

/**
 * Serves the requests that arrive on a port: lists, watches, and stores snapshots.
 *
 * @param port the end of the connection that the main thread has sent.
 * @param options `clientOf` replaces the client; `fetch` and `clock` are injected by tests. Default: those of the runtime.
 */
export function serveConnection(port: ConnectionPort, { clock = systemClock, ...options }: ServerOptions = {}): ServedConnection {
  const server = new WorkerServer(port, options, clock)
  port.onmessage = ({ data }) => server.receive(data as RequestMessage)
  return server
}

class WorkerServer implements ServedConnection {
  readonly #port: ConnectionPort
  readonly #options: Omit<ServerOptions, 'clock'>
  readonly #clock: Clock
  readonly #tasks = new Map<number, { outbox: Outbox; controller: AbortController }>()
  readonly #parts = new Map<number, (readonly string[])[]>()
  readonly #persisters = new Map<number, Persister>()
  readonly #tokens = new Map<number, { resolve: (token: string | undefined) => void; reject: (error: Error) => void }>()
  #client: HostClient | undefined
  #parcels: Parcels | undefined
  #tokenRequests = 0

  constructor(port: ConnectionPort, options: Omit<ServerOptions, 'clock'>, clock: Clock) {
    this.#port = port
    this.#clock = clock
    this.#options = options
  }

  receive(message: RequestMessage): void {
    switch (message.type) {
      case 'open':
        this.#client = this.#options.clientOf?.(message.client) ?? this.#makeClient(message.client)
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
        this.close()
    }
  }

  close(): void {
    for (const id of this.#tasks.keys()) this.#end(id)
    for (const id of [...this.#tokens.keys()]) this.#takeTokenRequest(id)?.reject(new KubeError('the page has closed the connection'))
    this.#port.close()
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
        const snapshot = await (await this.#persister(request.storage)).load(request.scope, { ...request.options, onRecords })
        return snapshot ? [snapshot.resourceVersion] : []
      }
      case 'commit': {
        const { scope, commit: type, writer, deletes, resourceVersion } = request
        const persister = await this.#persister(request.storage)
        const cells = [...(this.#parts.get(task.id) ?? []), request.cells].flat()
        this.#parts.delete(task.id)
        await persister.commit(scope, { type, writer, puts: recordsOf(cells), deletes, resourceVersion })
        return []
      }
      case 'clear':
        await (await this.#persister(request.storage)).clear(request.scope)
        return []
      case 'keep':
        await this.#requireClient().keep?.(request)
        return []
      case 'present': {
        const state = await this.#requireClient().present?.(request)
        if (!state) return []
        pushInChunks(state.entries, task)
        return [state.resourceVersion]
      }
    }
  }

  async #list({ resource, options: { pack, ...options } }: WorkerRequest & { kind: 'list' }, task: Task): Promise<readonly string[]> {
    const rows = await this.#rows(resource, options.namespace, pack)
    const onEntries = (entries: readonly Entry<unknown>[]) => pushInChunks(entries, task, rows)
    const list = await this.#requireClient().listEntries(resource, { ...options, ...requestOptions(task), onEntries })
    const { resourceVersion, continue: token, remainingItemCount, skipped } = list
    return [resourceVersion, token, remainingItemCount === undefined ? '' : String(remainingItemCount), skippedCell(skipped)]
  }

  async #watch({ resource, options: { pack, ...options } }: WorkerRequest & { kind: 'watch' }, task: Task): Promise<readonly string[]> {
    const rows = await this.#rows(resource, options.namespace, pack)
    const batches: AsyncIterable<readonly WatchEntry<unknown>[]> = this.#requireClient().watchEntries(resource, {
      ...options,
      ...requestOptions(task),
    })
    for await (const batch of batches) await task.outbox.push(rows.events(batch))
    return []
  }

  async #rows(resource: Address, namespace: string | undefined, pack: boolean | undefined): Promise<RowEncoder> {
    if (!pack) return plainRows
    // Loaded when needed, because most pages do not pack.
    const { Parcels } = await import('./parcels')
    this.#parcels ??= new Parcels()
    return this.#parcels.encoder(resourcePath(resource, { namespace }))
  }

  #requireClient(): HostClient {
    if (!this.#client) throw new Error('Worker received a request before `open`')
    return this.#client
  }

  #makeClient(settings: ClientSettings): KubeReader {
    return restoreReader(settings, {
      fetch: this.#options.fetch,
      requestToken: (refused) => this.requestToken(refused),
      onWarning: (warning, request) => this.#post({ type: 'warning', warning, request }),
    })
  }

  async requestToken(refused: string | undefined, signal?: AbortSignal): Promise<string | undefined> {
    const id = ++this.#tokenRequests
    const unlisten = listen(signal, 'abort', () => this.#takeTokenRequest(id)?.reject(signal?.reason as Error))
    try {
      return await new Promise<string | undefined>((resolve, reject) => {
        this.#tokens.set(id, { resolve, reject })
        this.#post({ type: 'token', id, refused })
      })
    } finally {
      unlisten()
    }
  }

  #takeTokenRequest(id: number) {
    const request = this.#tokens.get(id)
    this.#tokens.delete(id)
    return request
  }

  async #persister({ number, pack, ...settings }: Storage): Promise<Persister> {
    const rows = pack ? (await import('../../persistence/idb/packed-rows')).packedRows : undefined
    const persister = this.#persisters.get(number) ?? idbPersister({ ...settings, pack: rows && { rows } })
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

/** Sends entries in chunks: a client that has all of them delivers them at once. */
function pushInChunks(entries: readonly Entry<unknown>[], { outbox }: Task, rows: RowEncoder = plainRows): void {
  for (const chunk of inChunks(entries)) void outbox.push(rows.entries(chunk))
}
