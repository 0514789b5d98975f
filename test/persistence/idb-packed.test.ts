import { beforeEach, describe, expect, test, vi } from 'vitest'
import { isParseError } from '../../src/api/errors'
import { type Entry, entryFromObject, isEntry, isPackable } from '../../src/codec/entry'
import { KubeClient } from '../../src/http/client'
import { type IdbPersisterOptions, idbPersister } from '../../src/idb'
import { createInformer } from '../../src/informer/create-informer'
import { packing } from '../../src/informer/packing/packing'
import type { LogRecord } from '../../src/persistence/idb/log'
import type { StoredRecord } from '../../src/persistence/persister'
import { scopeId } from '../../src/persistence/scope'
import { Pod } from '../../src/resources/core/v1'
import { FakeApiServer, VirtualClock } from '../../src/testing'
import { workloadPodFixture } from '../../src/testing/workload-fixtures'
import { Holder, scopeOf } from './contract'
import { freshIndexedDB, inStore } from './support/fake-idb'

beforeEach(freshIndexedDB)

const scope = scopeOf()
const id = scopeId(scope)
const open = (options: Partial<IdbPersisterOptions> = { pack: packing() }) =>
  new Holder(idbPersister({ database: 'test', whenIdle: () => {}, ...options }))
const pod = (index: number, resourceVersion = '1', revision = 0): Entry<Pod> => {
  const { metadata, ...rest } = workloadPodFixture(index, { workloads: 3, nonAscii: index % 7 === 0, revision })
  return entryFromObject<Pod>({ ...rest, metadata: { ...metadata, name: `pod-${index}`, namespace: 'shop', resourceVersion } })
}
const newPod = (index: number): Pod => {
  const { metadata, ...rest } = pod(index).object
  const { resourceVersion: _, uid: __, ...own } = metadata
  return { ...rest, metadata: own }
}
const pods = (count: number) => Array.from({ length: count }, (_, index) => pod(index))
const shown = (records: readonly StoredRecord[] | undefined) =>
  records?.map(({ key, text, uid, resourceVersion }) => `${key} ${uid} ${resourceVersion} ${text}`).sort()
/** Compares without printing megabytes when they differ. */
const isEqual = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)
const logRecords = async () =>
  (await inStore('test', (store) => store.getAll(IDBKeyRange.bound([id, 1], [id, 1, []])))) as unknown as LogRecord[]
const sizeOf = (records: readonly LogRecord[]) => records.reduce((sum, { texts }) => sum + texts.join('').length, 0)

describe('a packed snapshot in IndexedDB', () => {
  test('a state is stored in a fifth of its text, and loaded with the same texts, uids and versions', async () => {
    const entries = pods(400)
    await open().commit(scope, { type: 'replace', puts: entries, resourceVersion: '9' })
    const snapshot = await open().load(scope)
    expect(isEqual(shown(snapshot?.records), shown(entries))).toBe(true)
    expect(sizeOf(await logRecords())).toBeLessThan(entries.reduce((sum, { text }) => sum + text.length, 0) / 5)
    const loaded = snapshot?.records ?? []
    // The first texts of each record are the templates.
    expect(loaded.filter((record) => isEntry(record) && !isPackable(record)).length).toBeGreaterThan(390)
  })

  test('a change is stored as it is, and packed by compaction, which keeps the state', async () => {
    const idle: (() => void)[] = []
    const persister = open({ pack: packing(), whenIdle: (run) => idle.push(run) })
    const state = new Map(pods(200).map((entry) => [entry.key, entry]))
    await persister.commit(scope, { type: 'replace', puts: [...state.values()], resourceVersion: '1' })
    for (let round = 2; round < 12; round++) {
      const puts = Array.from({ length: 60 }, (_, n) => pod((n * 13 + round * 31) % 200, String(round), round))
      for (const each of puts) state.set(each.key, each)
      const gone = `shop/pod-${round}`
      if (!puts.some(({ key }) => key === gone)) state.delete(gone)
      await persister.commit(scope, {
        type: 'apply',
        puts: [...new Map(puts.map((each) => [each.key, each])).values()],
        deletes: state.has(gone) ? [] : [gone],
        resourceVersion: String(round),
      })
      while (idle.length > 0) {
        for (const run of idle.splice(0)) run()
        // A turn of the persister's own queue: it ends after the compaction.
        await persister.clear(scopeOf({ user: 'another' }))
      }
    }
    const records = await logRecords()
    expect(records.some(({ templates }) => templates?.some((template) => template >= 0))).toBe(true)
    expect(sizeOf(records)).toBeLessThan([...state.values()].reduce((sum, { text }) => sum + text.length, 0))
    const snapshot = await open().load(scope)
    expect(snapshot?.resourceVersion).toBe('11')
    expect(isEqual(shown(snapshot?.records), shown([...state.values()]))).toBe(true)
  })

  test.each([
    ['packed', 'plain', { pack: packing() }, {}],
    ['plain', 'packed', {}, { pack: packing() }],
  ])('a %s snapshot is removed by a persister for %s ones, which costs one list', async (_, __, before, after) => {
    await open(before).commit(scope, { type: 'replace', puts: pods(3), resourceVersion: '1' })
    expect(await open(after).load(scope)).toBe(undefined)
    expect(await logRecords()).toEqual([])
  })

  test.each([
    ['a template that comes later', [-1, 2, -1]],
    ['a row that is its own template', [-1, 1, 0]],
    ['a template beyond the record', [-1, 0, 9]],
    ['a chain of four rows', [-1, 0, 1, 2]],
    ['a template too few', [-1, 0]],
    ['a template that is no number', [-1, '0', 0]],
  ])('a snapshot with %s is not loaded and is removed', async (_, templates) => {
    await open().commit(scope, { type: 'replace', puts: pods(4).slice(0, templates.length === 4 ? 4 : 3), resourceVersion: '1' })
    const [record] = await logRecords()
    await inStore('test', (store) => store.put({ ...record, templates }, [id, 1, 0]))
    expect(await open().load(scope)).toBe(undefined)
    expect(await logRecords()).toEqual([])
  })

  test('an object whose packed text is damaged is found when it is read, and no other object is affected', async () => {
    const entries = pods(9)
    await open().commit(scope, { type: 'replace', puts: entries, resourceVersion: '1' })
    const [record] = await logRecords()
    const texts = (record?.texts ?? []).map((text, row) => (row === 8 ? text.slice(0, -30) : text))
    await inStore('test', (store) => store.put({ ...record, texts }, [id, 1, 0]))
    const loaded = ((await open().load(scope))?.records ?? []) as Entry<Pod>[]
    expect(loaded).toHaveLength(9)
    for (const [row, entry] of loaded.entries()) {
      if (row < 8) expect(entry.text === entries[row]?.text).toBe(true)
      else expect(() => entry.object).toThrow(expect.toSatisfy(isParseError))
    }
  })
})

describe('an informer that resumes from a packed snapshot', () => {
  test('has the stored objects without unpacking them, reads them as they were, and stores changes', async () => {
    const clock = new VirtualClock()
    const server = new FakeApiServer({ clock, resources: [Pod] })
    for (let index = 0; index < 40; index++) server.create(Pod, newPod(index))
    const client = new KubeClient({ baseUrl: 'http://fake.test', fetch: server.fetch })
    const start = () =>
      createInformer(client, Pod, {
        clock,
        onWake: () => () => undefined,
        pack: packing(),
        persist: { to: idbPersister({ database: 'test', pack: packing(), clock, whenIdle: () => {} }) },
      })
    const until = async (condition: () => boolean) => {
      for (let turn = 0; turn < 200 && !condition(); turn++) {
        await clock.advance(50)
        // fake-indexeddb works in turns of the event loop.
        await new Promise((resolve) => setImmediate(resolve))
      }
      expect(condition()).toBe(true)
    }
    const first = start()
    await until(() => first.hasSynced)
    const texts = new Map(first.indexer.list().map(({ key, text }) => [key, text]))
    await until(() => first.persistence?.status === 'active')
    const closing = first.close()
    await until(() => first.state === 'stopped')
    await closing
    server.update(Pod, { ...newPod(3), metadata: { ...newPod(3).metadata, labels: { changed: 'yes' } } })
    const second = start()
    const hydrated = vi.fn()
    second.indexer.subscribe(hydrated)
    await until(() => second.indexer.size > 0)
    const loaded = second.indexer.list()
    expect(hydrated.mock.calls[0]?.[0].type).toBe('replace')
    expect(loaded.filter((entry) => !isPackable(entry)).length).toBeGreaterThan(30)
    for (const { key, text } of loaded) if (key !== 'shop/pod-3') expect(text === texts.get(key)).toBe(true)
    await until(() => second.indexer.get('shop/pod-3')?.labels.changed === 'yes')
    const end = second.close()
    await until(() => second.state === 'stopped')
    await end
  })
})
