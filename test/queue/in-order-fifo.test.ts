import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../src/api/object'
import type { Entry } from '../../src/codec/entry'
import { InOrderFIFO } from '../../src/queue/in-order-fifo'
import { entry } from '../store/entries'
import { added, deleted, modified, queueContract, setUp } from './contract'

const make = (known?: readonly Entry<KubeObject>[], resourceVersion?: string) =>
  setUp((store) => new InOrderFIFO(store), known, resourceVersion)

describe('InOrderFIFO', () => {
  queueContract((known) => new InOrderFIFO(known))

  it('[queue/deltas] an InOrderFIFO delivers three changes of one key in order', async () => {
    const { queue, drain } = make([], '1')
    queue.apply([added('a', { rv: '2' }), modified('a', { rv: '3' }), deleted('a', { rv: '4' })], '4')
    expect(await drain()).toEqual(['Added a@2 → 1', 'Updated a@3 → 1', 'Deleted a@4 → 4'])
  })

  it('delivers the deletion of an unknown key', async () => {
    const { queue, drain } = make([], '1')
    queue.apply([deleted('a', { rv: '2' })], '2')
    expect(await drain()).toEqual(['Deleted a@2 → 2'])
  })

  it('[store/replace] delivers a replacement as one item, after the earlier changes', async () => {
    const { queue, store, drain } = make([entry('x')], '1')
    const seen: unknown[] = []
    queue.apply([modified('x', { rv: '2' })], '2')
    queue.replace([entry('a', { rv: '3' }), entry('b', { rv: '4' })], '9')
    queue.apply([deleted('a', { rv: '10' })], '10')
    store.subscribe(({ changes }) => void seen.push(changes.map((change) => `${change.type} ${change.entry.name} ${store.keys()}`)))
    expect(await drain()).toEqual(['Updated x@2 → 2', 'ReplacedAll a@3 b@4 → 9', 'Deleted a@10 → 10'])
    expect(seen).toEqual([['updated x n/x'], ['deleted x n/a,n/b', 'added a n/a,n/b', 'added b n/a,n/b'], ['deleted a n/b']])
  })

  it('delivers several replacements in order', async () => {
    const { queue, drain } = make()
    queue.replace([entry('a')], '10')
    queue.replace([entry('a'), entry('b')], '20')
    queue.replace([], '30')
    expect(await drain()).toEqual(['ReplacedAll a@1 → 10', 'ReplacedAll a@1 b@1 → 20', 'ReplacedAll → 30'])
  })

  it("[informer/resync-and-relist] delivers a resync as one item, with the store's state at the time of delivery", async () => {
    const { queue, store, drain } = make([entry('x')], '1')
    const seen: string[] = []
    queue.apply([added('a', { rv: '2' })], '2')
    queue.resync()
    store.subscribe(({ changes }) => void seen.push(...changes.map((change) => `${change.type} ${change.entry.name}`)))
    expect(await drain()).toEqual(['Added a@2 → 2', 'SyncAll → 2'])
    expect(seen).toEqual(['added a', 'resynced x', 'resynced a'])
  })

  it('[bounds/reached] keeps one complete state in place of more items than its bound', async () => {
    const { queue, store, drain } = setUp((known) => new InOrderFIFO(known, { maxLength: 3 }), [entry('x'), entry('y')], '1')
    const seen: string[] = []
    store.subscribe(({ changes }) => void seen.push(...changes.map((change) => `${change.type} ${change.entry.name}`)))
    for (let i = 2; i < 50; i++) queue.apply([modified('x', { rv: String(i) })], String(i))
    queue.apply([deleted('y', { rv: '50' }), added('z', { rv: '51' })], '51')
    expect(queue.length).toBeLessThanOrEqual(3)
    await drain()
    expect(store.list().map(({ name, resourceVersion }) => `${name}@${resourceVersion}`)).toEqual(['x@49', 'z@51'])
    expect(store.resourceVersion).toBe('51')
    expect(seen.filter((change) => change !== 'updated x')).toEqual(['deleted y', 'added z'])
  })

  it('[bounds/reached] counts as synced once the state that replaced the first one is processed', async () => {
    const { queue, drain } = setUp((known) => new InOrderFIFO(known, { maxLength: 1 }))
    queue.replace([entry('a')], '10')
    queue.apply([added('b', { rv: '11' })], '11')
    expect(queue.hasSynced).toBe(false)
    await drain()
    expect(queue.hasSynced).toBe(true)
  })

  it('refuses a bound below one item', () => {
    expect(() => setUp((known) => new InOrderFIFO(known, { maxLength: 0 }))).toThrow(RangeError)
  })

  it('ends a batch at a replacement or a resync', async () => {
    const { queue } = make([], '1')
    queue.apply([added('a'), added('b')], '2')
    queue.resync()
    queue.apply([added('c')], '3')
    queue.replace([], '4')
    queue.apply([added('d'), modified('d')], '5')
    const sizes: number[] = []
    while (queue.length > 0) await queue.popBatch(({ deltas }) => void sizes.push(deltas.length))
    expect(sizes).toEqual([2, 1, 1, 1, 2])
  })
})
