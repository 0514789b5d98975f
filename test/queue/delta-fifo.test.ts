import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../src/api/object'
import type { Entry } from '../../src/codec/entry'
import { DeltaFIFO, type DeltaFIFOOptions } from '../../src/queue/delta-fifo'
import { Store } from '../../src/store/store'
import { entry } from '../store/entries'
import { added, deleted, modified, queueContract, setUp } from './contract'

const make = (known?: readonly Entry<KubeObject>[], resourceVersion?: string, options?: DeltaFIFOOptions) =>
  setUp((store) => new DeltaFIFO(store, options), known, resourceVersion)

describe('DeltaFIFO', () => {
  queueContract((known) => new DeltaFIFO(known))

  it('[queue/deltas] a DeltaFIFO delivers three changes of one key as one list of three deltas', async () => {
    const { queue, drain } = make([], '1')
    queue.apply([added('a', { rv: '2' }), modified('a', { rv: '3' }), deleted('a', { rv: '4' })], '4')
    expect(queue.length).toBe(1)
    expect(await drain()).toEqual(['Added a@2, Updated a@3, Deleted a@4 → 4'])
  })

  it('keeps the place of a key in the queue when it changes again', async () => {
    const { queue, drain } = make([], '1')
    queue.apply([added('foo', { rv: '10' }), added('bar', { rv: '11' }), added('foo', { rv: '12' }), added('zab', { rv: '13' })], '13')
    expect(await drain(1)).toEqual(['Added foo@10, Added foo@12 → 1'])
    queue.apply([modified('foo', { rv: '14' })], '14')
    expect(await drain()).toEqual(['Added bar@11 → 1', 'Added zab@13 → 13', 'Updated foo@14 → 14'])
  })

  describe('the version of a DeltaFIFO', () => {
    it('[resume/store-version] the version does not pass older changes of other keys in the queue', async () => {
      const { queue, drain } = make([], '1')
      queue.apply([added('a', { rv: '2' })], '2')
      queue.apply([added('b', { rv: '3' })], '3')
      queue.apply([modified('a', { rv: '4' })], '4')
      expect(await drain()).toEqual(['Added a@2, Updated a@4 → 2', 'Added b@3 → 4'])
    })

    it('[resume/store-version] reaches the version of a replacement once all of it is processed', async () => {
      const { queue, drain } = make([entry('a'), entry('b')], '1')
      queue.replace([entry('b'), entry('c')], '9')
      expect(await drain()).toEqual(['Deleted a@1? → 1', 'Replaced b@1 → 1', 'Replaced c@1 → 9'])
    })
  })

  describe('deletions in a DeltaFIFO', () => {
    it('[queue/delta-fifo] drops the deletion of an unknown key', async () => {
      const { queue, drain } = make([entry('known')], '1')
      queue.apply([deleted('known', { rv: '2' }), deleted('unknown', { rv: '3' })], '3')
      expect(await drain()).toEqual(['Deleted known@2 → 3'])
    })

    it('[queue/delta-fifo] a dropped deletion still advances the version', async () => {
      const { queue, drain } = make([], '1')
      queue.apply([deleted('unknown', { rv: '3' })], '3')
      expect(await drain()).toEqual([' → 3'])
    })

    it('[queue/delta-fifo] queues the deletion of a key that only the queue knows', async () => {
      const { queue, drain } = make([], '1')
      queue.apply([added('a', { rv: '2' }), deleted('a', { rv: '3' })], '3')
      expect(await drain()).toEqual(['Added a@2, Deleted a@3 → 3'])
    })

    it('[queue/delta-fifo] collapses adjacent deletions to the first', async () => {
      const { queue, drain } = make([entry('a')], '1')
      queue.apply([deleted('a', { rv: '2' }), deleted('a', { rv: '3' })], '3')
      expect(await drain()).toEqual(['Deleted a@2 → 3'])
    })

    it('[queue/delta-fifo] collapses adjacent deletions to the one with a known final state', async () => {
      const { queue, drain } = make([entry('a')], '1')
      queue.replace([], '2')
      queue.apply([deleted('a', { rv: '3' })], '3')
      expect(await drain()).toEqual(['Deleted a@3 → 3'])
      const other = make([entry('a')], '1')
      other.queue.apply([deleted('a', { rv: '2' })], '2')
      other.queue.replace([], '3')
      expect(await other.drain()).toEqual(['Deleted a@2 → 3'])
    })

    it('[store/new-uid] keeps deletions with different uids apart as different objects', async () => {
      const { queue, drain } = make([entry('a', { uid: 'new' })], '1')
      queue.apply([deleted('a', { rv: '2', uid: 'old' })], '2')
      expect(await drain()).toEqual([' → 2'])
      queue.replace([], '3')
      queue.apply([deleted('a', { rv: '4', uid: 'old' })], '4')
      expect(await drain()).toEqual(['Deleted a@1? → 4'])
    })
  })

  describe('replacements in a DeltaFIFO', () => {
    it('[queue/delta-fifo] a replace queues the deletions of missing objects with their last known state, then Replaced for the new ones', async () => {
      const { queue, drain } = make([entry('foo', { rv: '5' }), entry('bar', { rv: '6' }), entry('baz', { rv: '7' })], '7')
      queue.apply([deleted('baz', { rv: '10' })], '10')
      queue.replace([entry('foo', { rv: '6' })], '11')
      expect(await drain()).toEqual(['Deleted baz@10 → 10', 'Deleted bar@6? → 10', 'Replaced foo@6 → 11'])
    })

    it('[queue/delta-fifo] a replace takes the last state of a missing object from the queue before the store', async () => {
      const { queue, drain } = make([entry('bar', { rv: '6' })], '7')
      queue.apply([deleted('bar', { rv: '8' }), added('bar', { rv: '9', uid: 'next' })], '9')
      queue.replace([], '10')
      expect(await drain()).toEqual(['Deleted bar@8, Added bar@9, Deleted bar@9? → 10'])
    })

    it('[queue/delta-fifo] a replace deletes an object that only the queue knows once', async () => {
      const { queue, drain } = make([], '1')
      queue.apply([added('a', { rv: '2' })], '2')
      queue.replace([entry('a', { rv: '2' })], '3')
      queue.replace([], '4')
      queue.replace([], '5')
      expect(await drain()).toEqual(['Added a@2, Replaced a@2, Deleted a@2? → 5'])
    })

    it('[queue/delta-fifo] a replace queues an object again whose deletion is still in the queue', async () => {
      const { queue, drain } = make([entry('a')], '1')
      queue.apply([deleted('a', { rv: '2' })], '2')
      queue.replace([entry('a', { rv: '3', uid: 'next' })], '3')
      expect(await drain()).toEqual(['Deleted a@2, Replaced a@3 → 3'])
    })

    it('[store/new-uid] a replace queues the deletion of an object with another uid before the new object', async () => {
      const { queue, drain } = make([entry('a')], '1')
      queue.replace([entry('a', { rv: '3', uid: 'next' })], '3')
      queue.apply([modified('a', { rv: '4', uid: 'last' })], '4')
      expect(await drain()).toEqual(['Deleted a@1?, Replaced a@3, Deleted a@3?, Updated a@4 → 4'])
    })

    it('[queue/delta-fifo] a replace treats two entries with one key as one object', async () => {
      const { queue, drain } = make()
      queue.replace([entry('a'), entry('a', { rv: '2' })], '2')
      expect(await drain()).toEqual(['Replaced a@1, Replaced a@2 → 2'])
      expect(queue.hasSynced).toBe(true)
    })
  })

  describe('resyncs in a DeltaFIFO', () => {
    it('[queue/delta-fifo] a resync queues known objects without a change', async () => {
      const { queue, store, drain } = make([entry('a'), entry('b')], '5')
      const seen: string[] = []
      store.subscribe(({ type, changes }) => void seen.push(`${type} ${changes.map((change) => change.entry.name)}`))
      queue.resync()
      expect(await drain()).toEqual(['Sync a@1 → 5', 'Sync b@1 → 5'])
      expect(seen).toEqual(['resync a', 'resync b'])
    })

    it('[queue/delta-fifo] a resync skips keys in the queue, whose changes are newer', async () => {
      const { queue, drain } = make([entry('a'), entry('b')], '5')
      queue.apply([modified('a', { rv: '6' }), deleted('b', { rv: '7' })], '7')
      queue.resync()
      expect(await drain()).toEqual(['Updated a@6 → 5', 'Deleted b@7 → 7'])
    })

    it('[queue/delta-fifo] delivers a resync of an object before its later changes', async () => {
      const { queue, store, drain } = make([entry('a')], '5')
      const seen: string[] = []
      store.subscribe(({ changes }) => void seen.push(...changes.map((change) => `${change.type} ${change.entry.resourceVersion}`)))
      queue.resync()
      queue.apply([modified('a', { rv: '6' })], '6')
      expect(await drain()).toEqual(['Sync a@1, Updated a@6 → 6'])
      expect(seen).toEqual(['resynced 1', 'updated 6'])
    })
  })

  describe('coalescing', () => {
    const coalescing = (known?: readonly Entry<KubeObject>[], resourceVersion?: string) => make(known, resourceVersion, { coalesce: true })

    it('coalescing keeps the last state of an object', async () => {
      const { queue, store, drain } = coalescing([entry('a')], '1')
      queue.apply([modified('a', { rv: '2' }), modified('a', { rv: '3' }), added('b', { rv: '4' }), modified('b', { rv: '5' })], '5')
      expect(await drain()).toEqual(['Updated a@3 → 1', 'Added b@5 → 5'])
      expect(store.size).toBe(2)
    })

    it('coalescing replaces earlier states with a deletion', async () => {
      const { queue, store, drain } = coalescing([entry('a')], '1')
      queue.apply([modified('a', { rv: '2' }), deleted('a', { rv: '3' })], '3')
      expect(await drain()).toEqual(['Deleted a@3 → 3'])
      expect(store.size).toBe(0)
    })

    it('coalescing keeps the first of several deletions, which belongs to the object in the store', async () => {
      const { queue, store, drain } = coalescing([entry('a', { uid: '1' })], '1')
      queue.apply([deleted('a', { rv: '2', uid: '1' }), added('a', { rv: '3', uid: '2' }), deleted('a', { rv: '4', uid: '2' })], '4')
      expect(await drain()).toEqual(['Deleted a@2 → 4'])
      expect(store.size).toBe(0)
    })

    it("coalescing keeps a deletion before the object's return", async () => {
      const { queue, drain } = coalescing([entry('a', { uid: '1' })], '1')
      queue.apply([deleted('a', { rv: '2', uid: '1' }), added('a', { rv: '3', uid: '2' }), modified('a', { rv: '4', uid: '2' })], '4')
      expect(await drain()).toEqual(['Deleted a@2, Added a@4 → 4'])
    })

    it('coalescing bounds the queue however often an object comes and goes', async () => {
      const { queue } = coalescing([entry('a')], '1')
      const changes = [
        modified('a', { rv: '2' }),
        deleted('a', { rv: '3' }),
        added('a', { rv: '4', uid: 'next' }),
        deleted('a', { rv: '5', uid: 'next' }),
      ]
      for (let i = 0; i < 1_000; i++) queue.apply(changes, '5')
      expect(queue.length).toBe(1)
      expect((await queue.pop(() => undefined))?.deltas).toHaveLength(1)
    })
  })

  it('coalescing uses the key function of the store', async () => {
    const keyFunc = (object: Parameters<NonNullable<DeltaFIFOOptions['keyFunc']>>[0]) =>
      ('metadata' in object ? object.metadata.uid : object.uid) ?? ''
    const queue = new DeltaFIFO(new Store<KubeObject>(keyFunc), { keyFunc })
    queue.apply([added('a', { uid: '1' }), added('a', { uid: '2' })], '2')
    expect(queue.length).toBe(2)
  })
})
