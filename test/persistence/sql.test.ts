import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { beforeEach, describe, expect, test } from 'vitest'
import { sqliteDatabase } from '../../src/persistence/sql/database'
import { sqlPersister } from '../../src/persistence/sql/sql-persister'
import { apply, contract, Holder, outcome, replace, scopeOf, stored } from './contract'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kubeflect-sql-'))
  return () => rmSync(folder, { recursive: true })
})

const connect = () => new DatabaseSync(join(folder, 'cache.db'))
const open = (connection = connect()): Holder => new Holder(sqlPersister(sqliteDatabase(connection)))

const large = (size: number) => replace('2', Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`k${n}`, 'x'.repeat(size)])))

describe('sqlPersister on node:sqlite', () => {
  // Each commit waits for the disk.
  for (const { title, run } of contract) test(title, () => run({ open }), 30_000)

  test('sqlPersister reports a full disk as quota, stores nothing of the step, and can store what fits', async () => {
    const connection = connect()
    const persister = open(connection)
    await persister.commit(scopeOf(), replace('1', { a: 'a1' }))
    connection.exec('PRAGMA max_page_count = 20')
    expect(await outcome(persister.commit(scopeOf(), large(5000)))).toBe('quota')
    expect(await outcome(persister.commit(scopeOf(), apply('3', { b: 'b3' })))).toBe('stored')
    expect(await stored(open())).toBe('3: a1, b3')
  })

  test('a database that another process has locked is unavailable, and usable once it is released', async () => {
    const other = connect()
    const persister = open(new DatabaseSync(join(folder, 'cache.db'), { timeout: 0 }))
    await persister.commit(scopeOf(), replace('1', { a: 'a1' }))
    other.exec('BEGIN IMMEDIATE')
    await expect(persister.commit(scopeOf(), apply('2'))).rejects.toThrow('the SQL database cannot be used: database is locked')
    other.exec('ROLLBACK')
    expect(await outcome(persister.commit(scopeOf(), apply('3')))).toBe('stored')
  })

  test('a closed database is unavailable, with its error as the cause', async () => {
    const connection = connect()
    connection.close()
    await expect(open(connection).load(scopeOf())).rejects.toMatchObject({
      code: 'unavailable',
      cause: { message: 'database is not open' },
    })
  })

  test('a file that is not a database is unavailable', async () => {
    writeFileSync(join(folder, 'cache.db'), 'something else'.repeat(100))
    await expect(open().load(scopeOf())).rejects.toMatchObject({ name: 'PersistenceError', code: 'unavailable' })
  })

  test('sqlPersister leaves other tables alone, also on a complete clear', async () => {
    const connection = connect()
    connection.exec("CREATE TABLE scopes (scope TEXT); INSERT INTO scopes VALUES ('mine')")
    const persister = open(connection)
    await persister.commit(scopeOf(), replace('1', { a: 'a1' }))
    await persister.clear()
    expect(connection.prepare('SELECT * FROM scopes').all()).toEqual([{ scope: 'mine' }])
  })

  test('clear leaves no row of the removed scope', async () => {
    const connection = connect()
    const persister = open(connection)
    for (const user of ['ann', 'bob']) await persister.commit(scopeOf({ user }), replace('1', { a: user }))
    await persister.clear({ user: 'ann' })
    expect(connection.prepare('SELECT text FROM kubeflect_objects_1').all()).toEqual([{ text: 'bob' }])
  })
})
