import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { type Entry, Store } from '../../src'
import { VirtualClock } from '../../src/testing'
import { createView } from '../../src/view/view'
import { gone, names, put, type Thing, thing } from './support'

function setUp(...entries: Entry<Thing>[]) {
  const clock = new VirtualClock()
  const store = new Store<Thing>()
  let listeners = 0
  const source = {
    list: store.list,
    keyOf: (entry: Entry<Thing>) => store.keyOf(entry),
    subscribe: (listener: Parameters<typeof store.subscribe>[0]) => {
      const stop = store.subscribe(listener)
      listeners++
      return () => {
        listeners--
        stop()
      }
    },
  }
  store.replace(entries, '1')
  const view = createView(source, { follow: 'whileHeard', clock })
  return { clock, store, view, listeners: () => listeners }
}

describe('a view that follows its source while it has a listener', () => {
  it('shows the present rows without a listener, and leaves neither listener nor timer behind', () => {
    const { clock, store, view, listeners } = setUp(thing('a'))
    expect(names(view.snapshot.rows)).toBe('a')
    store.apply(put(thing('b')), '2')
    expect(names(view.snapshot.rows)).toBe('a b')
    expect([listeners(), clock.pending]).toEqual([0, 0])
  })

  it('returns the same snapshot until the source changes', () => {
    const { store, view } = setUp(thing('a'))
    const before = view.snapshot
    expect(view.snapshot).toBe(before)
    store.apply([], '2')
    expect(view.snapshot).toBe(before)
  })

  it('subscribes to its source with the first listener and leaves with the last, however often a listener leaves', () => {
    const { view, listeners } = setUp()
    const ends = [view.subscribe(() => {}), view.subscribe(() => {})]
    expect(listeners()).toBe(1)
    ends[0]?.()
    ends[0]?.()
    expect(listeners()).toBe(1)
    ends[1]?.()
    expect(listeners()).toBe(0)
  })

  it('calls listeners once for the changes of a frame', async () => {
    const { clock, store, view } = setUp(thing('a'))
    const calls: string[] = []
    view.subscribe(({ rows }) => calls.push(names(rows)))
    store.apply(put(thing('b')), '2')
    store.apply(put(thing('c')), '3')
    await clock.advance(16)
    expect(calls).toEqual(['a b c'])
  })

  it('is right at the first read after an absence, including changes that waited for a frame when the last listener left', () => {
    const { store, view } = setUp(thing('a'))
    const leave = view.subscribe(() => {})
    store.apply(put(thing('b')), '2')
    leave()
    expect(names(view.snapshot.rows)).toBe('a b')
    store.apply(gone(thing('a')), '3')
    view.subscribe(() => {})
    expect(names(view.snapshot.rows)).toBe('b')
  })

  it('does nothing in a timer after its last listener has left', async () => {
    const { clock, store, view } = setUp(thing('a'))
    const heard = vi.fn()
    const leave = view.subscribe(heard)
    store.apply(put(thing('b')), '2')
    leave()
    await clock.advance(1000)
    expect(heard).not.toHaveBeenCalled()
  })

  it('follows an update of its query without a listener', () => {
    const { store, view } = setUp(thing('a'), thing('b'))
    view.update({ filter: { search: { text: 'b' } } })
    expect(names(view.snapshot.rows)).toBe('b')
    store.apply(put(thing('bb')), '2')
    view.update({ window: { limit: 1 } })
    expect([names(view.snapshot.rows), view.total]).toEqual(['b', 2])
  })

  it('refuses a listener that is not a function, and does not follow then', () => {
    const { view, listeners } = setUp()
    expect(() => view.subscribe(undefined as never)).toThrow(TypeError)
    expect(listeners()).toBe(0)
  })

  it('equals a view that always follows, for any history of changes, listeners and frames', async () => {
    const step = fc.oneof(
      fc.record({ type: fc.constant('put' as const), key: fc.constantFrom('a', 'b', 'c', 'd'), rv: fc.integer({ min: 2, max: 9 }) }),
      fc.record({ type: fc.constant('gone' as const), key: fc.constantFrom('a', 'b', 'c', 'd') }),
      fc.record({ type: fc.constantFrom('listen' as const, 'leave' as const, 'frame' as const, 'read' as const) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { clock, store, view } = setUp(thing('a'))
        const ends: (() => void)[] = []
        for (const each of steps) {
          if (each.type === 'put') store.apply(put(thing(each.key, { rv: String(each.rv) })), '2')
          else if (each.type === 'gone') store.apply(gone(thing(each.key)), '2')
          else if (each.type === 'listen') ends.push(view.subscribe(() => {}))
          else if (each.type === 'leave') ends.pop()?.()
          else if (each.type === 'frame') await clock.advance(16)
          else void view.snapshot
        }
        await clock.advance(100)
        const expected = createView(store, { clock: new VirtualClock() })
        expected.flush()
        expect(view.snapshot.rows).toEqual(expected.snapshot.rows)
        expected.close()
        for (const end of ends) end()
      }),
    )
  })
})
