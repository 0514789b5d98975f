// A persister for Durable Objects: writes a few long rows instead of one row for each change.

import { PersistenceError } from '../api/errors'
import { IdbLog, type LogRecord } from '../persistence/idb/log'
import { plainRow } from '../persistence/idb/rows'
import type { Commit, LoadOptions, Persister, Scope, Snapshot, StoredRecord } from '../persistence/persister'
import { scopeId, scopeMatches } from '../persistence/scope'
import type { SqlDatabase } from '../persistence/sql/database'
import { sqlErrorOf } from '../persistence/sql/sql-persister'
import { admit, checkCommit, type ScopeHead } from '../persistence/writer'
import { decodeSegment, encodeSegment, outlineOf, type StoredSegment, segmentsOf } from './segments'
import { StoredTexts, type TextBudget } from './stored-texts'

/** The number of segments read at once. */
const READ_AHEAD = 4

// The number in the names is the version of this layout. A load removes what an earlier version stored.
const EARLIER = ['DROP TABLE IF EXISTS kubeflect_logs_1', 'DROP TABLE IF EXISTS kubeflect_segments_1']
const TABLES = [
  `CREATE TABLE IF NOT EXISTS kubeflect_logs_2 (
    id INTEGER PRIMARY KEY, scope TEXT NOT NULL UNIQUE, writer TEXT NOT NULL, resource_version TEXT
  ) STRICT`,
  `CREATE TABLE IF NOT EXISTS kubeflect_segments_2 (
    log INTEGER NOT NULL, number INTEGER NOT NULL, head TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (log, number)
  ) STRICT`,
]
const FIND = 'SELECT id, writer, resource_version FROM kubeflect_logs_2 WHERE scope = ?'
const ALL = 'SELECT id, scope FROM kubeflect_logs_2'
const PUT = `INSERT INTO kubeflect_logs_2 (scope, writer, resource_version) VALUES (?, ?, ?)
  ON CONFLICT (scope) DO UPDATE SET writer = excluded.writer, resource_version = excluded.resource_version RETURNING id`
const DELETE = 'DELETE FROM kubeflect_logs_2 WHERE id = ?'
const LAST_NUMBER = 'SELECT max(number) AS number FROM kubeflect_segments_2 WHERE log = ?'
const HEADS_BEFORE = 'SELECT number, head FROM kubeflect_segments_2 WHERE log = ? AND number < ? ORDER BY number DESC LIMIT ?'
const SEGMENT = 'SELECT head, body FROM kubeflect_segments_2 WHERE log = ? AND number = ?'
const BETWEEN = 'SELECT head, body FROM kubeflect_segments_2 WHERE log = ? AND number >= ? AND number < ? ORDER BY number'
const PUT_SEGMENT = 'INSERT OR REPLACE INTO kubeflect_segments_2 (log, number, head, body) VALUES (?, ?, ?, ?)'
const DELETE_SEGMENTS = 'DELETE FROM kubeflect_segments_2 WHERE log = ? AND number >= ? AND number < ?'
const DELETE_LOG = 'DELETE FROM kubeflect_segments_2 WHERE log = ?'

interface LogRow extends ScopeHead {
  readonly id: number
}

/** Options of {@link sqlLogPersister}. */
export interface SqlLogOptions {
  /**
   * The most characters of texts that stored entries keep in memory, packed where the entries are; a Latin-1 character takes one byte. Texts
   * beyond that are read from the database whenever they are needed, so the persister must be the only one that writes its scopes, and
   * `clear` makes them unreadable. Frozen entries keep their text. Default: all texts stay in memory.
   */
  readonly residentBytes?: number | undefined
  /** Called when a text cannot be read, as when another writer has taken over the database. Default: reading the text throws only. */
  readonly onReadError?: ((error: unknown) => void) | undefined
}

/**
 * Keeps snapshots in SQLite as logs: each commit appends its changes as one row of at most 512 Ki characters, or a few, in the transaction
 * that moves the version. Obsolete parts are dropped from the old end on, once they are half of a log. A thousand changes thus cost a few
 * written rows, where `sqlPersister` writes a thousand; Cloudflare charges for each.
 *
 * @param database for a Durable Object `durableObjectDatabase(ctx.storage)` of `kubeflect/sql`.
 * @throws RangeError when `residentBytes` is negative or not a number.
 */
export function sqlLogPersister(database: SqlDatabase, options: SqlLogOptions = {}): Persister {
  const { residentBytes } = options
  if (residentBytes !== undefined && !(residentBytes >= 0))
    throw new RangeError(`sqlLogPersister: residentBytes must be 0 or more, got ${residentBytes}`)
  return new SqlLogPersister(database, options)
}

/** A log in the database, and its index. */
interface OpenLog {
  readonly row: number
  /** Replaced by a load or by a complete state. */
  log: IdbLog
  /** Undefined when all texts stay in memory. */
  readonly texts: StoredTexts | undefined
}

class SqlLogPersister implements Persister {
  readonly #database: SqlDatabase
  readonly #budget: TextBudget | undefined
  readonly #onReadError: (error: unknown) => void
  /** The logs that were loaded. */
  readonly #logs = new Map<string, OpenLog>()

  constructor(database: SqlDatabase, { residentBytes, onReadError = () => undefined }: SqlLogOptions) {
    this.#database = database
    this.#budget = residentBytes === undefined ? undefined : { maxLength: residentBytes, length: 0 }
    this.#onReadError = onReadError
  }

  async load(scope: Scope, { writer, after }: LoadOptions): Promise<Snapshot | undefined> {
    const id = scopeId(scope)
    return this.#transact((database) => {
      for (const table of EARLIER) database.run(table)
      const head = this.#find(id)
      admit(id, { writer, after }, head)
      const row = this.#put(id, writer, head?.resourceVersion)
      const [{ number } = { number: null }] = database.all(LAST_NUMBER, row) as { number: number | null }[]
      const log = new IdbLog(number === null ? 0 : number + 1)
      const open = this.#open(id, row, log)
      const records = this.#read(open)
      return head?.resourceVersion === undefined ? undefined : { resourceVersion: head.resourceVersion, records }
    })
  }

  async commit(scope: Scope, change: Commit): Promise<void> {
    const id = scopeId(scope)
    const isReplace = change.type === 'replace'
    const { open, appended, log } = this.#transact((database) => {
      checkCommit(id, change, this.#find(id))
      const known = this.#logs.get(id)
      if (!known) throw new PersistenceError('fenced', `${id}: this scope was not loaded here; nothing is stored until it is`)
      known.texts?.recall(change)
      const row = this.#put(id, change.writer, change.resourceVersion)
      // A complete state may be longer than memory allows, so its segments are made and dropped one by one.
      const replacing = isReplace ? new IdbLog(known.log.next) : undefined
      const appended: LogRecord[] = []
      let number = known.log.next
      for (const segment of segmentsOf(change)) {
        this.#write(row, number++, segment)
        if (replacing) replacing.append(segment)
        else appended.push(segment)
      }
      // Last, because the texts of a complete state may be in the old segments only.
      if (isReplace) database.run(DELETE_SEGMENTS, row, 0, known.log.next)
      return { open: known, appended, log: replacing ?? known.log }
    })
    for (const segment of appended) log.append(segment)
    open.log = log
    open.texts?.settle(change)
    this.#compact(open)
  }

  async clear(fields: Partial<Scope> = {}): Promise<void> {
    this.#transact((database) => {
      for (const { id, scope } of database.all(ALL) as { id: number; scope: string }[]) {
        if (!scopeMatches(scope, fields)) continue
        database.run(DELETE_LOG, id)
        database.run(DELETE, id)
        this.#logs.get(scope)?.texts?.clear()
        this.#logs.delete(scope)
      }
    })
    this.#database.scrub?.()
  }

  /** Does one step, so that a commit stays short. The next one continues, also after a failure. */
  #compact({ row, log, texts }: OpenLog): void {
    const { chore } = log
    if (!chore) return
    try {
      const kept = this.#transact((database) => {
        const records = (database.all(BETWEEN, row, chore.from, chore.to) as StoredSegment[]).map(decodeSegment)
        const record = log.gather(chore, records)
        const place = log.placeOf(chore)
        database.run(DELETE_SEGMENTS, row, chore.from, chore.to)
        if (record) this.#write(row, place, record)
        return record
      })
      log.settle(chore, kept)
      texts?.moved()
    } catch {
      // The commit itself is stored, and nothing is lost by keeping what is obsolete.
    }
  }

  /** Registers a log that is being loaded. */
  #open(id: string, row: number, log: IdbLog): OpenLog {
    const known = this.#logs.get(id)
    if (known?.row === row) {
      known.log = log
      return known
    }
    const open: OpenLog = { row, log, texts: this.#budget && this.#textsOf(() => open, this.#budget) }
    this.#logs.set(id, open)
    return open
  }

  #textsOf(open: () => OpenLog, budget: TextBudget): StoredTexts {
    const storage = {
      segmentOf: (key: string) => open().log.recordOf(key),
      read: (number: number) => this.#segment(open().row, number),
      onError: this.#onReadError,
    }
    return new StoredTexts(storage, budget)
  }

  /** Reads a log from its end, a few heads at a time, and registers its segments. Reads the texts that are to be in memory. */
  #read({ row, log, texts }: OpenLog): StoredRecord[] {
    const records: StoredRecord[] = []
    const inLog: Omit<StoredRecord, 'text'>[] = []
    for (let before = log.first; ; ) {
      const rows = this.#database.all(HEADS_BEFORE, row, before, READ_AHEAD) as { number: number; head: string }[]
      for (const { number, head } of rows) {
        // Compaction leaves gaps, where the log has empty records.
        while (log.first > number + 1) log.prepend({ keys: [], texts: [], deletes: [] })
        const outline = outlineOf(head)
        const needed = log.prepend(outline)
        const isRead = needed.length > 0 && (!texts || needed.some((at) => !outline.versions?.[at]))
        const segment = isRead ? this.#segment(row, number) : undefined
        for (const at of needed) {
          const resourceVersion = outline.versions?.[at]
          if (texts && resourceVersion) inLog.push({ key: outline.keys[at] ?? '', uid: outline.uids?.[at], resourceVersion })
          else if (segment) records.push(plainRow(segment, at))
        }
        before = number
      }
      if (rows.length < READ_AHEAD) break
    }
    return texts ? [...records, ...texts.load(inLog)] : records
  }

  #segment(row: number, number: number): LogRecord | undefined {
    try {
      const [segment] = this.#database.all(SEGMENT, row, number) as StoredSegment[]
      return segment && decodeSegment(segment)
    } catch (error) {
      throw sqlErrorOf(error)
    }
  }

  #write(row: number, number: number, segment: LogRecord): void {
    const { head, body } = encodeSegment(segment)
    this.#database.run(PUT_SEGMENT, row, number, head, body)
  }

  #find(id: string): LogRow | undefined {
    const [row] = this.#database.all(FIND, id) as { id: number; writer: string; resource_version: string | null }[]
    return row && { id: row.id, writer: row.writer, resourceVersion: row.resource_version ?? undefined }
  }

  #put(id: string, writer: string, resourceVersion: string | undefined): number {
    const [row] = this.#database.all(PUT, id, writer, resourceVersion ?? null) as { id: number }[]
    if (row === undefined) throw new TypeError('SqlDatabase.all returned no row for an INSERT … RETURNING')
    return row.id
  }

  #transact<R>(work: (database: SqlDatabase) => R): R {
    try {
      return this.#database.transaction(() => {
        for (const table of TABLES) this.#database.run(table)
        return work(this.#database)
      })
    } catch (error) {
      throw sqlErrorOf(error)
    }
  }
}
