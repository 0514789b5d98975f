// The Worker's side of the connection: serves the calls of the main thread.

import type { RequestOptions } from '../../api/options'
import type { Entry } from '../../codec/entry'
import type { WatchEntry } from '../../codec/wire'
import type { ClientSettings } from '../../http/portable'
import { KubeReader, type KubeReaderOptions } from '../../http/reader'
import { type Clock, systemClock } from '../../internal/clock'
import { idbPersister } from '../../persistence/idb/idb-persister'
import type { Persister, StoredRecord } from '../../persistence/persister'
import { type ErrorData, errorFromData, errorToData } from '../error-data'
import {
  batchCells,
  type Call,
  entryCells,
  eventCells,
  type News,
  type Order,
  recordsOf,
  type Storage,
  skippedCell,
  type ThreadPort,
} from '../protocol'
import { Outbox } from './outbox'

/** The context of a call. */
interface Task {
  readonly id: number
  readonly outbox: Outbox
  readonly signal: AbortSignal
}

interface HostOptions extends Pick<KubeReaderOptions, 'fetch'> {
  readonly clock?: Clock | undefined
}

/**
 * Serves the calls that arrive on a port: makes requests, splits the responses into entries, and stores snapshots.
 *
 * @param options `fetch` and `clock` replace those of the runtime, for tests.
 */
export function serveThread(port: ThreadPort, { clock = systemClock, ...options }: HostOptions = {}): void {
  const host = new Host(port, options, clock)
  port.onmessage = ({ data }) => host.take(data as Order)
}

class Host {
  readonly #port: ThreadPort
  readonly #options: Pick<KubeReaderOptions, 'fetch'>
  readonly #clock: Clock
  readonly #tasks = new Map<number, { outbox: Outbox; controller: AbortController }>()
  readonly #parts = new Map<number, (readonly string[])[]>()
  readonly #persisters = new Map<number, Persister>()
  readonly #tokens = new Map<number, { resolve: (token: string | undefined) => void; reject: (error: Error) => void }>()
  #client: KubeReader | undefined
  #asked = 0

  constructor(port: ThreadPort, options: Pick<KubeReaderOptions, 'fetch'>, clock: Clock) {
    this.#port = port
    this.#clock = clock
    this.#options = options
  }

  take(order: Order): void {
    switch (order.type) {
      case 'open':
        this.#client = this.#makeClient(order.client)
        return
      case 'part':
        this.#parts.set(order.id, [...(this.#parts.get(order.id) ?? []), order.cells])
        return
      case 'call':
        void this.#run(order.id, order.call)
        return
      case 'more':
        this.#tasks.get(order.id)?.outbox.acknowledge()
        return
      case 'cancel':
        this.#parts.delete(order.id)
        this.#end(order.id)
        return
      case 'ping':
        this.#say({ type: 'pong' })
        return
      case 'token':
        this.#answered(order.id)?.resolve(order.token)
        return
      case 'no-token':
        this.#answered(order.id)?.reject(errorFromData(order.error))
        return
      case 'close':
        for (const id of this.#tasks.keys()) this.#end(id)
        this.#port.close()
    }
  }

  async #run(id: number, call: Call): Promise<void> {
    const controller = new AbortController()
    const outbox = new Outbox((parcel) => this.#say({ type: 'piece', id, ...parcel }), this.#clock)
    this.#tasks.set(id, { outbox, controller })
    let cells: readonly string[] = []
    let error: ErrorData | undefined
    try {
      cells = await this.#carryOut(call, { id, outbox, signal: controller.signal })
    } catch (thrown) {
      error = errorToData(thrown)
    }
    // Data that arrived before the error is still valid.
    await outbox.drain()
    outbox.close()
    if (!this.#tasks.delete(id)) return
    this.#say(error ? { type: 'failed', id, error } : { type: 'done', id, cells })
  }

  async #carryOut(call: Call, task: Task): Promise<readonly string[]> {
    switch (call.kind) {
      case 'ping':
        return []
      case 'list':
        return this.#list(call, task)
      case 'watch':
        return this.#watch(call, task)
      case 'load': {
        // An `idbPersister` delivers all records in batches, so each batch is sent while the rest is being read.
        const onRecords = (records: readonly StoredRecord[], before: number) => {
          for (const piece of batchCells(records, before)) void task.outbox.push(piece)
        }
        const snapshot = await this.#persister(call.storage).load(call.scope, { ...call.options, onRecords })
        return snapshot ? [snapshot.resourceVersion] : []
      }
      case 'commit': {
        const { scope, commit: type, writer, deletes, resourceVersion } = call
        const cells = [...(this.#parts.get(task.id) ?? []), call.cells].flat()
        this.#parts.delete(task.id)
        await this.#persister(call.storage).commit(scope, { type, writer, puts: recordsOf(cells), deletes, resourceVersion })
        return []
      }
      case 'clear':
        await this.#persister(call.storage).clear(call.scope)
        return []
    }
  }

  async #list({ resource, options }: Call & { kind: 'list' }, task: Task): Promise<readonly string[]> {
    const onEntries = (entries: readonly Entry<unknown>[]) => void task.outbox.push(entries.flatMap(entryCells))
    const list = await this.#connected().listEntries(resource, { ...options, ...requestOptions(task), onEntries })
    const { resourceVersion, continue: token, remainingItemCount, skipped } = list
    return [resourceVersion, token, remainingItemCount === undefined ? '' : String(remainingItemCount), skippedCell(skipped)]
  }

  async #watch({ resource, options }: Call & { kind: 'watch' }, task: Task): Promise<readonly string[]> {
    const batches: AsyncIterable<readonly WatchEntry<unknown>[]> = this.#connected().watchEntries(resource, {
      ...options,
      ...requestOptions(task),
    })
    for await (const batch of batches) await task.outbox.push(batch.flatMap(eventCells))
    return []
  }

  #connected(): KubeReader {
    if (!this.#client) throw new Error('Worker received a call before `open`')
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
        last = await this.#askToken(last)
        return last
      },
      onWarning: (warning, request) => this.#say({ type: 'warning', warning, request }),
    })
  }

  #askToken(refused: string | undefined): Promise<string | undefined> {
    const id = ++this.#asked
    const answer = new Promise<string | undefined>((resolve, reject) => this.#tokens.set(id, { resolve, reject }))
    this.#say({ type: 'token', id, refused })
    return answer
  }

  #answered(id: number) {
    const question = this.#tokens.get(id)
    this.#tokens.delete(id)
    return question
  }

  #persister({ number, database, openTimeoutMs }: Storage): Persister {
    const persister = this.#persisters.get(number) ?? idbPersister({ database, openTimeoutMs })
    this.#persisters.set(number, persister)
    return persister
  }

  #end(id: number): void {
    const task = this.#tasks.get(id)
    this.#tasks.delete(id)
    task?.controller.abort()
    task?.outbox.close()
  }

  #say(news: News): void {
    this.#port.postMessage(news)
  }
}

const requestOptions = ({ signal, outbox }: Task): RequestOptions => ({ signal, onBytes: (count) => void outbox.addBytes(count) })
