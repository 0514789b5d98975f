/** A value that an {@link SqlDatabase} stores and finds. */
export type SqlValue = string | number | null

/** SQLite, as a {@link sqlPersister} needs it: synchronous, version 3.37 or later. {@link sqliteDatabase} and {@link durableObjectDatabase} make one. */
export interface SqlDatabase {
  /** Runs one statement. */
  run(sql: string, ...parameters: SqlValue[]): void
  /** Runs one query and gives its rows, each an object by column. */
  all(sql: string, ...parameters: SqlValue[]): readonly unknown[]
  /** Runs `work` in one transaction that locks other writers out from its start: what throws leaves nothing behind. */
  transaction<R>(work: () => R): R
  /** Removes what deleted rows left behind in the database's files; called after a `clear`. Left out: the database does not keep it, or cannot. */
  scrub?(): void
}

/** What {@link sqliteDatabase} needs of a database: `node:sqlite`'s `DatabaseSync`, `bun:sqlite`'s `Database` and better-sqlite3's have it. */
export interface SqliteConnection {
  exec(sql: string): unknown
  prepare(sql: string): {
    run(...parameters: SqlValue[]): unknown
    all(...parameters: SqlValue[]): unknown[]
  }
}

/** What {@link durableObjectDatabase} needs of a Durable Object's `ctx.storage`, whose class must be one of those that use SQLite. */
export interface DurableObjectSqlStorage {
  readonly sql: { exec(sql: string, ...parameters: SqlValue[]): { toArray(): unknown[] } }
  transactionSync<R>(work: () => R): R
}

/**
 * The database of a connection that Node (22.13 and later), Deno, Bun or better-sqlite3 opened. It stays the caller's: nothing closes it.
 *
 * Deleted rows are overwritten (`PRAGMA secure_delete`), and a `clear` also empties the journal or write-ahead log, unless another connection is
 * using it: then SQLite does so later. Files that SQLite deletes or shortens may stay on the disk's own blocks for a while.
 *
 * Processes that share a file wait for each other only when the connection says so (`timeout` of `DatabaseSync`, `PRAGMA busy_timeout`);
 * otherwise the later one finds the database unavailable, and tries again.
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
        // A journal that is kept for the next transaction holds the pages as they were.
        if (row?.journal_mode === 'persist') connection.exec('PRAGMA journal_mode = DELETE; PRAGMA journal_mode = PERSIST')
      } catch {
        // The rows are gone. Another connection is using the journal, and SQLite empties it after that.
      }
    },
    transaction(work) {
      // A setting of the connection, which must be made before anything is deleted.
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
          // SQLite had rolled back by itself, as it does when the disk is full.
        }
        throw error
      }
    },
  }
}

/**
 * The database of a Durable Object on Cloudflare's runtime. An object whose text is longer than 2 MB does not fit into a row there.
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
