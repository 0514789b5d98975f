// A persister for Durable Objects: writes a few long rows instead of one row for each change.

import { PersistenceError } from '../api/errors'
import { IdbLog, type LogRecord } from '../persistence/idb/log'
import type { Commit, LoadOptions, Persister, Scope, Snapshot, Step, StoredRecord } from '../persistence/persister'
import { scopeId, scopeMatches } from '../persistence/scope'
import type { SqlDatabase } from '../persistence/sql/database'
import { sqlErrorOf } from '../persistence/sql/sql-persister'
import { admit, checkCommit, type ScopeHead } from '../persistence/writer'

/** The length of a segment, in characters. UTF-8 takes three bytes for each at most, and a row has at most 2 MB. */
const SEGMENT_LENGTH = 1 << 19
/** The number of segments read at once. */
const READ_AHEAD = 4

// The number in the names is the version of this layout.
const TABLES = [
  `CREATE TABLE IF NOT EXISTS kubeflect_logs_1 (
    id INTEGER PRIMARY KEY, scope TEXT NOT NULL UNIQUE, writer TEXT NOT NULL, resource_version TEXT
  ) STRICT`,
  `CREATE TABLE IF NOT EXISTS kubeflect_segments_1 (
    log INTEGER NOT NULL, number INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (log, number)
  ) STRICT`,
]
const FIND = 'SELECT id, writer, resource_version FROM kubeflect_logs_1 WHERE scope = ?'
const ALL = 'SELECT id, scope FROM kubeflect_logs_1'
const PUT = `INSERT INTO kubeflect_logs_1 (scope, writer, resource_version) VALUES (?, ?, ?)
  ON CONFLICT (scope) DO UPDATE SET writer = excluded.writer, resource_version = excluded.resource_version RETURNING id`
const DELETE = 'DELETE FROM kubeflect_logs_1 WHERE id = ?'
const LAST_NUMBER = 'SELECT max(number) AS number FROM kubeflect_segments_1 WHERE log = ?'
const BEFORE = 'SELECT number, body FROM kubeflect_segments_1 WHERE log = ? AND number < ? ORDER BY number DESC LIMIT ?'
const BETWEEN = 'SELECT number, body FROM kubeflect_segments_1 WHERE log = ? AND number >= ? AND number < ? ORDER BY number'
const PUT_SEGMENT = 'INSERT OR REPLACE INTO kubeflect_segments_1 (log, number, body) VALUES (?, ?, ?)'
const DELETE_SEGMENTS = 'DELETE FROM kubeflect_segments_1 WHERE log = ? AND number >= ? AND number < ?'
const DELETE_LOG = 'DELETE FROM kubeflect_segments_1 WHERE log = ?'

interface LogRow extends ScopeHead {
  readonly id: number
}

interface SegmentRow {
  readonly number: number
  readonly body: string
}

/**
 * Keeps snapshots in SQLite as logs: each commit appends its changes as one row of at most 512 Ki characters, or a few, in the transaction
 * that moves the version. Obsolete parts are dropped from the old end on, once they are half of a log. A thousand changes thus cost a few
 * written rows, where `sqlPersister` writes a thousand; Cloudflare charges for each.
 *
 * @param database for a Durable Object `durableObjectDatabase(ctx.storage)` of `kubeflect/sql`.
 */
export function sqlLogPersister(database: SqlDatabase): Persister {
  return new SqlLogPersister(database)
}

class SqlLogPersister implements Persister {
  readonly #database: SqlDatabase
  /** An index of each log, made by its load. */
  readonly #logs = new Map<string, IdbLog>()

  constructor(database: SqlDatabase) {
    this.#database = database
  }

  async load(scope: Scope, { writer, after }: LoadOptions): Promise<Snapshot | undefined> {
    const id = scopeId(scope)
    return this.#transact((database) => {
      const head = this.#find(id)
      admit(id, { writer, after }, head)
      const row = this.#put(id, writer, head?.resourceVersion)
      const [{ number } = { number: null }] = database.all(LAST_NUMBER, row) as { number: number | null }[]
      const log = new IdbLog(number === null ? 0 : number + 1)
      const records = readLog(database, row, log)
      this.#logs.set(id, log)
      return head?.resourceVersion === undefined ? undefined : { resourceVersion: head.resourceVersion, records }
    })
  }

  async commit(scope: Scope, change: Commit): Promise<void> {
    const id = scopeId(scope)
    const isReplace = change.type === 'replace'
    const { row, log, appended } = this.#transact((database) => {
      checkCommit(id, change, this.#find(id))
      const known = this.#logs.get(id)
      if (!known) throw new PersistenceError('fenced', `${id}: this scope was not loaded here; nothing is stored until it is`)
      const own = this.#put(id, change.writer, change.resourceVersion)
      if (isReplace) database.run(DELETE_LOG, own)
      // A complete state may be longer than memory allows, so its segments are made and dropped one by one.
      const replacing = isReplace ? new IdbLog(known.next) : undefined
      const appended: LogRecord[] = []
      let number = known.next
      for (const segment of segmentsOf(change)) {
        database.run(PUT_SEGMENT, own, number++, encode(segment))
        if (replacing) replacing.append(segment)
        else appended.push(segment)
      }
      return { row: own, log: replacing ?? known, appended }
    })
    for (const segment of appended) log.append(segment)
    this.#logs.set(id, log)
    this.#compact(row, log)
  }

  async clear(fields: Partial<Scope> = {}): Promise<void> {
    this.#transact((database) => {
      for (const { id, scope } of database.all(ALL) as { id: number; scope: string }[]) {
        if (!scopeMatches(scope, fields)) continue
        database.run(DELETE_LOG, id)
        database.run(DELETE, id)
        this.#logs.delete(scope)
      }
    })
    this.#database.scrub?.()
  }

  /** Does one step, so that a commit stays short. The next one continues, also after a failure. */
  #compact(row: number, log: IdbLog): void {
    const { chore } = log
    if (!chore) return
    try {
      const kept = this.#transact((database) => {
        const records = (database.all(BETWEEN, row, chore.from, chore.to) as SegmentRow[]).map(({ body }) => decode(body))
        const record = log.gather(chore, records)
        const place = log.placeOf(chore)
        database.run(DELETE_SEGMENTS, row, chore.from, chore.to)
        if (record) database.run(PUT_SEGMENT, row, place, encode(record))
        return record
      })
      log.settle(chore, kept)
    } catch {
      // The commit itself is stored, and nothing is lost by keeping what is obsolete.
    }
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

/** Reads a log from its end, a few segments at a time, and registers them. */
function readLog(database: SqlDatabase, row: number, log: IdbLog): StoredRecord[] {
  const records: StoredRecord[] = []
  for (let before = log.first; ; ) {
    const rows = database.all(BEFORE, row, before, READ_AHEAD) as SegmentRow[]
    for (const { number, body } of rows) {
      // Compaction leaves gaps, where the log has empty records.
      while (log.first > number + 1) log.prepend({ keys: [], texts: [], deletes: [] })
      for (const record of log.prepend(decode(body))) records.push(record)
      before = number
    }
    if (rows.length < READ_AHEAD) return records
  }
}

/** Cuts a step into segments. Deletes apply before all texts, so they are in the first one. */
function* segmentsOf(step: Step): Generator<LogRecord, void, undefined> {
  let deletes = step.type === 'replace' ? [] : step.deletes
  let [keys, texts, length]: [string[], string[], number] = [[], [], 0]
  for (const { key, text } of step.puts) {
    if (length > 0 && length + text.length > SEGMENT_LENGTH) {
      yield { keys, texts, deletes }
      deletes = []
      ;[keys, texts, length] = [[], [], 0]
    }
    length += text.length
    keys.push(key)
    texts.push(text)
  }
  if (keys.length + deletes.length > 0) yield { keys, texts, deletes }
}

/** Formats a segment: a line with the keys, the lengths of the texts and the deletes, then the texts. JSON would escape every quote. */
function encode({ keys, texts, deletes }: LogRecord): string {
  return `${JSON.stringify({ keys, lengths: texts.map(({ length }) => length), deletes })}\n${texts.join('')}`
}

function decode(body: string): LogRecord {
  const end = body.indexOf('\n')
  const { keys, lengths, deletes } = JSON.parse(body.slice(0, end)) as { keys: string[]; lengths: number[]; deletes: string[] }
  let at = end + 1
  const texts = lengths.map((length) => {
    at += length
    return body.slice(at - length, at)
  })
  return { keys, texts, deletes }
}
