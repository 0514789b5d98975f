// A persister for SQLite.

import { isPersistenceError, PersistenceError } from '../../api/errors'
import type { Commit, LoadOptions, Persister, Scope, Snapshot, StoredRecord } from '../persister'
import { scopeId, scopeMatches } from '../scope'
import { admit, checkCommit, type ScopeHead } from '../writer'
import type { SqlDatabase } from './database'

// The number in the names is the version of this layout; tables of other versions are ignored. STRICT rejects values that are not text.
const TABLES = [
  `CREATE TABLE IF NOT EXISTS kubeflect_scopes_1 (
    id INTEGER PRIMARY KEY, scope TEXT NOT NULL UNIQUE, writer TEXT NOT NULL, resource_version TEXT
  ) STRICT`,
  `CREATE TABLE IF NOT EXISTS kubeflect_objects_1 (
    scope INTEGER NOT NULL, key TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (scope, key)
  ) STRICT`,
]
const FIND_SCOPE = 'SELECT id, writer, resource_version FROM kubeflect_scopes_1 WHERE scope = ?'
const ALL_SCOPES = 'SELECT id, scope FROM kubeflect_scopes_1'
const PUT_SCOPE = `INSERT INTO kubeflect_scopes_1 (scope, writer, resource_version) VALUES (?, ?, ?)
  ON CONFLICT (scope) DO UPDATE SET writer = excluded.writer, resource_version = excluded.resource_version RETURNING id`
const DELETE_SCOPE = 'DELETE FROM kubeflect_scopes_1 WHERE id = ?'
const RECORDS = 'SELECT key, text FROM kubeflect_objects_1 WHERE scope = ?'
const PUT_OBJECT = 'INSERT OR REPLACE INTO kubeflect_objects_1 (scope, key, text) VALUES (?, ?, ?)'
const DELETE_OBJECT = 'DELETE FROM kubeflect_objects_1 WHERE scope = ? AND key = ?'
const DELETE_OBJECTS = 'DELETE FROM kubeflect_objects_1 WHERE scope = ?'

interface ScopeRow extends ScopeHead {
  readonly id: number
}

/**
 * Keeps snapshots in SQLite: one row for each object and one for each scope, in two tables of its own. Each call runs one synchronous
 * transaction, so storing or loading very many objects blocks the thread. With `sqliteDatabase`, deleted data is overwritten in the file:
 * no text remains after a `clear`.
 *
 * @example
 * ```ts
 * const to = sqlPersister(sqliteDatabase(new DatabaseSync('cache.db')))
 * const pods = createInformer(client, Pod, { persist: { to } })
 * ```
 */
export function sqlPersister(database: SqlDatabase): Persister {
  return new SqlPersister(database)
}

class SqlPersister implements Persister {
  readonly #database: SqlDatabase

  constructor(database: SqlDatabase) {
    this.#database = database
  }

  async load(scope: Scope, { writer, after }: LoadOptions): Promise<Snapshot | undefined> {
    const id = scopeId(scope)
    return this.#transact((database) => {
      const head = this.#find(id)
      admit(id, { writer, after }, head)
      const resourceVersion = head?.resourceVersion
      const row = this.#put(id, writer, resourceVersion)
      return resourceVersion === undefined ? undefined : { resourceVersion, records: database.all(RECORDS, row) as StoredRecord[] }
    })
  }

  async commit(scope: Scope, change: Commit): Promise<void> {
    const id = scopeId(scope)
    this.#transact((database) => {
      checkCommit(id, change, this.#find(id))
      const row = this.#put(id, change.writer, change.resourceVersion)
      if (change.type === 'replace') database.run(DELETE_OBJECTS, row)
      else for (const key of change.deletes) database.run(DELETE_OBJECT, row, key)
      for (const { key, text } of change.puts) database.run(PUT_OBJECT, row, key, text)
    })
  }

  async clear(fields: Partial<Scope> = {}): Promise<void> {
    this.#transact((database) => {
      for (const { id, scope } of database.all(ALL_SCOPES) as { id: number; scope: string }[]) {
        if (!scopeMatches(scope, fields)) continue
        database.run(DELETE_OBJECTS, id)
        database.run(DELETE_SCOPE, id)
      }
    })
    this.#database.scrub?.()
  }

  #find(id: string): ScopeRow | undefined {
    const [row] = this.#database.all(FIND_SCOPE, id) as { id: number; writer: string; resource_version: string | null }[]
    return row && { id: row.id, writer: row.writer, resourceVersion: row.resource_version ?? undefined }
  }

  /** Writes the row of a scope, and returns its number. */
  #put(id: string, writer: string, resourceVersion: string | undefined): number {
    const [row] = this.#database.all(PUT_SCOPE, id, writer, resourceVersion ?? null) as { id: number }[]
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

/** Returns the PersistenceError of a database that threw. */
export function sqlErrorOf(error: unknown): Error {
  if (isPersistenceError(error)) return error
  const why = error instanceof Error ? error.message : String(error)
  // SQLITE_FULL and SQLITE_TOOBIG. Each runtime wraps them differently, but they all quote SQLite's message.
  if (/\b(is full|too big)\b/i.test(why))
    return new PersistenceError('quota', `the SQL database cannot store this: ${why}`, { cause: error })
  return new PersistenceError('unavailable', `the SQL database cannot be used: ${why}`, { cause: error })
}
