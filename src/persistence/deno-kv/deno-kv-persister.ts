// A persister for Deno KV.

import { isPersistenceError, PersistenceError } from '../../api/errors'
import { InTurn } from '../../internal/in-turn'
import type { Commit, LoadOptions, Persister, Scope, Snapshot, Step } from '../persister'
import { scopeId, scopeMatches } from '../scope'
import { admit, baselessError, checkCommit, fencedError } from '../writer'
import {
  chunkKey,
  chunksOf,
  headKey,
  headsKey,
  idOf,
  isLogHead,
  type KvKey,
  type LogHead,
  logsKey,
  newHead,
  scopeLogsKey,
  textsOf,
} from './layout'

/** An atomic operation of Deno KV. */
export interface DenoKvAtomic {
  check(check: { key: KvKey; versionstamp: string | null }): this
  set(key: KvKey, value: unknown): this
  delete(key: KvKey): this
  commit(): Promise<{ ok: true; versionstamp: string } | { ok: false }>
}

/** The methods of `Deno.Kv` that {@link denoKvPersister} uses. */
export interface DenoKv {
  get(key: KvKey): Promise<{ value: unknown; versionstamp: string | null }>
  list(selector: { prefix: KvKey }): AsyncIterable<{ key: KvKey; value: unknown }>
  atomic(): DenoKvAtomic
}

/** A head, if there is one, and the versionstamp that detects concurrent changes. */
interface Found<Head = LogHead | undefined> {
  readonly head: Head
  readonly versionstamp: string | null
}

/** The number of chunks that fit into an atomic operation together with a head and the keys. */
const BATCH = 12
/** The number of keys of maximum length that fit into an atomic operation. */
const DELETE_BATCH = 32
/** The maximum number of attempts of a load to become the writer while others change the scope. */
const MAX_CLAIMS = 20
/** The size in bytes up to which a log is never compacted. */
const SMALL = 1 << 18

/**
 * Keeps snapshots in Deno KV, locally (`--unstable-kv`) and on Deno Deploy, under keys that begin with `'kubeflect'`. An `apply` appends to
 * a log. A log of more than twice its initial size is replaced by a new one with the current state. A step that exceeds one atomic
 * operation is written beside the valid data first, and becomes valid with the last operation. Never closes the store, which belongs to the
 * caller.
 *
 * @example
 * ```ts
 * const to = denoKvPersister(await Deno.openKv())
 * const pods = createInformer(client, Pod, { persist: { to } })
 * ```
 */
export function denoKvPersister(kv: DenoKv): Persister {
  return new DenoKvPersister(kv)
}

class DenoKvPersister implements Persister {
  readonly #kv: DenoKv
  readonly #turns = new InTurn()

  constructor(kv: DenoKv) {
    this.#kv = kv
  }

  load(scope: Scope, options: LoadOptions): Promise<Snapshot | undefined> {
    return this.#inTurn(() => this.#load(scopeId(scope), options))
  }

  commit(scope: Scope, change: Commit): Promise<void> {
    return this.#inTurn(() => this.#commit(scopeId(scope), change))
  }

  clear(fields: Partial<Scope> = {}): Promise<void> {
    return this.#inTurn(() => this.#clear(fields))
  }

  #inTurn<R>(work: () => Promise<R>): Promise<R> {
    return this.#turns.run(work).catch((error: unknown) => {
      if (isPersistenceError(error)) throw error
      const why = error instanceof Error ? error.message : String(error)
      throw new PersistenceError('unavailable', `Deno KV cannot be used: ${why}`, { cause: error })
    })
  }

  async #load(id: string, options: LoadOptions): Promise<Snapshot | undefined> {
    const claimed = await this.#claim(id, options)
    const { writer, resourceVersion } = claimed.head
    const texts = await this.#read(id, claimed)
    // If another writer has taken over meanwhile, its load finds the damage too.
    if (texts === undefined) await this.#guarded(id, claimed).set(headKey(id), newHead(writer)).commit()
    if (texts === undefined || resourceVersion === undefined) return undefined
    return { resourceVersion, records: Array.from(texts, ([key, text]) => ({ key, text })) }
  }

  /** Makes the load's writer the writer of the scope. */
  async #claim(id: string, { writer, after }: LoadOptions): Promise<Found<LogHead>> {
    for (let attempt = 0; attempt < MAX_CLAIMS; attempt++) {
      const found = await this.#find(id)
      admit(id, { writer, after }, found.head)
      const head = { ...(found.head ?? newHead(writer)), writer }
      const result = await this.#guarded(id, found).set(headKey(id), head).commit()
      if (result.ok) return { head, versionstamp: result.versionstamp }
      // Another writer changed the head in between; the last one to claim the scope wins.
    }
    throw new PersistenceError('unavailable', `${id}: other writers changed this snapshot during each of ${MAX_CLAIMS} attempts to load it`)
  }

  async #commit(id: string, change: Commit): Promise<void> {
    const found = await this.#find(id)
    checkCommit(id, change, found.head)
    const { type, writer, resourceVersion } = change
    if (type === 'replace' || found.head === undefined) return this.#begin(id, found, newHead(writer, resourceVersion), change)
    if (found.head.size <= Math.max(SMALL, 2 * found.head.begunWith))
      return void (await this.#write(id, found, { ...found.head, resourceVersion }, change))
    const texts = await this.#read(id, found)
    if (texts === undefined) throw baselessError(id)
    for (const key of change.deletes) texts.delete(key)
    for (const { key, text } of change.puts) texts.set(key, text)
    const puts = Array.from(texts, ([key, text]) => ({ key, text }))
    await this.#begin(id, found, newHead(writer, resourceVersion), { type: 'replace', puts, resourceVersion })
  }

  /** Writes a step to a new log, and removes the old one. */
  async #begin(id: string, found: Found, head: LogHead, step: Step): Promise<void> {
    const versionstamp = await this.#write(id, found, head, step)
    const { log, chunks } = found.head ?? head
    const keys = found.head ? Array.from({ length: chunks }, (_, number) => chunkKey(id, log, number)) : []
    // The step is stored. The next load removes what remains.
    await this.#remove(id, keys, versionstamp).catch(() => {})
  }

  /** Appends a step to the log of `head`, then replaces the head that was found by the updated one. */
  async #write(id: string, found: Found, head: LogHead, step: Step): Promise<string> {
    let { chunks, size } = head
    let operation = this.#guarded(id, found)
    for (const chunk of chunksOf(step)) {
      if (chunks > head.chunks && (chunks - head.chunks) % BATCH === 0) {
        await this.#make(id, operation)
        operation = this.#guarded(id, found)
      }
      operation.set(chunkKey(id, head.log, chunks++), chunk)
      size += chunk.length
    }
    const begunWith = head.chunks === 0 ? size : head.begunWith
    return this.#make(id, operation.set(headKey(id), { ...head, chunks, size, begunWith }))
  }

  /** Reads the log of a head, and removes other logs of its scope. Returns undefined when the log is damaged. */
  async #read(id: string, { head, versionstamp }: Found): Promise<Map<string, string> | undefined> {
    const chunks: unknown[] = []
    const others: KvKey[] = []
    for await (const { key, value } of this.#kv.list({ prefix: scopeLogsKey(id) })) {
      const [log, number] = key.slice(-2)
      if (head === undefined || log !== head.log) others.push(key)
      else if (number === chunks.length && number < head.chunks) chunks.push(value)
    }
    await this.#remove(id, others, versionstamp)
    return chunks.length === head?.chunks ? textsOf(chunks) : undefined
  }

  async #clear(fields: Partial<Scope>): Promise<void> {
    for await (const { key } of this.#kv.list({ prefix: headsKey }))
      if (scopeMatches(idOf(key), fields)) await this.#kv.atomic().delete(key).commit()
    const left = new Map<string, KvKey[]>()
    for await (const { key } of this.#kv.list({ prefix: logsKey })) {
      const id = idOf(key)
      if (!scopeMatches(id, fields)) continue
      const keys = left.get(id) ?? []
      left.set(id, keys)
      keys.push(key)
    }
    for (const [id, keys] of left) await this.#remove(id, keys, null)
  }

  /** Removes chunks, unless the scope's head has changed: the next load of the writer that changed it removes the remainder. */
  async #remove(id: string, keys: readonly KvKey[], versionstamp: string | null): Promise<void> {
    for (let from = 0; from < keys.length; from += DELETE_BATCH) {
      const operation = this.#guarded(id, { versionstamp })
      for (const key of keys.slice(from, from + DELETE_BATCH)) operation.delete(key)
      if (!(await operation.commit()).ok) return
    }
  }

  async #find(id: string): Promise<Found> {
    const { value, versionstamp } = await this.#kv.get(headKey(id))
    return { head: isLogHead(value) ? value : undefined, versionstamp }
  }

  #guarded(id: string, { versionstamp }: Pick<Found, 'versionstamp'>): DenoKvAtomic {
    return this.#kv.atomic().check({ key: headKey(id), versionstamp })
  }

  async #make(id: string, operation: DenoKvAtomic): Promise<string> {
    const result = await operation.commit()
    if (!result.ok) throw fencedError(id, (await this.#find(id)).head)
    return result.versionstamp
  }
}
