import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createView, type Entry, fieldIndex, Indexer, indexed, metaNamespaceKey } from '../../src'
import { VirtualClock } from '../../src/testing/virtual-clock'
import { gone, names, put, type Thing, thing } from '../view/support'

const setUp = () => new Indexer<Thing, 'title'>(metaNamespaceKey, { title: fieldIndex(['title']) })

describe('indexed', () => {
  it('indexed lists the entries with the value, as the same array until one of them changes', () => {
    const indexer = setUp()
    indexer.apply(put(thing('a', { title: 'x' }), thing('b', { title: 'y' })), '1')
    const source = indexed(indexer, 'title', 'x')
    const before = source.list()
    expect(names(before)).toBe('a')
    indexer.apply(put(thing('b', { title: 'y', rv: '2' })), '2')
    expect(source.list()).toBe(before)
    indexer.apply(put(thing('b', { title: 'x', rv: '3' })), '3')
    expect(names(source.list())).toBe('a b')
  })

  it('indexed reports an object that gains or loses the value as added or deleted, and no other object', () => {
    const indexer = setUp()
    indexer.apply(put(thing('a', { title: 'x' }), thing('b', { title: 'y' })), '1')
    const calls: string[] = []
    indexed(indexer, 'title', 'x').subscribe(({ changes }) => calls.push(changes.map(({ type, entry }) => `${type} ${entry.name}`).join()))
    indexer.apply(put(thing('b', { title: 'x', rv: '2' })), '2')
    indexer.apply(put(thing('a', { title: 'x', rv: '3' })), '3')
    indexer.apply(put(thing('a', { title: 'y', rv: '4' })), '4')
    indexer.apply(put(thing('a', { title: 'y', rv: '5' })), '5')
    indexer.apply(gone(thing('b', { title: 'x', rv: '6' })), '6')
    expect(calls).toEqual(['added b', 'updated a', 'deleted a', 'deleted b'])
  })

  it('indexed throws for an index that the indexer lacks, with the names it has', () => {
    expect(() => indexed(setUp(), 'node' as never, 'n1').list()).toThrow(/there is no index 'node', only 'namespace', 'title'/)
  })

  it('indexed is a source of views that equals a scan, for any history', () => {
    const change = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd'),
      title: fc.constantFrom('x', 'y', undefined),
      uid: fc.constantFrom('1', '2'),
      isGone: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 4 }), { maxLength: 20 }), (steps) => {
        const indexer = setUp()
        const view = createView(indexed(indexer, 'title', 'x'), { clock: new VirtualClock(), schedule: () => {} })
        let version = 1
        for (const step of steps) {
          const events = step.map(({ key, title, uid, isGone }) => {
            const entry = thing(key, { title, uid, rv: String(version++) })
            return { type: isGone ? ('DELETED' as const) : ('MODIFIED' as const), entry }
          })
          indexer.apply(events, String(version))
          view.flush()
          const scan = indexer.list().filter((entry: Entry<Thing>) => entry.object.title === 'x')
          expect(names(view.snapshot.rows)).toBe(names([...scan].sort((a, b) => (a.key < b.key ? -1 : 1))))
        }
      }),
    )
  })
})
