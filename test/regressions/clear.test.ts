import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { PersistenceError } from '../../src/api/errors'
import { denoKvPersister } from '../../src/deno-kv'
import { idbPersister } from '../../src/idb'
// An informer loads it when it runs, which takes time that is not the world's: here it is loaded already.
import '../../src/informer/namespaces/fan-in'
import { eachAllowed } from '../../src/informer/namespaces/each-allowed'
import { type MemoryStorage, memoryPersister } from '../../src/persistence/memory/memory-persister'
import type { Persister } from '../../src/persistence/persister'
import { sqliteDatabase } from '../../src/persistence/sql/database'
import { sqlPersister } from '../../src/persistence/sql/sql-persister'
import { Namespace } from '../../src/resources/core/v1'
import { World } from '../conformance/world'
import { Scene } from '../informer/support'
import { apply, Holder, replace, scopeOf, stored } from '../persistence/contract'
import { FakeDenoKv } from '../persistence/support/fake-deno-kv'
import { freshIndexedDB } from '../persistence/support/fake-idb'
import { Site } from '../worker/site'

let folder: string
beforeEach(() => {
  freshIndexedDB()
  folder = mkdtempSync(join(tmpdir(), 'kubeflect-clear-'))
})
afterEach(() => {
  vi.unstubAllGlobals()
  rmSync(folder, { recursive: true })
})

/** Each makes another persister of one storage, as another tab or process has it. */
const storages: Record<string, () => () => Persister> = {
  memory() {
    const storage: MemoryStorage = new Map()
    return () => memoryPersister(storage)
  },
  IndexedDB: () => () => idbPersister({ database: 'test' }),
  SQLite: () => () => sqlPersister(sqliteDatabase(new DatabaseSync(join(folder, 'cache.db'), { timeout: 1000 }))),
  'Deno KV'() {
    const kv = new FakeDenoKv()
    return () => denoKvPersister(kv)
  },
}

/** Gives timers and storage their time: the storage's own runs beside the virtual clock. */
async function pass(world: World, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    await world.advance(1_000)
    for (let turn = 0; turn < 5; turn++) await world.settle()
  }
}

/** Counts what an informer finds stored. */
async function found(world: World, persister: Persister): Promise<number> {
  const stop = world.server.faults.add({ times: 100, fault: { type: 'refuse' } })
  const scene = new Scene(world, { persist: { to: persister, user: 'ann', loadTimeoutMs: 60_000 } })
  await pass(world, 2)
  stop()
  const { size } = scene.informer.store
  await scene.informer.close()
  return size
}

for (const [name, make] of Object.entries(storages)) {
  describe(`after a clear of ${name}`, () => {
    test('two informers that share a persister write nothing, though one is fenced first and the other lists again', async () => {
      const open = make()
      const world = new World(['a'])
      const persister = open()
      const scenes = [
        new Scene(world, { persist: { to: persister, user: 'ann' } }),
        new Scene(world, { persist: { to: persister, user: 'ann' } }),
      ] as const
      await pass(world, 2)
      await open().clear({ user: 'ann' })
      world.create('b')
      await pass(world, 2)
      world.expire()
      world.create('c')
      await pass(world, 30)
      expect(scenes.map(({ informer }) => informer.persistence?.status)).toEqual(['fenced', 'fenced'])
      expect(scenes.map(({ informer }) => informer.store.size)).toEqual([3, 3])
      await Promise.all(scenes.map(({ informer }) => informer.close()))
      expect(await found(world, open())).toBe(0)
    })

    test('an informer that never had anything to store writes nothing, and the next page stores again', async () => {
      const open = make()
      const world = new World(['a'])
      const stop = world.server.faults.add({ times: 100, fault: { type: 'refuse' } })
      const scene = new Scene(world, { persist: { to: open(), user: 'ann' } })
      await pass(world, 2)
      await open().clear()
      stop()
      await pass(world, 60)
      expect([scene.informer.store.size, scene.informer.persistence?.status]).toEqual([1, 'fenced'])
      await scene.informer.close()
      expect(await found(world, open())).toBe(0)

      const next = new Scene(world, { persist: { to: open(), user: 'ann' } })
      await pass(world, 2)
      expect(next.informer.persistence?.status).toBe('active')
      await next.informer.close()
      expect(await found(world, open())).toBe(1)
    })

    test('an informer whose storage was unavailable meanwhile does not open the scope again', async () => {
      const open = make()
      const world = new World(['a'])
      const inner = open()
      let isDown = false
      const whenUp = async <R>(work: () => Promise<R>): Promise<R> => {
        if (isDown) throw new PersistenceError('unavailable', 'the disk is away')
        return work()
      }
      const persister: Persister = {
        load: (scope, options) => whenUp(() => inner.load(scope, options)),
        commit: (scope, change) => whenUp(() => inner.commit(scope, change)),
        clear: (fields) => inner.clear(fields),
      }
      const scene = new Scene(world, { persist: { to: persister, user: 'ann' } })
      await pass(world, 2)
      isDown = true
      world.create('b')
      await pass(world, 2)
      await open().clear({ user: 'ann' })
      isDown = false
      await pass(world, 20)
      expect(scene.informer.persistence?.status).toBe('fenced')
      await scene.informer.close()
      expect(await found(world, open())).toBe(0)
    })
  })
}

test('after a clear, an informer of single namespaces opens no scope for a namespace that appears later', async () => {
  const world = new World(['a'])
  const forbidden = { type: 'status', status: 403, reason: 'Forbidden' } as const
  world.server.faults.add({
    match: ({ namespace = '', resource = '' }) => namespace === '' && resource === 'configmaps',
    times: Number.POSITIVE_INFINITY,
    fault: forbidden,
  })
  const storage: MemoryStorage = new Map()
  const scene = new Scene(world, {
    namespace: undefined,
    namespaces: eachAllowed(['shop']),
    persist: { to: memoryPersister(storage), user: 'ann' },
  })
  await pass(world, 5)
  expect(storage.size).toBeGreaterThan(0)
  await memoryPersister(storage).clear({ user: 'ann' })
  world.server.create(Namespace, { metadata: { name: 'later' } })
  await pass(world, 30)
  expect([...(scene.informer.status.namespaces?.keys() ?? [])]).toContain('later')
  expect([...storage.keys()]).toEqual([])
  await scene.informer.close()
})

describe('when a Worker dies after a clear', () => {
  for (const when of ['before', 'after'] as const) {
    test(`when a Worker dies and a clear came ${when} its death, the main thread writes nothing`, async () => {
      const site = new Site(['a', 'b'])
      const database = 'test'
      const informer = site.inform({ persist: { to: idbPersister({ database }), user: 'ann' } })
      await site.caughtUp(informer)
      await informer.persistence?.flush()
      if (when === 'before') await idbPersister({ database }).clear({ user: 'ann' })
      site.workers[0]?.terminate()
      if (when === 'after') await idbPersister({ database }).clear({ user: 'ann' })
      site.update('b')
      await site.caughtUp(informer)
      site.expire()
      site.update('a')
      await site.caughtUp(informer)
      await site.until('the persister to notice', () => informer.persistence?.status === 'fenced')
      await informer.close()

      const second = site.inform({ persist: { to: idbPersister({ database }), user: 'ann' }, worker: undefined })
      await site.caughtUp(second)
      expect(second.status.source).not.toBe('persisted')
      await second.close()
    })
  }

  test('when a Worker dies after a clear, its later writes are refused once the main thread has loaded', async () => {
    const worker = new Holder(idbPersister({ database: 'test' }))
    const scope = scopeOf()
    await worker.commit(scope, replace('1', { a: 'a1' }))
    const page = idbPersister({ database: 'test' })
    await page.load(scope, { writer: 'main thread', after: worker.writerOf(scope) })
    await page.commit(scope, { ...replace('3', { a: 'a3' }), writer: 'main thread' })
    await expect(worker.commit(scope, apply('2', { a: 'a2' }))).rejects.toMatchObject({ code: 'fenced' })
    await expect(worker.commit(scope, replace('2', { a: 'a2' }))).rejects.toMatchObject({ code: 'fenced' })
    expect(await stored(page)).toBe('3: a3')
  })
})

describe('the files of a SQLite database', () => {
  const mark = 'a-word-that-must-not-stay'
  const bytes = () =>
    readdirSync(folder)
      .map((file) => readFileSync(join(folder, file), 'latin1'))
      .join('')

  for (const mode of ['delete', 'truncate', 'persist', 'wal', 'memory']) {
    test(`the files of a SQLite database hold no text after a clear, with journal_mode = ${mode}`, async () => {
      const connection = new DatabaseSync(join(folder, 'cache.db'))
      connection.exec(`PRAGMA journal_mode = ${mode}`)
      const persister = new Holder(sqlPersister(sqliteDatabase(connection)))
      const texts = (count: number, size: number) =>
        Object.fromEntries(Array.from({ length: count }, (_, n) => [`${mark}-${n}`, `${mark} ${n}`.repeat(size)]))
      await persister.commit(scopeOf(), replace('1', texts(200, 300)))
      await persister.commit(scopeOf(), apply('2', texts(50, 10), [`${mark}-7`]))
      await persister.commit(scopeOf({ user: 'bob' }), replace('1', { other: 'what bob has' }))
      expect(bytes()).toContain(mark)
      await persister.clear({ user: 'ann' })
      expect(bytes()).not.toContain(mark)
      connection.close()
      expect(bytes()).not.toContain(mark)
      expect(bytes()).toContain('what bob has')
    })
  }
})
