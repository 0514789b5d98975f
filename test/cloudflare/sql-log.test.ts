import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { beforeEach, describe, expect, test } from 'vitest'
import { sqlLogPersister } from '../../src/cloudflare/sql-log'
import { type SqlDatabase, sqliteDatabase } from '../../src/persistence/sql/database'
import { apply, contract, Holder, replace, scopeOf, stored } from '../persistence/contract'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kubeflect-sql-log-'))
  return () => rmSync(folder, { recursive: true })
})

const connect = () => new DatabaseSync(join(folder, 'cache.db'))
const open = (database: SqlDatabase = sqliteDatabase(connect())): Holder => new Holder(sqlLogPersister(database))

/** Counts the rows that are written. */
function counting(): { database: SqlDatabase; rows: number } {
  const database = sqliteDatabase(connect())
  const counted = {
    rows: 0,
    database: {
      ...database,
      run: (sql: string, ...parameters: never[]) => {
        if (/^INSERT/.test(sql)) counted.rows++
        database.run(sql, ...parameters)
      },
    } as SqlDatabase,
  }
  return counted
}

describe('sqlLogPersister on node:sqlite', () => {
  for (const { title, run } of contract) test(title, () => run({ open }), 30_000)

  test('a commit of a thousand changes writes one row beside the version', async () => {
    const counted = counting()
    const persister = open(counted.database)
    await persister.commit(scopeOf(), replace('1', { a: 'a1' }))
    counted.rows = 0
    await persister.commit(scopeOf(), apply('2', Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`k${n}`, 'x'.repeat(100)]))))
    expect(counted.rows).toBe(1)
  })

  test('a long log is compacted while it is written, and loads the newest text of each key', async () => {
    const database = sqliteDatabase(connect())
    const persister = open(database)
    await persister.commit(scopeOf(), replace('1', Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`k${n}`, 'x'.repeat(10_000)]))))
    for (let version = 2; version <= 300; version++)
      await persister.commit(
        scopeOf(),
        apply(String(version), { [`k${version % 20}`]: `${version}-${'y'.repeat(20_000)}` }, version % 50 === 0 ? ['k19'] : []),
      )
    const [{ length = 0 } = {}] = database.all('SELECT sum(length(body)) AS length FROM kubeflect_segments_2') as { length?: number }[]
    // Twice the size of what is needed, and the step that is due.
    expect(length).toBeLessThan(2 * 20 * 20_100 + 2 ** 19)
    const loaded = await stored(open())
    for (let version = 281; version <= 298; version++) expect(loaded).toContain(`${version}-y`)
    expect(loaded).not.toContain('280-y')
  })

  test('an object longer than a segment has a row of its own', async () => {
    const persister = open()
    await persister.commit(scopeOf(), replace('1', { a: 'x'.repeat(700_000), b: 'y'.repeat(10), c: 'z'.repeat(600_000) }))
    const loaded = await stored(open())
    expect(loaded.length).toBeGreaterThan(1_300_000)
  })
})
