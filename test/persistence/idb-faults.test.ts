import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { PersistenceError } from '../../src/api/errors'
import { type IdbPersisterOptions, idbPersister } from '../../src/idb'
import type { StoredRecord } from '../../src/persistence/persister'
import { scopeId } from '../../src/persistence/scope'
import { VirtualClock } from '../../src/testing'
import { apply, Holder, loadTold, outcome, records, replace, scopeOf, stored } from './contract'
import { freshIndexedDB, inStore, openRaw, settled } from './support/fake-idb'

beforeEach(freshIndexedDB)
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

const scope = scopeOf()
const id = scopeId(scope)
const open = (options: Partial<IdbPersisterOptions> = {}) => new Holder(idbPersister({ database: 'test', whenIdle: () => {}, ...options }))
const keys = async () => (await inStore('test', (store) => store.getAllKeys())) as [string, number, number][]
const log = async () => (await keys()).flatMap(([, part, number]) => (part === 1 ? [number] : []))
const big = (mark: string) => `${mark}${'x'.repeat(700_000)}`

/** A snapshot of two records, and two that came after it. */
async function seed(): Promise<void> {
  const persister = open()
  await persister.commit(scope, replace('1', { a: big('a'), b: big('b'), c: big('c') }))
  await persister.commit(scope, apply('2', { d: 'd' }))
  await persister.commit(scope, apply('3', { e: 'e' }, ['a']))
}

describe('a damaged snapshot', () => {
  const damages: Record<string, (store: IDBObjectStore) => IDBRequest> = {
    'without its first record': (store) => store.delete([id, 1, 0]),
    'without its last record': (store) => store.delete([id, 1, 3]),
    'with a gap': (store) => store.delete([id, 1, 2]),
    'with a record too many': (store) => store.put({ keys: [], texts: [], deletes: [] }, [id, 1, 7]),
    'with a record that is none': (store) => store.put('nonsense', [id, 1, 1]),
    'with a text that is no string': (store) => store.put({ keys: ['a'], texts: [{ kind: 'Pod' }], deletes: [] }, [id, 1, 1]),
    'with a text too few': (store) => store.put({ keys: ['a', 'b'], texts: ['a'], deletes: [] }, [id, 1, 1]),
    'with a record that does not say what it deletes': (store) => store.put({ keys: [], texts: [] }, [id, 1, 3]),
    'with a head that is none': (store) => store.put(null, [id, 0, 0]),
    'with a head that does not say where the log ends': (store) =>
      store.put({ format: 2, writer: 'w', resourceVersion: '1', first: 0 }, [id, 0, 0]),
    'of an unknown format': (store) => store.put({ format: 99, writer: 'w', first: 0, next: 4, resourceVersion: '1' }, [id, 0, 0]),
    'without a head': (store) => store.delete([id, 0, 0]),
  }
  test.each(Object.entries(damages))('a snapshot with %s is not loaded and is removed', async (_, damage) => {
    await seed()
    await inStore('test', damage)
    const persister = open()
    expect(await stored(persister)).toBe('nothing')
    expect(await keys()).toEqual([[id, 0, 0]])
    await persister.commit(scope, replace('9', { z: 'z' }))
    expect(await stored(open())).toBe('9: z')
  })

  test('a snapshot damaged only in its oldest record is not loaded, although earlier batches were delivered', async () => {
    await seed()
    await inStore('test', (store) => store.put('nonsense', [id, 1, 0]))
    const told: string[] = []
    const onRecords = (records: readonly StoredRecord[]) => void told.push(...records.map(({ text }) => text))
    expect(await open().load(scope, { onRecords })).toBe(undefined)
    expect(told).toEqual(['e', 'd', big('c')])
    expect(await keys()).toEqual([[id, 0, 0]])
  })

  test('a damaged snapshot does not affect other snapshots', async () => {
    await seed()
    const other = scopeOf({ namespace: 'shop' })
    await open().commit(other, replace('5', { a: 'a' }))
    await inStore('test', (store) => store.delete([id, 1, 0]))
    expect(await stored(open())).toBe('nothing')
    expect(await stored(open(), other)).toBe('5: a')
  })
})

describe('a transaction', () => {
  test('each load and each commit is exactly one readwrite transaction', async () => {
    const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction')
    const persister = open()
    await persister.load(scope)
    await persister.commit(scope, replace('1', { a: big('a'), b: big('b'), c: big('c') }))
    await persister.commit(scope, apply('2', { a: big('a2'), b: big('b2') }, ['c']))
    await persister.commit(scope, apply('3'))
    expect(transaction.mock.calls.map(([, mode]) => mode).filter((mode) => mode !== ('versionchange' as string))).toEqual([
      'readwrite',
      'readwrite',
      'readwrite',
      'readwrite',
    ])
  })

  test('a commit resolves when its transaction is complete, not before', async () => {
    const persister = open()
    await persister.load(scope)
    const seen: string[] = []
    const transaction = IDBDatabase.prototype.transaction
    vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (this: IDBDatabase, ...args) {
      const made = transaction.apply(this, args)
      made.addEventListener('complete', () => seen.push('complete'))
      return made
    })
    await persister.commit(scope, replace('1', { a: 'a' })).then(() => seen.push('resolved'))
    expect(seen).toEqual(['complete', 'resolved'])
  })

  test('an apply writes one record and the head, and reads the head', async () => {
    const persister = open()
    await persister.commit(scope, replace('1', { a: 'a' }))
    const put = vi.spyOn(IDBObjectStore.prototype, 'put')
    const get = vi.spyOn(IDBObjectStore.prototype, 'get')
    await persister.commit(scope, apply('2', { b: 'b', c: 'c' }, ['a']))
    expect([put.mock.calls.length, get.mock.calls.length]).toEqual([2, 1])
    expect(put.mock.calls).toEqual([
      [{ keys: ['b', 'c'], texts: ['b', 'c'], deletes: ['a'] }, [id, 1, 1]],
      [{ format: 2, writer: expect.any(String), resourceVersion: '2', first: 0, next: 2 }, [id, 0, 0]],
    ])
  })
})

describe('batches during a load', () => {
  test('a load delivers batches record by record, the newest first', async () => {
    await seed()
    expect(await loadTold(open())).toEqual({ texts: [big('b'), big('c'), 'd', 'e'], times: 4 })
  })

  test('a load delivers batches from the beginning after a lost connection', async () => {
    await seed()
    const get = IDBObjectStore.prototype.get
    let reads = 0
    vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementation(function (this: IDBObjectStore, key) {
      const request = get.call(this, key)
      if (++reads === 4) request.addEventListener('success', () => this.transaction.abort())
      return request
    })
    const told: [before: number, count: number][] = []
    const onRecords = (records: readonly StoredRecord[], before: number) => void told.push([before, records.length])
    expect((await open().load(scope, { onRecords }))?.records).toHaveLength(4)
    expect(told.map(([before]) => before)).toEqual([0, 1, 2, 0, 1, 2, 3])
  })
})

describe('the log', () => {
  test('the log does not grow when only the version moves', async () => {
    const persister = open()
    await persister.commit(scope, replace('1', { a: 'a' }))
    for (let n = 2; n < 10; n++) await persister.commit(scope, apply(String(n)))
    expect(await log()).toEqual([0])
    expect(await stored(open())).toBe('9: a')
  })

  test('the log is compacted when idle once half of it is obsolete, and its content stays the same', async () => {
    const idle: (() => void)[] = []
    const persister = open({ whenIdle: (run) => idle.push(run) })
    await persister.commit(scope, replace('1', { a: big('a'), b: big('b') }))
    await persister.commit(scope, apply('2', { a: big('a2') }))
    expect(idle).toHaveLength(0)
    await persister.commit(scope, apply('3', { a: big('a3'), b: big('b3') }))
    expect(idle).toHaveLength(1)
    expect(await log()).toEqual([0, 1, 2])
    idle[0]?.()
    await persister.commit(scope, apply('4', { c: 'c4' }))
    expect(await log()).toEqual([1, 2, 3])
    expect(await stored(open())).toBe(`4: ${big('a3')}, ${big('b3')}, c4`)
  })

  test('the log is compacted in pieces, each when the page is idle again', async () => {
    const idle: (() => void)[] = []
    const persister = open({ whenIdle: (run) => idle.push(run) })
    const texts = (mark: string, count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, big(`${mark}${n}`)]))
    await persister.commit(scope, replace('1', texts('a', 8)))
    await persister.commit(scope, apply('2', texts('b', 8)))
    await persister.commit(scope, apply('3', texts('c', 4)))
    const lengths = [(await log()).length]
    for (const run of idle) {
      const before = idle.length
      run()
      await persister.commit(scope, apply('4'))
      expect(idle.length - before).toBeLessThanOrEqual(1)
      lengths.push((await log()).length)
    }
    expect(lengths).toEqual([10, 9, 8, 7])
    expect(await stored(open())).toBe(
      `4: ${Object.values({ ...texts('b', 8), ...texts('c', 4) })
        .sort()
        .join(', ')}`,
    )
  })

  test('the log is compacted without waiting for idle time when it has grown to three times the required size', async () => {
    const persister = open({ whenIdle: () => {} })
    await persister.commit(scope, replace('0', { a: big('a'), b: 'b' }))
    for (let n = 1; n < 9; n++) await persister.commit(scope, apply(String(n), { a: big(`a${n}`) }))
    await persister.commit(scope, apply('9'))
    expect((await log()).length).toBeLessThanOrEqual(4)
    expect(await stored(open())).toBe(`9: ${big('a8')}, b`)
  })

  test('compaction merges small records in a row, and keeps the deletes that older records need', async () => {
    const persister = open({ whenIdle: (run) => run() })
    await persister.commit(scope, replace('0', { a: big('a'), b: 'b', gone: 'gone', back: 'back' }))
    await persister.commit(scope, apply('1', { b: 'b1', back: 'back1' }, ['gone', 'back']))
    for (let n = 2; n < 64; n++) await persister.commit(scope, apply(String(n), { [`k${n % 3}`]: `${n}` }))
    expect((await log()).length).toBe(64)
    await persister.commit(scope, apply('64', {}, ['k0']))
    await persister.commit(scope, apply('65', { c: 'c' }))
    expect(await log()).toEqual([0, 1, 2])
    expect(await inStore('test', (store) => store.get([id, 1, 1]))).toEqual({
      keys: ['b', 'back', 'k1', 'k2'],
      texts: ['b1', 'back1', '61', '62'],
      deletes: ['gone', 'back', 'k0'],
    })
    expect(await stored(open())).toBe(`65: 61, 62, ${big('a')}, b1, back1, c`)
  })

  test('the log is not compacted while all of it is needed', async () => {
    const persister = open({ whenIdle: (run) => run() })
    await persister.commit(scope, replace('1', { k: big('k') }))
    for (let n = 0; n < 6; n++) await persister.commit(scope, apply(String(n + 2), { [`k${n}`]: big('n') }))
    expect(await log()).toEqual([0, 1, 2, 3, 4, 5, 6])
  })

  test('a failed compaction affects nothing else', async () => {
    const persister = open({ whenIdle: (run) => run() })
    await persister.commit(scope, replace('1', { a: big('a') }))
    const failing = vi.spyOn(IDBObjectStore.prototype, 'getAll').mockImplementation(() => {
      throw new DOMException('no', 'DataError')
    })
    await persister.commit(scope, apply('2', { a: big('a2') }))
    await persister.commit(scope, apply('3', { a: big('a3') }))
    expect(await outcome(persister.commit(scope, apply('4', { b: 'b' })))).toBe('stored')
    await persister.load(scopeOf({ user: 'waits for it' }))
    expect(failing).toHaveBeenCalled()
    failing.mockRestore()
    expect(await log()).toEqual([0, 1, 2, 3])
    await persister.commit(scope, apply('5', { b: 'b5' }))
    await persister.load(scopeOf({ user: 'waits for it' }))
    expect(await log()).not.toContain(0)
    expect(await stored(open())).toBe(`5: ${big('a3')}, b5`)
  })

  test('a writer that was fenced before compaction leaves the log alone', async () => {
    const idle: (() => void)[] = []
    const [first, second] = [open({ whenIdle: (run) => idle.push(run) }), open()]
    await first.commit(scope, replace('2', { a: big('a'), b: big('b') }))
    await first.commit(scope, apply('3', { a: big('a3') }, ['b']))
    await second.load(scope)
    expect(idle).toHaveLength(1)
    idle[0]?.()
    expect(await outcome(first.commit(scope, apply('4')))).toBe('fenced')
    expect(await outcome(second.commit(scope, apply('4', { b: 'b' })))).toBe('stored')
    expect(await log()).toEqual([0, 1, 2])
    expect(await stored(open())).toBe(`4: ${big('a3')}, b`)
  })

  test('the log writes at most twice the bytes that changed, for any changes', async () => {
    for (const keyOf of [(n: number) => `k${n}`, (n: number) => `k${n % 7}`, () => 'hot', (n: number) => `k${(n * n) % 31}`]) {
      freshIndexedDB()
      const persister = open({ whenIdle: (run) => run() })
      await persister.commit(scope, replace('0', Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`k${n}`, 'x'.repeat(60_000)]))))
      const put = vi.spyOn(IDBObjectStore.prototype, 'put')
      let changed = 0
      for (let n = 0; n < 150; n++) {
        changed += 30_000
        await persister.commit(scope, apply(String(n + 1), { [keyOf(n)]: 'y'.repeat(30_000) }))
      }
      await persister.load(scopeOf({ user: 'other' }))
      const written = put.mock.calls.reduce((sum, [value]) => sum + ((value as { texts?: string[] }).texts ?? []).join('').length, 0)
      expect(written / changed).toBeLessThanOrEqual(2)
      put.mockRestore()
    }
  })
})

describe('a storage that fails', () => {
  test('a runtime without IndexedDB is unavailable', async () => {
    vi.stubGlobal('indexedDB', undefined)
    await expect(open().load(scope)).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('the database test') })
    expect(await outcome(open().commit(scope, replace('1', {})))).toBe('unavailable')
    expect(await outcome(open().clear())).toBe('unavailable')
  })

  test('each call in a runtime without IndexedDB names the alternative, and no rejection is unhandled', async () => {
    const unhandled: unknown[] = []
    const note = (reason: unknown) => void unhandled.push(reason)
    process.on('unhandledRejection', note)
    const { indexedDB } = globalThis
    Reflect.deleteProperty(globalThis, 'indexedDB')
    try {
      const persister = open()
      for (const work of [persister.load(scope), persister.clear()])
        await expect(work).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('this runtime has no IndexedDB') })
      await new Promise((resolve) => setTimeout(resolve))
    } finally {
      globalThis.indexedDB = indexedDB
      process.off('unhandledRejection', note)
    }
    expect(unhandled).toEqual([])
  })

  test('a browser that denies access to indexedDB (a sandboxed frame, private mode) is unavailable', async () => {
    const { indexedDB } = globalThis
    Object.defineProperty(globalThis, 'indexedDB', {
      configurable: true,
      get() {
        throw new DOMException('The document is sandboxed.', 'SecurityError')
      },
    })
    try {
      await expect(open().load(scope)).rejects.toMatchObject({ code: 'unavailable', cause: { name: 'SecurityError' } })
      expect(await outcome(open().clear())).toBe('unavailable')
    } finally {
      Object.defineProperty(globalThis, 'indexedDB', { configurable: true, writable: true, value: indexedDB })
    }
  })

  test('a transaction that never completes is unavailable after 120 s, and the next call gets its turn', async () => {
    const clock = new VirtualClock()
    const persister = open({ clock })
    await persister.load(scope)
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => ({}) as IDBRequest<IDBValidKey>)
    const commit = outcome(persister.commit(scope, replace('1', { a: 'a' })))
    await vi.waitFor(() => expect(put).toHaveBeenCalled())
    put.mockRestore()
    const next = stored(persister)
    await clock.advance(120_000)
    expect(await commit).toBe('unavailable')
    expect(await next).toBe('nothing')
    expect(clock.pending).toBe(0)
  })

  test('a failed open is not cached: the next one works', async () => {
    const persister = open()
    const failing = vi.spyOn(IDBFactory.prototype, 'open').mockImplementation(() => {
      throw new DOMException('The operation is insecure.', 'SecurityError')
    })
    const error = await persister.load(scope).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(PersistenceError)
    expect(error).toMatchObject({ code: 'unavailable', cause: expect.objectContaining({ name: 'SecurityError' }) })
    failing.mockRestore()
    await persister.load(scope)
    expect(await outcome(persister.commit(scope, replace('1', { a: 'a' })))).toBe('stored')
  })

  test('a full disk is reported as quota, and the stored data stays', async () => {
    await seed()
    const before = await stored(open())
    const persister = open()
    await persister.load(scope)
    const full = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError')
    })
    await expect(persister.commit(scope, apply('4', { f: 'f' }))).rejects.toMatchObject({
      code: 'quota',
      cause: { name: 'QuotaExceededError' },
    })
    await expect(persister.commit(scope, replace('5', { f: 'f' }))).rejects.toMatchObject({ code: 'quota' })
    full.mockRestore()
    expect(await stored(open())).toBe(before)
  })

  test('a closed connection is opened again', async () => {
    const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction')
    const persister = open()
    await persister.commit(scope, replace('1', { a: 'a' }))
    ;(transaction.mock.contexts[0] as IDBDatabase).close()
    expect(await outcome(persister.commit(scope, apply('2', { b: 'b' })))).toBe('stored')
    expect(await stored(open())).toBe('2: a, b')
  })

  test('a connection that is closed repeatedly is unavailable, and recovers afterwards', async () => {
    const persister = open()
    await persister.commit(scope, replace('1', { a: 'a' }))
    const broken = vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(() => {
      throw new DOMException('The database connection is closing.', 'InvalidStateError')
    })
    expect(await outcome(persister.commit(scope, apply('2', { b: 'b' })))).toBe('unavailable')
    expect(broken).toHaveBeenCalledTimes(2)
    broken.mockRestore()
    expect(await outcome(persister.commit(scope, apply('3', { c: 'c' })))).toBe('stored')
    expect(await stored(open())).toBe('3: a, c')
  })

  test('a transaction that the browser aborts is retried once', async () => {
    const persister = open()
    await persister.commit(scope, replace('1', { a: 'a' }))
    const put = IDBObjectStore.prototype.put
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementationOnce(function (this: IDBObjectStore, ...args) {
      const request = put.apply(this, args)
      this.transaction.abort()
      return request
    })
    expect(await outcome(persister.commit(scope, apply('2', { b: 'b' })))).toBe('stored')
    expect(await stored(open())).toBe('2: a, b')
  })

  test('a database that another tab deletes is released at once, and no change without a base follows', async () => {
    const persister = open()
    await persister.commit(scope, replace('1', { a: 'a' }))
    await settled(indexedDB.deleteDatabase('test'))
    expect(await outcome(persister.commit(scope, apply('2', { b: 'b' })))).toBe('fenced')
    expect(await stored(open())).toBe('nothing')
  })

  test('a database that stays blocked is unavailable after the time limit, and the refused step is not done later', async () => {
    const clock = new VirtualClock()
    const persister = open({ clock })
    await persister.commit(scope, replace('1', { a: 'a' }))
    const blocking = await openRaw('test')
    const deleted = settled(indexedDB.deleteDatabase('test'))
    await new Promise((resolve) => blocking.addEventListener('versionchange', resolve))
    const commit = outcome(persister.commit(scope, replace('2', { b: 'b' })))
    const load = outcome(persister.load(scope).then(() => {}))
    const other = outcome(open({ clock }).commit(scope, replace('3', { c: 'c' })))
    await clock.advance(4999)
    expect(clock.pending).toBe(2)
    await clock.advance(1)
    expect([await commit, await other]).toEqual(['unavailable', 'unavailable'])
    await clock.advance(5000)
    expect(await load).toBe('unavailable')
    blocking.close()
    await deleted
    expect(await stored(open())).toBe('nothing')
    expect(clock.pending).toBe(0)
  })

  test('a foreign database is left alone, with a message that says what to do', async () => {
    const request = indexedDB.open('test')
    request.onupgradeneeded = () => request.result.createObjectStore('theirs')
    await settled(request)
    await expect(open().load(scope)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('give idbPersister another database name'),
    })
  })

  test('the database is opened lazily', () => {
    const opened = vi.spyOn(IDBFactory.prototype, 'open')
    open()
    expect(opened).not.toHaveBeenCalled()
  })
})

test('clear also removes data that no current version stores, unless it is limited to a scope', async () => {
  await seed()
  await inStore('test', (store) => store.put('?', ['nonsense', 0, 0]))
  await open().clear({ user: 'ann' })
  expect(await keys()).toEqual([['nonsense', 0, 0]])
  await open().clear()
  expect(await keys()).toEqual([])
})

test('records are stored as strings, so that an entry is read without a copy', async () => {
  const entry = {
    key: 'a',
    get text() {
      return '{"a":1}'
    },
    get object() {
      throw new Error('nobody needs it')
    },
  }
  await open().commit(scope, { type: 'replace', puts: [entry, ...records({ b: '{}' })], resourceVersion: '1' })
  expect(await inStore('test', (store) => store.get([id, 1, 0]))).toEqual({ keys: ['a', 'b'], texts: ['{"a":1}', '{}'], deletes: [] })
})
