import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { PersistenceError } from '../../src/api/errors'
import type { KubeObject } from '../../src/api/object'
import { type Entry, entryFromObject, entryFromText } from '../../src/codec/entry'
import { type MemoryStorage, memoryPersister } from '../../src/persistence/memory/memory-persister'
import type { PersistableStore, StorePersistenceOptions } from '../../src/persistence/persistence-options'
import type { Commit, LoadOptions, Persister, Scope, Snapshot, StoredRecord } from '../../src/persistence/persister'
import { StorePersistence } from '../../src/persistence/store-persistence'
import type { StoreChange, StoreUpdate } from '../../src/store/changes'
import { Store } from '../../src/store/store'
import { VirtualClock } from '../../src/testing'
import { scopeOf } from './contract'

const scope = scopeOf()

const entry = (name: string, version: string): Entry<unknown> =>
  entryFromText(JSON.stringify({ kind: 'Pod', apiVersion: 'v1', metadata: { name, uid: `u-${name}`, resourceVersion: version } }))

/** A store as small as can be: enough to be persisted. */
class TestStore implements PersistableStore<unknown> {
  resourceVersion = ''
  readonly entries = new Map<string, Entry<unknown>>()
  readonly listeners = new Set<(update: StoreUpdate<unknown>) => void>()

  list(): readonly Entry<unknown>[] {
    return [...this.entries.values()]
  }
  hydrate(entries: readonly Entry<unknown>[], resourceVersion: string): boolean {
    if (this.resourceVersion !== '') return false
    for (const each of entries) this.entries.set(each.key, each)
    this.resourceVersion = resourceVersion
    return true
  }
  subscribe(listener: (update: StoreUpdate<unknown>) => void): () => void {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }
  /** Objects as `name: version`; an undefined version deletes. */
  apply(resourceVersion: string, objects: Readonly<Record<string, string | undefined>> = {}): void {
    const changes: StoreChange<unknown>[] = []
    for (const [name, version] of Object.entries(objects)) {
      const previous = this.entries.get(name)
      if (version === undefined) {
        this.entries.delete(name)
        if (previous) changes.push({ type: 'deleted', entry: previous })
      } else {
        const next = entry(name, version)
        this.entries.set(name, next)
        changes.push(previous ? { type: 'updated', entry: next, previous } : { type: 'added', entry: next })
      }
    }
    this.#notify('apply', changes, resourceVersion)
  }
  replace(resourceVersion: string, objects: Readonly<Record<string, string>>): void {
    this.entries.clear()
    for (const [name, version] of Object.entries(objects)) this.entries.set(name, entry(name, version))
    this.#notify('replace', [], resourceVersion)
  }
  #notify(type: StoreUpdate<unknown>['type'], changes: readonly StoreChange<unknown>[], resourceVersion: string): void {
    this.resourceVersion = resourceVersion
    for (const listener of this.listeners) listener({ type, changes, resourceVersion })
  }
  toString(): string {
    return `${this.resourceVersion}: ${this.list().map(describeText).sort().join(' ')}`
  }
}

function describeText({ text }: { readonly text: string }): string {
  const { metadata } = JSON.parse(text) as { metadata: { name: string; resourceVersion: string } }
  return `${metadata.name}@${metadata.resourceVersion}`
}

/** A persister whose commits end when and how a test says. */
class ManualPersister implements Persister {
  readonly commits: string[] = []
  snapshot: Promise<Snapshot | undefined> = Promise.resolve(undefined)
  #waiting: { resolve(): void; reject(error: unknown): void }[] = []
  /** Commits end at once, unless this is set. */
  manual = false
  failure: unknown

  /** What tells that something was read, once there is a load. */
  tell: NonNullable<LoadOptions['onRecords']> = () => {}

  load(_: Scope, { onRecords = () => {} }: LoadOptions): Promise<Snapshot | undefined> {
    this.tell = onRecords
    return this.snapshot
  }
  commit(_: Scope, change: Commit): Promise<void> {
    const deletes = change.type === 'apply' ? change.deletes.map((key) => `-${key}`) : []
    this.commits.push(`${change.type} ${change.resourceVersion}: ${[...change.puts.map(describeText), ...deletes].sort().join(' ')}`.trim())
    if (this.failure !== undefined) return Promise.reject(this.failure)
    return this.manual ? new Promise((resolve, reject) => this.#waiting.push({ resolve, reject })) : Promise.resolve()
  }
  async clear(): Promise<void> {}
  async finish(error?: unknown): Promise<void> {
    const first = this.#waiting.shift()
    if (error === undefined) first?.resolve()
    else first?.reject(error)
    await clock.settle()
  }
}

/** So many that it takes dozens of milliseconds to make entries of them. */
const manyRecords = (): StoredRecord[] =>
  Array.from({ length: 30_000 }, (_, n) => ({ key: `k${n}`, text: `{"metadata":{"name":"k${n}","resourceVersion":"1"}}` }))

const snapshotOf = (resourceVersion: string, objects: Readonly<Record<string, string>>): Snapshot => ({
  resourceVersion,
  records: Object.entries(objects).map(([name, version]) => entry(name, version)),
})

let clock: VirtualClock
let store: TestStore
let persister: ManualPersister
let errors: unknown[]
let running: StorePersistence<unknown>[] = []

const make = (options: StorePersistenceOptions = {}, from: Persister = persister): StorePersistence<unknown> => {
  const made = new StorePersistence(store, from, scope, { clock, onError: (error) => errors.push(error), ...options })
  running.push(made)
  return made
}

/** Started from a snapshot of version 1 with the objects a and b. */
const started = async (options?: StorePersistenceOptions): Promise<StorePersistence<unknown>> => {
  persister.snapshot = Promise.resolve(snapshotOf('1', { a: '1', b: '1' }))
  const persistence = make(options)
  expect(await persistence.start()).toBe('persisted')
  return persistence
}

const unavailable = new PersistenceError('unavailable', 'the connection was lost')

beforeEach(() => {
  clock = new VirtualClock()
  store = new TestStore()
  persister = new ManualPersister()
  errors = []
  running = []
})
afterEach(async () => {
  persister.manual = false
  persister.failure = undefined
  for (const each of running) {
    const stopped = each.close()
    await persister.finish()
    await persister.finish()
    await stopped
  }
  expect(clock.pending).toBe(0)
  expect(store.listeners.size).toBe(0)
})

describe('start', () => {
  test('hydrates the store from the snapshot', async () => {
    const persistence = await started()
    expect(String(store)).toBe('1: a@1 b@1')
    expect(persistence.status).toBe('active')
    await clock.advance(10_000)
    expect(persister.commits).toEqual([])
  })

  test('stores everything with the first complete state when there is no snapshot, and never a change without a base', async () => {
    expect(await make().start()).toBe('none')
    await clock.advance(10_000)
    store.replace('5', { a: '5' })
    store.apply('6', { b: '6' })
    await clock.advance(250)
    expect(persister.commits).toEqual(['replace 6: a@5 b@6'])
  })

  test('does not hydrate a store that already has a state, and replaces the snapshot', async () => {
    persister.snapshot = Promise.resolve(snapshotOf('1', { a: '1' }))
    store.replace('7', { z: '7' })
    expect(await make().start()).toBe('late')
    expect(String(store)).toBe('7: z@7')
    await clock.advance(250)
    expect(persister.commits).toEqual(['replace 7: z@7'])
  })

  test('does not wait for a slow load, ignores its snapshot, and stores nothing before it has ended', async () => {
    let arrive = (_: Snapshot) => {}
    persister.snapshot = new Promise((resolve) => {
      arrive = resolve
    })
    const persistence = make()
    const start = persistence.start({ loadTimeoutMs: 1000 })
    await clock.advance(999)
    expect(persistence.status).toBe('loading')
    await clock.advance(1)
    expect(await start).toBe('late')
    store.replace('5', { b: '5' })
    await clock.advance(10_000)
    expect([persistence.status, persister.commits]).toEqual(['loading', []])
    arrive(snapshotOf('1', { a: '1' }))
    await clock.settle()
    expect([persistence.status, String(store)]).toEqual(['active', '5: b@5'])
    await clock.advance(250)
    expect(persister.commits).toEqual(['replace 5: b@5'])
  })

  test('a load that fails late is not an unhandled rejection', async () => {
    let fail = (_: unknown) => {}
    persister.snapshot = new Promise((_, reject) => {
      fail = reject
    })
    const start = make().start()
    await clock.advance(1000)
    expect(await start).toBe('late')
    fail(unavailable)
    await clock.settle()
  })

  test('reports a load that fails, and the store continues from memory', async () => {
    persister.snapshot = Promise.reject(unavailable)
    const persistence = make()
    expect(await persistence.start()).toBe('failed')
    expect([persistence.status, persistence.error, errors]).toEqual(['failed', unavailable, [unavailable]])
    store.replace('5', { a: '5' })
    await clock.advance(10_000)
    expect(persister.commits).toEqual([])
  })

  test("drops a snapshot with a text that is not an object, reports it, and replaces it with the server's state", async () => {
    persister.snapshot = Promise.resolve({ resourceVersion: '1', records: [entry('a', '1'), { key: 'b', text: 'nonsense' }] })
    expect(await make().start()).toBe('none')
    expect(errors).toMatchObject([{ code: 'damaged', cause: { name: 'ParseError' } }])
    expect(String(store)).toBe(': ')
    store.replace('2', { a: '2' })
    await clock.advance(250)
    expect(persister.commits).toEqual(['replace 2: a@2'])
  })

  test('decodes a large snapshot in slices between which the page runs, and a faster network wins', async () => {
    persister.snapshot = Promise.resolve({ resourceVersion: '1', records: manyRecords() })
    const start = make().start()
    setTimeout(() => store.replace('9', { z: '9' }))
    expect(await start).toBe('late')
    expect(String(store)).toBe('9: z@9')
  })

  test('loads managedFields that were stored', async () => {
    const text = '{"metadata":{"name":"a","managedFields":[{"manager":"kubectl"}]}}'
    persister.snapshot = Promise.resolve({ resourceVersion: '1', records: [{ key: 'a', text }] })
    await make().start()
    expect(store.list()[0]?.text).toBe(text)
  })

  test('misses no step of the store between the snapshot and the first change', async () => {
    let arrive = (_: Snapshot | undefined) => {}
    persister.snapshot = new Promise((resolve) => {
      arrive = resolve
    })
    const start = make().start()
    await clock.settle()
    arrive(undefined)
    for (let turn = 0; turn < 30; turn++) {
      store.apply(String(turn + 1), { [`k${turn}`]: '1' })
      await Promise.resolve()
    }
    await start
    await clock.advance(250)
    expect(persister.commits).toHaveLength(1)
    expect(persister.commits[0]).toBe(`replace ${String(store)}`)
  })

  test('refuses a second start, and a start after stop', async () => {
    const persistence = await started()
    await expect(persistence.start()).rejects.toThrow('make another one')
    const stopped = make()
    await stopped.close()
    await expect(stopped.start()).rejects.toThrow('make another one')
  })

  test('an aborted signal stops persistence before, during and after the load', async () => {
    expect(await make().start({ signal: AbortSignal.abort() })).toBe('late')

    const loading = new AbortController()
    persister.snapshot = new Promise(() => {})
    const persistence = make()
    const start = persistence.start({ signal: loading.signal })
    await clock.settle()
    loading.abort()
    expect(await start).toBe('late')
    expect(persistence.status).toBe('stopped')

    const active = new AbortController()
    persister.snapshot = Promise.resolve(snapshotOf('1', { a: '1' }))
    const other = make()
    await other.start({ signal: active.signal })
    store.apply('2', { a: '2' })
    active.abort()
    await clock.settle()
    expect(persister.commits).toEqual(['apply 2: a@2'])
    expect(other.status).toBe('stopped')
    expect(errors).toEqual([])
  })
})

describe('what has arrived of the snapshot', () => {
  /** What was told, as names and how many came before them. */
  let told: string[]
  let arrive: (_: Snapshot | undefined) => void
  const onArrival = (entries: readonly Entry<unknown>[], before: number) => void told.push(`${before}: ${entries.map(({ key }) => key)}`)
  const record = (name: string): StoredRecord => (name === '?' ? { key: '?', text: 'nonsense' } : entry(name, '1'))
  const abc = { resourceVersion: '1', records: ['a', 'b', 'c'].map(record) }

  beforeEach(() => {
    told = []
    persister.snapshot = new Promise((resolve) => {
      arrive = resolve
    })
  })

  /** The persister has read objects with these names, of one letter each; `?` is no object. */
  const tell = async (names: string, before: number) => {
    persister.tell(Array.from(names, record), before)
    await clock.settle()
  }

  test('delivers batches during the load, while the store stays empty until it is complete', async () => {
    const start = make().start({ onArrival })
    await tell('cb', 0)
    expect([told, String(store)]).toEqual([['0: c,b'], ': '])
    await tell('a', 2)
    expect([told, String(store)]).toEqual([['0: c,b', '2: a'], ': '])
    arrive(abc)
    expect(await start).toBe('persisted')
    expect(String(store)).toBe('1: a@1 b@1 c@1')
  })

  test('delivers the entries that the store has afterwards, created once and in the order of the snapshot', async () => {
    const arrived: Entry<unknown>[] = []
    const start = make().start({ onArrival: (entries) => arrived.push(...entries) })
    await tell('cb', 0)
    await tell('a', 2)
    arrive(abc)
    await start
    expect(store.list()).toEqual(arrived.reverse())
    expect(store.list().every((each, n) => each === arrived[n])).toBe(true)
  })

  test('delivers batches from the beginning when the load restarts', async () => {
    const start = make().start({ onArrival })
    await tell('z', 0)
    await tell('cb', 0)
    await tell('a', 2)
    arrive(abc)
    expect(await start).toBe('persisted')
    expect([told, String(store)]).toEqual([['0: z', '0: c,b', '2: a'], '1: a@1 b@1 c@1'])
  })

  test('delivers batches in slices when the persister reports none before it has read everything', async () => {
    const records = manyRecords()
    const turns: number[] = []
    persister.snapshot = Promise.resolve({ resourceVersion: '1', records })
    let count = 0
    const start = make().start({
      onArrival: (entries, before) => {
        expect(before).toBe(count)
        count += entries.length
        turns.push(entries.length)
      },
    })
    expect(await start).toBe('persisted')
    expect(count).toBe(records.length)
    expect(turns.length).toBeGreaterThan(1)
  })

  test('delivers no more batches once the store has a state', async () => {
    const start = make().start({ onArrival })
    await tell('c', 0)
    store.replace('7', { z: '7' })
    await tell('b', 1)
    await tell('a', 2)
    arrive(abc)
    expect(await start).toBe('late')
    expect([told, String(store)]).toEqual([['0: c'], '7: z@7'])
  })

  test('delivers no more batches after an abort, including one by the listener', async () => {
    const controller = new AbortController()
    const start = make().start({
      signal: controller.signal,
      onArrival: (entries, before) => {
        onArrival(entries, before)
        controller.abort()
      },
    })
    await tell('c', 0)
    await tell('b', 1)
    expect(await start).toBe('late')
    await tell('a', 2)
    arrive(abc)
    await clock.settle()
    expect([told, String(store)]).toEqual([['0: c'], ': '])
  })

  test('the load does not time out while batches arrive', async () => {
    const start = make().start({ onArrival })
    for (const [n, key] of ['c', 'b', 'a'].entries()) {
      await clock.advance(900)
      await tell(key, n)
    }
    await clock.advance(900)
    arrive(abc)
    expect(await start).toBe('persisted')
    expect(clock.pending).toBe(0)
    expect(String(store)).toBe('1: a@1 b@1 c@1')
  })

  test('delivers no more batches once the load has timed out', async () => {
    const start = make().start({ onArrival })
    await tell('c', 0)
    await clock.advance(1000)
    expect(await start).toBe('late')
    await tell('b', 1)
    arrive(abc)
    await clock.settle()
    expect([told, String(store)]).toEqual([['0: c'], ': '])
  })

  test('the delivered batches are void when the snapshot turns out to be damaged', async () => {
    const start = make().start({ onArrival })
    await tell('c', 0)
    arrive(undefined)
    expect(await start).toBe('none')
    expect([told, errors, String(store)]).toEqual([['0: c'], [], ': '])
  })

  test('delivers batches up to a text that is not an object, which drops the snapshot', async () => {
    const start = make().start({ onArrival })
    await tell('c', 0)
    await tell('?', 1)
    await tell('a', 2)
    arrive({ resourceVersion: '1', records: ['a', '?', 'c'].map(record) })
    expect(await start).toBe('none')
    expect([told, String(store)]).toEqual([['0: c'], ': '])
    expect(errors).toMatchObject([{ code: 'damaged', cause: { name: 'ParseError' } }])
  })

  test('loads the snapshot although the listener throws, and reports the error', async () => {
    const failure = new Error('no table')
    const start = make().start({
      onArrival: () => {
        throw failure
      },
    })
    await tell('cb', 0)
    await tell('a', 2)
    arrive(abc)
    expect(await start).toBe('persisted')
    expect(errors).toEqual([failure, failure])
    expect(String(store)).toBe('1: a@1 b@1 c@1')
  })
})

describe('write-behind', () => {
  test('commits the changes of 250 ms together, the newest state of each key with the last version', async () => {
    await started()
    store.apply('2', { a: '2', c: '2' })
    store.apply('3', { a: '3', c: undefined })
    store.apply('4', { b: undefined })
    store.apply('5', { b: '5' })
    await clock.advance(249)
    expect(persister.commits).toEqual([])
    await clock.advance(1)
    expect(persister.commits).toEqual(['apply 5: -c a@3 b@5'])
    await clock.advance(10_000)
    expect(persister.commits).toHaveLength(1)
  })

  test('a bookmark moves the stored version', async () => {
    await started()
    store.apply('9')
    await clock.advance(250)
    expect(persister.commits).toEqual(['apply 9:'])
  })

  test('a resync stores nothing', async () => {
    await started()
    for (const listener of store.listeners)
      listener({ type: 'resync', changes: [{ type: 'resynced', entry: entry('a', '1') }], resourceVersion: '1' })
    await clock.advance(10_000)
    expect(persister.commits).toEqual([])
  })

  test('a replace stores the content of the store at the time of the commit', async () => {
    await started()
    store.apply('2', { a: '2' })
    store.replace('5', { d: '5' })
    store.apply('6', { e: '6' })
    await clock.advance(250)
    expect(persister.commits).toEqual(['replace 6: d@5 e@6'])
  })

  test('runs one commit at a time; changes during it wait for the next', async () => {
    await started()
    persister.manual = true
    store.apply('2', { a: '2' })
    await clock.advance(250)
    store.apply('3', { a: '3' })
    store.apply('4', { b: undefined })
    await clock.advance(10_000)
    expect(persister.commits).toEqual(['apply 2: a@2'])
    await persister.finish()
    await clock.advance(250)
    expect(persister.commits).toEqual(['apply 2: a@2', 'apply 4: -b a@3'])
  })

  test('stores nothing before the store has a version', async () => {
    await make().start()
    store.apply('', { a: '1' })
    await clock.advance(10_000)
    expect(persister.commits).toEqual([])
    store.replace('5', { a: '5' })
    await clock.advance(250)
    expect(persister.commits).toEqual(['replace 5: a@5'])
  })

  test('flush stores at once, including changes during a running commit', async () => {
    const persistence = await started()
    persister.manual = true
    store.apply('2', { a: '2' })
    const first = persistence.flush()
    await clock.settle()
    store.apply('3', { b: '3' })
    let done = false
    const second = persistence.flush().then(() => {
      done = true
    })
    await persister.finish()
    await first
    expect(persister.commits).toEqual(['apply 2: a@2', 'apply 3: b@3'])
    expect(done).toBe(false)
    await persister.finish()
    await second
  })

  test('two concurrent flushes make one commit at a time', async () => {
    let underWay = 0
    let most = 0
    const slow: Persister = {
      load: async () => snapshotOf('1', {}),
      clear: async () => {},
      async commit(_, change) {
        most = Math.max(most, ++underWay)
        if (change.resourceVersion === '3') store.apply('4', { a: '4' })
        await clock.settle()
        underWay--
      },
    }
    const other = make({}, slow)
    await other.start()
    store.apply('2', { a: '2' })
    const flushes = [other.flush()]
    store.apply('3', { a: '3' })
    flushes.push(other.flush(), other.flush())
    await Promise.all(flushes)
    await other.flush()
    expect(most).toBe(1)
  })

  test('stores at once when the page is hidden or left', async () => {
    for (const type of ['visibilitychange', 'pagehide']) {
      const events = new EventTarget()
      store = new TestStore()
      persister = new ManualPersister()
      const persistence = await started({ events })
      store.apply('2', { a: '2' })
      events.dispatchEvent(new Event(type))
      await clock.settle()
      expect(persister.commits).toEqual(['apply 2: a@2'])
      await persistence.close()
      store.apply('3')
      events.dispatchEvent(new Event(type))
      await clock.settle()
      expect(persister.commits).toHaveLength(1)
    }
  })

  test('stop stores pending changes and unsubscribes, and so does leaving an `await using` block', async () => {
    {
      await using persistence = await started()
      store.apply('2', { a: '2' })
      expect(persistence.status).toBe('active')
    }
    expect(persister.commits).toEqual(['apply 2: a@2'])
    expect(running[0]?.status).toBe('stopped')
    store.apply('3', { a: '3' })
    await clock.advance(10_000)
    expect(persister.commits).toHaveLength(1)
  })

  test('the stored state is always one that the store had, for any changes and failures', async () => {
    const name = fc.constantFrom('a', 'b', 'c')
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ put: name }) },
      { weight: 2, arbitrary: fc.record({ del: name }) },
      { weight: 1, arbitrary: fc.record({ replace: fc.uniqueArray(name) }) },
      { weight: 4, arbitrary: fc.record({ wait: fc.nat(600) }) },
      { weight: 1, arbitrary: fc.record({ fail: fc.constant(true) }) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        store = new TestStore()
        const storage: MemoryStorage = new Map()
        const memory = memoryPersister(storage)
        let failing = false
        const flaky: Persister = {
          load: (each, options) => memory.load(each, options),
          clear: (each) => memory.clear(each),
          async commit(each, change) {
            // Takes its time, so that changes come meanwhile.
            await new Promise<void>((resolve) => clock.setTimeout(resolve, 100))
            if (failing) throw unavailable
            await memory.commit(each, change)
            expect(known.get(change.resourceVersion)).toBe(peek())
          },
        }
        const known = new Map<string, string>()
        const peek = () => {
          const view = new TestStore()
          const [held] = storage.values()
          view.hydrate(
            Array.from(held?.texts.values() ?? [], (text) => entryFromText(text)),
            held?.resourceVersion ?? '',
          )
          return String(view)
        }
        const persistence = make({}, flaky)
        await persistence.start()
        let version = 0
        for (const each of steps) {
          const next = String(++version)
          failing = 'fail' in each
          if ('put' in each) store.apply(next, { [each.put]: next })
          else if ('del' in each) store.apply(next, { [each.del]: undefined })
          else if ('replace' in each) store.replace(next, Object.fromEntries(each.replace.map((key) => [key, next])))
          else await clock.advance('wait' in each ? each.wait : 400)
          known.set(store.resourceVersion, String(store))
        }
        failing = false
        await clock.advance(60_000)
        expect(persistence.status).toBe('active')
        expect(peek()).toBe(String(store))
        await persistence.close()
      }),
      { numRuns: 60 },
    )
  })
})

describe('a storage that fails', () => {
  test('stores everything again after a short storage failure, with doubling waits', async () => {
    const persistence = await started()
    persister.failure = unavailable
    store.apply('2', { a: '2' })
    await clock.advance(250)
    store.apply('3', { b: '3' })
    await clock.advance(999)
    expect(persister.commits).toEqual(['apply 2: a@2'])
    await clock.advance(1)
    expect(persister.commits).toEqual(['apply 2: a@2', 'replace 3: a@2 b@3'])
    await clock.advance(1999)
    expect(persister.commits).toHaveLength(2)
    persister.failure = undefined
    await clock.advance(1)
    expect(persister.commits).toHaveLength(3)
    store.apply('4', { a: '4' })
    await clock.advance(250)
    expect(persister.commits[3]).toBe('apply 4: a@4')
    expect([persistence.status, errors]).toEqual(['active', [unavailable, unavailable]])
  })

  test('never gives up on storage that fails repeatedly but not always', async () => {
    const persistence = await started()
    for (let n = 0; n < 20; n++) {
      persister.failure = unavailable
      store.apply(`${n}`, { a: `${n}` })
      await clock.advance(250)
      persister.failure = undefined
      await clock.advance(1000)
    }
    expect(persistence.status).toBe('active')
    expect(persister.commits).toHaveLength(40)
  })

  test('gives up on storage that fails permanently after five more tries, and reports it', async () => {
    const persistence = await started()
    persister.failure = unavailable
    store.apply('2', { a: '2' })
    await clock.advance(250 + 1000 + 2000 + 4000 + 8000 + 16_000)
    expect(persister.commits).toHaveLength(6)
    expect([persistence.status, persistence.error]).toEqual(['failed', unavailable])
    store.apply('3', { a: '3' })
    await clock.advance(600_000)
    expect(persister.commits).toHaveLength(6)
    expect(String(store)).toBe('3: a@3 b@1')
  })

  test.each([
    ['quota', 'failed'],
    ['refused', 'failed'],
    ['fenced', 'fenced'],
  ] as const)('%s: nothing more is stored, the status is %s', async (code, status) => {
    const seen: string[] = []
    const persistence = await started()
    persistence.subscribe(() => seen.push(persistence.status))
    const error = new PersistenceError(code, 'no')
    persister.failure = error
    store.apply('2', { a: '2' })
    await clock.advance(250)
    persister.failure = undefined
    store.replace('3', { a: '3' })
    await clock.advance(600_000)
    await persistence.flush()
    expect(persister.commits).toHaveLength(1)
    expect([persistence.status, persistence.error, errors, seen]).toEqual([status, error, [error], [status]])
    await persistence.close()
    expect(persistence.status).toBe(status)
  })

  test('reports a handler that throws, and continues', async () => {
    const reported = vi.spyOn(console, 'error').mockImplementation(() => {})
    const persistence = await started({
      onError() {
        throw new Error('a handler of the user’s')
      },
    })
    persister.failure = unavailable
    store.apply('2', { a: '2' })
    await clock.advance(250)
    persister.failure = undefined
    await clock.advance(1000)
    expect(persister.commits[1]).toBe('replace 2: a@2 b@1')
    expect([persistence.status, reported.mock.calls.length]).toEqual(['active', 1])
    reported.mockRestore()
  })

  test('treats an error that is not a PersistenceError as failed', async () => {
    const persistence = await started()
    persister.failure = new TypeError('a persister of the user’s')
    store.apply('2', { a: '2' })
    await clock.advance(250)
    expect(persistence.status).toBe('failed')
  })

  test('notifies listeners of the status', async () => {
    const seen: string[] = []
    const persistence = make()
    const unsubscribe = persistence.subscribe(() => seen.push(persistence.status))
    expect(persistence.status).toBe('stopped')
    const start = persistence.start()
    await Promise.resolve()
    await start
    await clock.settle()
    unsubscribe()
    await persistence.close()
    await clock.settle()
    expect(seen).toEqual(['loading', 'active'])
    expect(persistence.status).toBe('stopped')
  })
})

test('the library’s store implements the interface of a persisted store', async () => {
  const memory = memoryPersister()
  const pods = new Store<KubeObject>()
  const first = new StorePersistence(pods, memory, scope, { clock })
  expect(await first.start()).toBe('none')
  const pod = (name: string, version: string) =>
    entryFromObject<KubeObject>({ metadata: { name, namespace: 'shop', uid: name, resourceVersion: version } })
  pods.replace([pod('a', '1'), pod('b', '1')], '1')
  await clock.advance(250)
  pods.apply(
    [
      { type: 'MODIFIED', entry: pod('a', '2') },
      { type: 'DELETED', entry: pod('b', '3') },
      { type: 'ADDED', entry: pod('c', '4') },
    ],
    '4',
  )
  pods.bookmark('5')
  await first.close()
  const reloaded = new Store<KubeObject>()
  const second = new StorePersistence(reloaded, memory, scope, { clock })
  expect(await second.start()).toBe('persisted')
  expect(reloaded.resourceVersion).toBe('5')
  expect(reloaded.list().map(({ key, resourceVersion }) => `${key}@${resourceVersion}`)).toEqual(['shop/a@2', 'shop/c@4'])
  await second.close()
})

describe('secrets', () => {
  const secrets = scopeOf({ resource: 'secrets/v1' })

  test('refuses secrets unless they are requested by name', () => {
    const refused = () => new StorePersistence(store, persister, secrets)
    expect(refused).toThrow(expect.objectContaining({ code: 'refused', message: expect.stringContaining("sensitive: ['secrets']") }))
    expect(() => new StorePersistence(store, persister, scopeOf({ resource: 'secrets.example.com/v1' }))).toThrow('secrets.example.com/v1')
    expect(() => new StorePersistence(store, persister, secrets, { sensitive: ['configmaps'] })).toThrow(PersistenceError)
    new StorePersistence(store, persister, secrets, { sensitive: ['secrets'] })
    new StorePersistence(store, persister, scopeOf({ resource: 'secretstores.example.com/v1' }))
  })
})
