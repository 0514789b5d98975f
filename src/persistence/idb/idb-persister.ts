// A persister for IndexedDB.

import { createStore } from 'idb-keyval'
import { type Clock, systemClock } from '../../internal/clock'
import { InTurn } from '../../internal/in-turn'
import type { Seams } from '../../internal/seams'
import type { Commit, LoadOptions, Persister, Scope, Snapshot } from '../persister'
import type { IdbSettings } from '../portable'
import { scopeId, scopeMatches } from '../scope'
import { admit, baselessError, checkCommit } from '../writer'
import { IdbConnection, requested } from './connection'
import { headKey, headOf, isHead, isLogRecord, logRecordsOf, readSnapshot, recordKey, recordRange, scopeRange } from './layout'
import { IdbLog, type LogRecord } from './log'
import { plainRows, type RowCodec, type StoragePacking } from './rows'

/** Options of {@link idbPersister}. */
export interface IdbPersisterOptions extends Pick<Seams, 'clock'> {
  /** The name of the database. Must not be used for any other purpose. */
  database: string
  /** The maximum time to open the database, in milliseconds; default 5,000. After that it counts as unavailable. */
  openTimeoutMs?: number | undefined
  /**
   * Schedules a callback for when the page is idle, to compact a part of the log. Default: `requestIdleCallback`, or a timer of one second
   * without it.
   */
  whenIdle?: ((run: () => void) => void) | undefined
  /**
   * `packing()` stores texts packed, in a tenth of the bytes, and loads them without unpacking those that are not read. A snapshot that was
   * stored the other way is removed, which costs one list. Default: texts are stored as they are.
   */
  pack?: StoragePacking | undefined
}

/** The log that one writer appends to. */
interface Written {
  readonly writer: string
  /** Undefined while there is no state that an `apply` could build on. */
  readonly log: IdbLog | undefined
  /** Whether compaction is scheduled for the next idle time. */
  waitsForIdle: boolean
}

/**
 * Keeps snapshots in IndexedDB. Every commit is one transaction that verifies that this persister is still the scope's writer, then appends
 * the changes to a log. Once half of the log is obsolete, it is compacted from the old end, about half a megabyte at a time while the page
 * is idle, so that a changed byte is written at most twice on average.
 *
 * Creating a persister has no side effects. Without IndexedDB (Node, Deno, Bun, edge runtimes, some private modes), each call rejects with
 * a PersistenceError; an informer reports it once and continues from memory. `clear` removes every record, and no page can read them
 * afterwards. However, browsers store IndexedDB in log-structured files (LevelDB in Chromium, SQLite in Firefox and Safari), so the bytes
 * can stay in the profile's files until the browser compacts them. A page cannot trigger that.
 *
 * @example
 * ```ts
 * const pods = createInformer(client, Pod, { persist: { to: idbPersister({ database: 'dashboard' }) } })
 * ```
 */
export function idbPersister(options: IdbPersisterOptions): Persister {
  return new IdbPersister(options)
}

class IdbPersister implements Persister {
  readonly portable: IdbSettings | undefined
  readonly #connection: IdbConnection
  readonly #rows: RowCodec
  readonly #whenIdle: (run: () => void) => void
  readonly #written = new Map<string, Written>()
  // Serialized, so that a log only reflects completed transactions. IndexedDB would serialize the calls anyway.
  readonly #turns = new InTurn()

  constructor(options: IdbPersisterOptions) {
    const { database, openTimeoutMs = 5000, clock = systemClock, whenIdle = idleOf(clock), pack } = options
    // Functions cannot be sent to a Worker.
    this.portable = options.clock || options.whenIdle ? undefined : { database, openTimeoutMs, ...(pack && { pack: true }) }
    this.#connection = new IdbConnection({ database, connect: () => createStore(database, 'snapshots'), openTimeoutMs, clock })
    this.#rows = pack?.rows() ?? plainRows
    this.#whenIdle = whenIdle
  }

  load(scope: Scope, options: LoadOptions): Promise<Snapshot | undefined> {
    return this.#turns.run(() => this.#load(scopeId(scope), options))
  }

  commit(scope: Scope, change: Commit): Promise<void> {
    const id = scopeId(scope)
    return this.#turns.run(() => (change.type === 'replace' ? this.#replace(id, change) : this.#apply(id, change)))
  }

  clear(fields: Partial<Scope> = {}): Promise<void> {
    return this.#turns.run(() =>
      this.#connection.transact(async (store) => {
        let key = await requested(store.openKeyCursor())
        while (key !== null) {
          const [id] = Array.isArray(key.key) ? key.key : []
          const request = key.request as IDBRequest<IDBCursor | null>
          if (typeof id !== 'string') key.continue()
          else {
            if (scopeMatches(id, fields)) store.delete(scopeRange(id))
            key.continue([id, []])
          }
          key = await requested(request)
        }
      }),
    )
  }

  async #load(id: string, options: LoadOptions): Promise<Snapshot | undefined> {
    const { writer } = options
    const stored = await this.#connection.transact(async (store) => {
      const head = await requested<unknown>(store.get(headKey(id)))
      admit(id, options, isHead(head, this.#rows) ? head : undefined)
      const found = isHead(head, this.#rows) ? await readSnapshot(store, id, head, options, this.#rows) : undefined
      if (found === undefined) await requested(store.delete(scopeRange(id)))
      await requested(store.put(headOf(this.#rows, writer, found?.resourceVersion, found?.log), headKey(id)))
      return found
    })
    this.#written.set(id, { writer, log: stored?.log, waitsForIdle: false })
    return stored && { resourceVersion: stored.resourceVersion, records: stored.records }
  }

  async #replace(id: string, change: Commit): Promise<void> {
    const { writer, resourceVersion } = change
    const log = await this.#connection.transact(async (store) => {
      await this.#check(store, id, change)
      await requested(store.delete(scopeRange(id)))
      const written = new IdbLog(0, this.#rows)
      // One at a time, so that the page can run while a record is being written.
      for (const record of logRecordsOf(change, this.#rows)) {
        await requested(store.put(record, recordKey(id, written.next)))
        written.append(record)
      }
      await requested(store.put(headOf(this.#rows, writer, resourceVersion, written), headKey(id)))
      return written
    })
    this.#written.set(id, { writer, log, waitsForIdle: false })
  }

  async #apply(id: string, change: Commit): Promise<void> {
    const { writer, resourceVersion } = change
    const written = this.#written.get(id)
    const records = [...logRecordsOf(change, this.#rows)]
    const log = await this.#connection.transact(async (store) => {
      await this.#check(store, id, change)
      // Another persister with the same database and writer name loaded the scope: this one does not know its log.
      if (written?.writer !== writer || written.log === undefined) throw baselessError(id)
      const { first } = written.log
      let { next } = written.log
      for (const record of records) await requested(store.put(record, recordKey(id, next++)))
      await requested(store.put(headOf(this.#rows, writer, resourceVersion, { first, next }), headKey(id)))
      return written.log
    })
    for (const record of records) log.append(record)
    if (written) this.#tidySoon(id, written)
  }

  #tidySoon(id: string, written: Written): void {
    if (written.log?.chore === undefined) return
    if (written.log.isOverdue) return void this.#tidyNow(id, written)
    if (written.waitsForIdle) return
    written.waitsForIdle = true
    this.#whenIdle(() => {
      written.waitsForIdle = false
      void this.#tidyNow(id, written)
    })
  }

  async #tidyNow(id: string, written: Written): Promise<void> {
    // A failure loses nothing: the log is unchanged, and the next commit fails for the same reason.
    const done = await this.#turns.run(() => this.#tidy(id, written)).catch(() => false)
    if (done) this.#tidySoon(id, written)
  }

  /** Runs one compaction step. Returns whether it succeeded. */
  async #tidy(id: string, written: Written): Promise<boolean> {
    const { log, writer } = written
    const chore = log?.chore
    if (this.#written.get(id) !== written || chore === undefined || log === undefined) return false
    const place = log.placeOf(chore)
    const gathered = await this.#connection.transact(async (store) => {
      const head = await requested<unknown>(store.get(headKey(id)))
      if (!isHead(head, this.#rows) || head.writer !== writer) return undefined
      const records = await requested<unknown[]>(store.getAll(recordRange(id, chore.from, chore.to)))
      if (records.length !== chore.to - chore.from || !records.every((record) => isLogRecord(record, this.#rows))) return undefined
      const record = log.gather(chore, records as LogRecord[])
      await requested(store.delete(recordRange(id, chore.from, chore.to)))
      if (record) await requested(store.put(record, recordKey(id, place)))
      const first = place === chore.from ? log.first : chore.to
      const next = record ? place + 1 : place
      await requested(store.put(headOf(this.#rows, writer, head.resourceVersion, { first, next }), headKey(id)))
      return { record }
    })
    if (gathered) log.settle(chore, gathered.record)
    return gathered !== undefined
  }
  /** @throws PersistenceError with code `'fenced'` when the storage does not accept the commit. */
  async #check(store: IDBObjectStore, id: string, change: Commit): Promise<void> {
    const head = await requested<unknown>(store.get(headKey(id)))
    try {
      checkCommit(id, change, isHead(head, this.#rows) ? head : undefined)
    } catch (error) {
      // A fenced writer never uses its log again.
      if (this.#written.get(id)?.writer === change.writer) this.#written.delete(id)
      throw error
    }
  }
}

function idleOf(clock: Clock): (run: () => void) => void {
  if (typeof requestIdleCallback === 'function') return (run) => void requestIdleCallback(run, { timeout: 10_000 })
  return (run) => void clock.setTimeout(run, 1000)
}
