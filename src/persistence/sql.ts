import { isPersistenceError, PersistenceError } from '../errors'
import type { Commit, LoadOptions, Persister, Scope, Snapshot, StoredRecord } from './persister'
import { scopeId, scopeMatches } from './scope'
import type { SqlDatabase } from './sql-database'
import { admit, checkCommit, type ScopeHead } from './writer'

// The number in the names counts the changes of this layout: tables of another one are not looked at. STRICT, so that nothing but text is read.
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
 * Keeps snapshots in SQLite: one row for each object and one for each scope, in two tables of its own beside whatever else the database
 * holds. Every call is one transaction, and is made while it is called: to store or load very many objects keeps the thread busy. What is
 * deleted is overwritten in the file, where the database can do that (`sqliteDatabase`): after a `clear`, no text is left in it.
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

  /** Writes a scope's row, and gives its number. */
  #put(id: string, writer: string, resourceVersion: string | undefined): number {
    const [row] = this.#database.all(PUT_SCOPE, id, writer, resourceVersion ?? null) as { id: number }[]
    if (row === undefined) throw new TypeError('SqlDatabase.all gave no row for an INSERT … RETURNING')
    return row.id
  }

  #transact<R>(work: (database: SqlDatabase) => R): R {
    try {
      return this.#database.transaction(() => {
        for (const table of TABLES) this.#database.run(table)
        return work(this.#database)
      })
    } catch (error) {
      throw describe(error)
    }
  }
}

function describe(error: unknown): Error {
  if (isPersistenceError(error)) return error
  const why = error instanceof Error ? error.message : String(error)
  // SQLITE_FULL and SQLITE_TOOBIG. Every runtime has its own error around them, but they all quote SQLite.
  if (/\b(is full|too big)\b/i.test(why))
    return new PersistenceError('quota', `the SQL database has no room for this: ${why}`, { cause: error })
  return new PersistenceError('unavailable', `the SQL database cannot be used: ${why}`, { cause: error })
}
