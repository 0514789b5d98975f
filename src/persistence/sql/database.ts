// Adapters from SQLite libraries to the interface of sqlPersister.

/** A value that an {@link SqlDatabase} stores and returns. */
export type SqlValue = string | number | null

/**
 * The SQLite interface of {@link sqlPersister}: synchronous, version 3.37 or later. Made by {@link sqliteDatabase} or
 * {@link durableObjectDatabase}.
 */
export interface SqlDatabase {
  /** Runs one statement. */
  run(sql: string, ...parameters: SqlValue[]): void
  /** Runs one query and returns its rows, each an object keyed by column. */
  all(sql: string, ...parameters: SqlValue[]): readonly unknown[]
  /** Runs `work` in one transaction that excludes other writers from its start. Rolls back when `work` throws. */
  transaction<R>(work: () => R): R
  /**
   * Removes the traces of deleted rows from the database's files. Called after a `clear`. Left out when there are no traces, or they cannot
   * be removed.
   */
  scrub?(): void
}

/** The methods {@link sqliteDatabase} uses. `DatabaseSync` of `node:sqlite`, `Database` of `bun:sqlite` and better-sqlite3 have them. */
export interface SqliteConnection {
  exec(sql: string): unknown
  prepare(sql: string): {
    run(...parameters: SqlValue[]): unknown
    all(...parameters: SqlValue[]): unknown[]
  }
}

/** The part of a Durable Object's `ctx.storage` that {@link durableObjectDatabase} uses. The object's class must use SQLite storage. */
export interface DurableObjectSqlStorage {
  readonly sql: { exec(sql: string, ...parameters: SqlValue[]): { toArray(): unknown[] } }
  transactionSync<R>(work: () => R): R
}

/**
 * Adapts a connection opened with Node (22.13 or later), Deno, Bun or better-sqlite3. Never closes it; it belongs to the caller.
 *
 * Overwrites deleted rows (`PRAGMA secure_delete`). A `clear` also empties the journal or write-ahead log, unless another connection is
 * using it; SQLite then does so later. Blocks of files that SQLite deletes or truncates may remain on the disk for a while.
 *
 * Processes that share a file wait for each other only if the connection says so (`timeout` of `DatabaseSync`, `PRAGMA busy_timeout`).
 * Otherwise the later one finds the database unavailable, and retries.
 *
 * @example
 * ```ts
 * import { DatabaseSync } from 'node:sqlite'
 *
 * const persister = sqlPersister(sqliteDatabase(new DatabaseSync('cache.db', { timeout: 1000 })))
 * ```
 */
export function sqliteDatabase(connection: SqliteConnection): SqlDatabase {
  const statements = new Map<string, ReturnType<SqliteConnection['prepare']>>()
  const prepared = (sql: string) => {
    const statement = statements.get(sql) ?? connection.prepare(sql)
    statements.set(sql, statement)
    return statement
  }
  let isSecure = false
  return {
    run: (sql, ...parameters) => void prepared(sql).run(...parameters),
    all: (sql, ...parameters) => prepared(sql).all(...parameters),
    scrub() {
      try {
        const [row] = prepared('PRAGMA journal_mode').all() as { journal_mode?: string }[]
        if (row?.journal_mode === 'wal') prepared('PRAGMA wal_checkpoint(TRUNCATE)').all()
        // A journal that is kept for the next transaction holds the old pages.
        if (row?.journal_mode === 'persist') connection.exec('PRAGMA journal_mode = DELETE; PRAGMA journal_mode = PERSIST')
      } catch {
        // The rows are deleted. Another connection is using the journal; SQLite empties it afterwards.
      }
    },
    transaction(work) {
      // A setting of the connection that must be made before anything is deleted.
      if (!isSecure) prepared('PRAGMA secure_delete = ON').all()
      isSecure = true
      connection.exec('BEGIN IMMEDIATE')
      try {
        const result = work()
        connection.exec('COMMIT')
        return result
      } catch (error) {
        try {
          connection.exec('ROLLBACK')
        } catch {
          // SQLite has rolled back already, as it does when the disk is full.
        }
        throw error
      }
    },
  }
}

/**
 * Adapts the database of a Durable Object on Cloudflare's runtime. A row there holds at most 2 MB, so an object with a longer text cannot
 * be stored.
 *
 * @example
 * ```ts
 * class Mirror extends DurableObject {
 *   readonly persister = sqlPersister(durableObjectDatabase(this.ctx.storage))
 * }
 * ```
 */
export function durableObjectDatabase(storage: DurableObjectSqlStorage): SqlDatabase {
  return {
    run: (sql, ...parameters) => void storage.sql.exec(sql, ...parameters),
    all: (sql, ...parameters) => storage.sql.exec(sql, ...parameters).toArray(),
    transaction: (work) => storage.transactionSync(work),
  }
}
