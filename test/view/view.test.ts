import { afterEach, describe, expect, it, vi } from 'vitest'
import { isKubeError, isParseError } from '../../src/api/errors'
import { isSelectorError } from '../../src/api/selectors'
import type { Entry } from '../../src/codec/entry'
import { Store } from '../../src/store/store'
import { VirtualClock } from '../../src/testing/virtual-clock'
import { createView, type ViewOptions } from '../../src/view/view'
import { broken, gone, names, put, type Thing, thing } from './support'

const size = (entry: Entry<Thing>) => entry.object.size
const title = (entry: Entry<Thing>) => entry.object.title

/** A store of these entries, and a view that is brought up to date by `frame()`. */
function viewOf(entries: Entry<Thing>[], options: ViewOptions<Thing> = {}) {
  const store = new Store<Thing>()
  store.replace(entries, '1')
  const due: (() => void)[] = []
  const errors: unknown[] = []
  const view = createView(store, {
    clock: new VirtualClock(),
    schedule: (work) => due.push(work),
    onError: (error) => errors.push(error),
    ...options,
  })
  const frame = () => {
    for (const work of due.splice(0)) work()
    return names(view.snapshot.rows)
  }
  return { store, view, due, errors, frame }
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('a view', () => {
  it('a view shows the content of the store at once, in the order of the keys', () => {
    const { view } = viewOf([thing('b'), thing('a'), thing('m/z')])
    expect(view.snapshot.rows.map(({ key }) => key)).toEqual(['m/z', 'n/a', 'n/b'])
    expect(view.snapshot).toMatchObject({ offset: 0, total: 3 })
    expect(view.total).toBe(3)
  })

  it('a view shows the store of an informer', () => {
    const store = new Store<Thing>()
    store.add(thing('a'))
    expect(createView({ store }, { clock: new VirtualClock() }).total).toBe(1)
  })

  it('a view follows additions, changes and deletions', () => {
    const { store, frame } = viewOf([thing('a'), thing('c')])
    store.apply([...put(thing('b'), thing('a', { rv: '2' })), ...gone(thing('c'))], '2')
    expect(frame()).toBe('a b')
  })

  it('a view follows a new list', () => {
    const { store, view, frame } = viewOf([thing('a'), thing('b'), thing('c')])
    const [a] = view.snapshot.rows
    store.replace([thing('a'), thing('b', { rv: '2' }), thing('d')], '2')
    expect(frame()).toBe('a b d')
    expect(view.snapshot.rows[0]).toBe(a)
  })

  it('a view replaces a deleted object with another one of the same name', () => {
    const { store, view, frame } = viewOf([thing('a')])
    store.apply(put(thing('a', { rv: '2', uid: 'other' })), '2')
    frame()
    expect(view.snapshot.rows.map(({ uid }) => uid)).toEqual(['other'])
  })

  it('a view identifies objects by the keys of the store', () => {
    const store = new Store<Thing>((object) => ('metadata' in object ? object.metadata.uid : object.uid) ?? '')
    store.replace([thing('a', { uid: '2' }), thing('a', { uid: '1' })], '1')
    const view = createView(store, { clock: new VirtualClock() })
    expect(view.snapshot.rows.map(({ uid }) => uid)).toEqual(['1', '2'])
    store.delete({ name: 'a', uid: '2' })
    view.flush()
    expect(view.snapshot.rows.map(({ uid }) => uid)).toEqual(['1'])
  })

  it('a view created during a notification of the store misses nothing and shows nothing twice', () => {
    const store = new Store<Thing>()
    let view: ReturnType<typeof createView<Thing>> | undefined
    store.subscribe(() => {
      if (view) return
      store.apply(put(thing('a', { rv: '2' }), thing('b')), '2')
      view = createView(store, { clock: new VirtualClock() })
    })
    store.apply(put(thing('a')), '1')
    view?.flush()
    expect(view?.snapshot.rows).toEqual(store.list())
  })
})

describe('snapshots', () => {
  it('a snapshot stays the same object until a visible row changes', () => {
    const { store, view, frame } = viewOf([thing('a'), thing('b'), thing('c')], { window: { limit: 2 } })
    const { snapshot } = view
    store.bookmark('5')
    store.resync()
    store.replace(store.list(), '6')
    store.apply(put(thing('c', { rv: '2' })), '7')
    frame()
    expect(view.snapshot).toBe(snapshot)
    store.apply(put(thing('d')), '8')
    frame()
    expect(view.snapshot).not.toBe(snapshot)
    expect(view.snapshot).toMatchObject({ total: 4, rows: snapshot.rows })
  })

  it('a snapshot is immutable: a change creates another one', () => {
    const { store, view, frame } = viewOf([thing('a'), thing('b')])
    const { snapshot } = view
    store.apply([...put(thing('c')), ...gone(thing('a'))], '2')
    expect(frame()).toBe('b c')
    expect(names(snapshot.rows)).toBe('a b')
  })

  it('a snapshot’s rows are the entries of the store, and a row is replaced only with its version', () => {
    const { store, view, frame } = viewOf([thing('a'), thing('b')])
    const [a, b] = view.snapshot.rows
    store.apply(put(thing('a'), thing('b', { rv: '2' }), thing('c')), '2')
    frame()
    expect(view.snapshot.rows[0]).toBe(a)
    expect(view.snapshot.rows[1]).not.toBe(b)
    expect(view.snapshot.rows[1]).toBe(store.get('n/b'))
  })
})

describe('listeners', () => {
  it('calls listeners once for all changes until the next update, and not without a visible change', () => {
    const { store, view, due, frame } = viewOf([thing('a')], { window: { limit: 1 } })
    const told: string[] = []
    view.subscribe(({ rows, total }) => told.push(`${names(rows)} of ${total}`))
    for (const name of ['b', 'c', 'd']) store.apply(put(thing(name)), '2')
    expect(due).toHaveLength(1)
    expect(told).toEqual([])
    frame()
    expect(told).toEqual(['a of 4'])
    store.apply(put(thing('d', { rv: '2' })), '3')
    frame()
    expect(told).toEqual(['a of 4'])
  })

  it('calls listeners about a frame after the first change by default', async () => {
    const clock = new VirtualClock()
    const store = new Store<Thing>()
    const view = createView(store, { clock })
    const told = vi.fn()
    view.subscribe(told)
    store.add(thing('a'))
    await clock.advance(15)
    expect(told).not.toHaveBeenCalled()
    await clock.advance(1)
    expect(told).toHaveBeenCalledExactlyOnceWith(view.snapshot)
    expect(clock.pending).toBe(0)
  })

  it('does not call listeners for an object that came and went in between', () => {
    const { store, view, frame } = viewOf([thing('a')])
    const told = vi.fn()
    view.subscribe(told)
    store.add(thing('b'))
    store.delete(thing('b'))
    frame()
    expect(told).not.toHaveBeenCalled()
  })

  it('subscribe returns an unsubscribe function and is bound, as useSyncExternalStore expects', () => {
    const { store, view, frame } = viewOf([])
    const { subscribe } = view
    const told = vi.fn()
    const leave = subscribe(told)
    leave()
    store.add(thing('a'))
    frame()
    expect(told).not.toHaveBeenCalled()
  })
})

describe('the filter', () => {
  const shop = () => [
    thing('shop/a', { labels: { app: 'web' }, size: 1, title: 'Red Shoes' }),
    thing('shop/b', { labels: { app: 'db' }, size: 2, title: 'Blue shoes' }),
    thing('bank/c', { labels: { app: 'web' }, size: 3, title: 'Red tape' }),
    thing('bank/d', { size: 4 }),
  ]

  it.each([
    ['a namespace', { namespace: 'shop' }, 'a b'],
    ['an empty namespace: all', { namespace: '' }, 'c d a b'],
    ['labels', { labelSelector: 'app=web' }, 'c a'],
    ['labels that are not there', { labelSelector: '!app' }, 'd'],
    ['a predicate', { where: (entry: Entry<Thing>) => (size(entry) ?? 0) > 2 }, 'c d'],
    ['words in the key, in capitals or not', { search: { text: 'SHOP' } }, 'a b'],
    [
      'words in what is named, each of them somewhere',
      { search: { text: ' shoes  red ', in: (it: Entry<Thing>) => title(it) ?? '' } },
      'a',
    ],
    ['words in one of several fields', { search: { text: 'bank red', in: (it: Entry<Thing>) => [it.key, title(it) ?? ''] } }, 'c'],
    ['no word at all: all', { search: { text: ' ' } }, 'c d a b'],
    ['all of it together', { namespace: 'shop', labelSelector: 'app', where: () => true, search: { text: 'a' } }, 'a'],
  ])('filters by %s', (_, filter, expected) => {
    const { view } = viewOf(shop(), { filter })
    expect(names(view.snapshot.rows)).toBe(expected)
    expect(view.total).toBe(expected.split(' ').length)
  })

  it('a text search does not match across two fields', () => {
    const { view } = viewOf([thing('a')], { filter: { search: { text: 'ab', in: () => ['a', 'b'] } } })
    expect(view.total).toBe(0)
  })

  it('a filter lets objects in and out as they change', () => {
    const { store, frame } = viewOf(shop(), { filter: { labelSelector: 'app=web' } })
    store.apply(put(thing('shop/a', { rv: '2', labels: { app: 'db' } }), thing('shop/b', { rv: '2', labels: { app: 'web' } })), '2')
    expect(frame()).toBe('c b')
  })

  it('refuses an invalid selector and keeps its state', () => {
    const thrown = (work: () => unknown) => {
      try {
        work()
      } catch (error) {
        return error
      }
      return undefined
    }
    expect(isSelectorError(thrown(() => viewOf([], { filter: { labelSelector: 'app=(' } })))).toBe(true)
    const { view } = viewOf(shop(), { filter: { namespace: 'shop' } })
    expect(isSelectorError(thrown(() => view.update({ filter: { labelSelector: 'app=(' } })))).toBe(true)
    expect(names(view.snapshot.rows)).toBe('a b')
  })
})

describe('the order', () => {
  const things = () => [
    thing('a', { size: 2, title: 'ä' }),
    thing('b', { size: 10, title: 'z' }),
    thing('c', { size: 2, title: 'a10' }),
    thing('d', { title: 'a9' }),
    thing('e', { size: 1 }),
  ]

  it.each([
    ['numbers as numbers, what has none last', { by: size }, 'e a c b d'],
    ['downwards, what has none still last, and equal ones by their keys', { by: size, descending: true }, 'b a c e d'],
    ['strings by their code units', { by: title }, 'c d b a e'],
    ['one key after the other', [{ by: size }, { by: title }], 'e c a b d'],
    ['false before true', { by: (it: Entry<Thing>) => it.name < 'c' }, 'c d e a b'],
    [
      'null and NaN as no value',
      { by: (it: Entry<Thing>) => (it.name === 'a' ? null : it.name === 'b' ? Number.NaN : it.name) },
      'c d e a b',
    ],
    ['values of several types by type', { by: (it: Entry<Thing>) => ({ a: 'x', b: 1, c: true })[it.name] ?? 2 }, 'c b d e a'],
    ['nothing: by key', [], 'a b c d e'],
  ])('sorts %s', (_, sort, expected) => {
    expect(names(viewOf(things(), { sort }).view.snapshot.rows)).toBe(expected)
  })

  it('sorts strings with a collator', () => {
    const collator = new Intl.Collator('de', { numeric: true })
    expect(names(viewOf(things(), { sort: { by: title }, collator }).view.snapshot.rows)).toBe('a d c b e')
  })

  it('moves a row when its sort key changes', () => {
    const { store, frame } = viewOf(things(), { sort: { by: size } })
    store.apply(put(thing('b', { rv: '2', size: 0 }), thing('e', { rv: '2' })), '2')
    expect(frame()).toBe('b a c d e')
  })
})

describe('the window', () => {
  const things = () => ['a', 'b', 'c', 'd', 'e'].map((name) => thing(name))

  it.each([
    [{ limit: 2 }, 'a b'],
    [{ offset: 3 }, 'd e'],
    [{ offset: 1, limit: 2 }, 'b c'],
    [{ offset: 4, limit: 9 }, 'e'],
    [{ offset: 9, limit: 9 }, ''],
    [{ limit: 0 }, ''],
    [{ limit: Number.POSITIVE_INFINITY }, 'a b c d e'],
  ])('the window %o shows %j of five', (window, expected) => {
    const { view } = viewOf(things(), { window })
    expect(names(view.snapshot.rows)).toBe(expected)
    expect(view.snapshot).toMatchObject({ offset: 'offset' in window ? window.offset : 0, total: 5 })
  })

  it('the window follows additions and deletions before it', () => {
    const { store, frame } = viewOf(things(), { window: { offset: 1, limit: 2 } })
    store.apply(gone(thing('a')), '2')
    expect(frame()).toBe('c d')
    store.apply(put(thing('0'), thing('1')), '3')
    expect(frame()).toBe('1 b')
  })

  it.each([
    [{ offset: -1 }, 'offset, not -1'],
    [{ offset: Number.POSITIVE_INFINITY }, 'offset, not Infinity'],
    [{ limit: 1.5 }, 'limit, not 1.5'],
    [{ limit: Number.NaN }, 'limit, not NaN'],
  ])('refuses the window %o', (window, message) => {
    expect(() => viewOf([], { window })).toThrow(message)
    const { view } = viewOf(things())
    expect(() => view.update({ window, filter: { namespace: 'none' } })).toThrow(RangeError)
    expect(view.total).toBe(5)
  })
})

describe('update', () => {
  const things = () => [thing('x/a', { size: 1 }), thing('x/b', { size: 2 }), thing('y/c', { size: 3 })]

  it('update changes filter, order and window at once, and notifies listeners', () => {
    const { view } = viewOf(things())
    const told: string[] = []
    view.subscribe(({ rows }) => told.push(names(rows)))
    view.update({ filter: { namespace: 'x' } })
    view.update({ sort: { by: size, descending: true } })
    view.update({ window: { offset: 1, limit: 1 } })
    view.update({ filter: {}, sort: [], window: {} })
    expect(told).toEqual(['a b', 'b a', 'a', 'a b c'])
  })

  it('update keeps what it does not name', () => {
    const { view } = viewOf(things(), { filter: { namespace: 'x' }, sort: { by: size, descending: true }, window: { limit: 1 } })
    view.update({})
    view.update({ filter: undefined, sort: undefined, window: undefined })
    expect(view.snapshot).toMatchObject({ total: 2, rows: [{ name: 'b' }] })
  })

  it('update returns the same snapshot when nothing changes', () => {
    const { view } = viewOf(things(), { filter: { labelSelector: '' }, sort: { by: size } })
    const { snapshot } = view
    view.update({ filter: { search: { text: ' ' } }, sort: [{ by: size, descending: false }], window: { offset: 0 } })
    expect(view.snapshot).toBe(snapshot)
  })

  it('update also shows changes of the store', () => {
    const { store, view, frame } = viewOf(things())
    store.add(thing('x/0'))
    view.update({ filter: { namespace: 'x' } })
    expect(names(view.snapshot.rows)).toBe('0 a b')
    expect(frame()).toBe('0 a b')
  })

  it('update can be called from a listener', () => {
    const { view } = viewOf(things())
    const told: string[] = []
    view.subscribe(({ rows, total }) => {
      told.push(`${names(rows)} of ${total}`)
      if (rows.length > 1) view.update({ window: { limit: 1 } })
    })
    view.update({ filter: { namespace: 'x' } })
    expect(told).toEqual(['a b of 2', 'a of 2'])
  })
})

describe('what throws', () => {
  const fussy = (entry: Entry<Thing>) => {
    if (entry.name === 'b') throw new Error('as asked for')
    return entry.name
  }

  it('a filter that throws leaves the entry out, and is reported once for each version of it', () => {
    const { store, view, errors, frame } = viewOf([thing('a'), thing('b')], { filter: { where: (entry) => fussy(entry) !== '' } })
    expect(names(view.snapshot.rows)).toBe('a')
    view.update({ sort: { by: size } })
    store.apply(put(thing('c')), '2')
    expect(frame()).toBe('a c')
    expect(errors).toHaveLength(1)
    const [error] = errors as Error[]
    expect(isKubeError(error)).toBe(true)
    expect(error?.message).toBe("a view's filter.where threw for n/b, which is left out")
    expect(error?.cause).toEqual(new Error('as asked for'))
    store.apply(put(thing('b', { rv: '2' })), '3')
    frame()
    expect(errors).toHaveLength(2)
  })

  it('a searched field that throws matches nothing', () => {
    const { view, errors } = viewOf([thing('a'), thing('b')], { filter: { search: { text: 'a', in: fussy } } })
    expect(names(view.snapshot.rows)).toBe('a')
    expect(String(errors)).toContain("a view's filter.search.in threw for n/b, which is left out")
  })

  it('a sort key that throws puts the entry last', () => {
    const { view, errors } = viewOf([thing('c'), thing('b'), thing('a')], { sort: { by: fussy, descending: true } })
    expect(names(view.snapshot.rows)).toBe('c a b')
    expect(String(errors)).toContain("a view's sort.by threw for n/b, which comes last")
  })

  it('reports a sort key whose values cannot be compared', () => {
    const by = (entry: Entry<Thing>) => entry.object.metadata as unknown as string
    const { view, errors } = viewOf([thing('a')], { sort: { by } })
    expect(view.total).toBe(1)
    expect(String((errors[0] as Error).cause)).toMatch(/TypeError: entries are sorted by strings, numbers and booleans, not by {"name":"a"/)
  })

  it('an error in the report itself goes to the runtime', () => {
    const report = vi.spyOn(console, 'error').mockReturnValue()
    const mistake = new Error('a mistake in the report')
    const onError = () => {
      throw mistake
    }
    expect(viewOf([thing('b'), thing('c')], { sort: { by: fussy }, onError }).view.total).toBe(2)
    expect(report.mock.calls).toEqual([[mistake]])
  })

  it.each<[string, ViewOptions<Thing>]>([
    ['labels', { filter: { labelSelector: '!app' } }],
    ['predicate', { filter: { where: (entry) => size(entry) === undefined } }],
    ['sort key', { sort: { by: size } }],
  ])('[wire/malformed] a text that is not JSON makes store and view drop the entry when it is read for a %s', (_, options) => {
    const { store, view, errors } = viewOf([thing('a'), broken('b')], options)
    expect(names(view.snapshot.rows)).toBe('a')
    expect(store.keys()).toEqual(['n/a'])
    expect(errors.map((error) => isParseError((error as Error).cause))).toEqual([true])
  })
})

describe('a view that was closed', () => {
  it('a closed view stops following its store, keeps its snapshot and refuses updates', () => {
    const { store, view, due, frame } = viewOf([thing('a')])
    const told = vi.fn()
    view.subscribe(told)
    store.add(thing('b'))
    view[Symbol.dispose]()
    frame()
    view.flush()
    store.add(thing('c'))
    expect(due).toEqual([])
    expect(told).not.toHaveBeenCalled()
    expect(names(view.snapshot.rows)).toBe('a')
    expect(() => view.update({ window: {} })).toThrow(
      'the view was closed and no longer follows its store: make another one with createView',
    )
  })
})

describe('long work', () => {
  // Every look at this clock takes a millisecond: a slice of 8 ms has about 8 rows.
  const slowClock = () => {
    const clock = new VirtualClock()
    let now = 0
    vi.spyOn(clock, 'now').mockImplementation(() => now++)
    return clock
  }
  const many = (count: number, rv = '1') =>
    Array.from({ length: count }, (_, i) => thing(`t${String(i).padStart(3, '0')}`, { size: -i, rv }))

  it('long work runs in slices, and a view that grows from nothing shows rows as they arrive', () => {
    const { view, frame, due } = viewOf(many(40), { clock: slowClock() })
    const totals = [view.total]
    while (due.length > 0) {
      frame()
      totals.push(view.total)
    }
    expect(totals.length).toBeGreaterThan(4)
    expect(totals).toEqual([...totals].sort((a, b) => a - b))
    expect(totals.at(-1)).toBe(40)
  })

  it('long work keeps the previous snapshot until it is done', () => {
    const { store, view, frame, due } = viewOf(many(40), { clock: slowClock(), window: { limit: 1 } })
    view.flush()
    const shown = new Set([view.snapshot])
    view.subscribe((snapshot) => shown.add(snapshot))
    const until = () => {
      while (due.length > 0) frame()
      return [...shown].map(({ rows: [first], total }) => `${first?.name}@${first?.resourceVersion} of ${total}`)
    }
    view.update({ sort: { by: size } })
    expect(until()).toEqual(['t000@1 of 40', 't039@1 of 40'])
    view.update({ filter: { where: (entry) => (size(entry) ?? 0) > -10 } })
    expect(until().slice(2)).toEqual(['t009@1 of 10'])
    store.replace(many(30, '2').slice(5), '2')
    expect(until().slice(3)).toEqual(['t009@2 of 5'])
  })

  it('long work shows a state that the store had, and applies later changes afterwards', () => {
    const { store, view, frame, due } = viewOf(many(40), { clock: slowClock() })
    view.flush()
    store.replace(many(40, '2'), '2')
    frame()
    store.apply(put(thing('t000', { rv: '3' }), thing('t039', { rv: '3' })), '3')
    const shown: string[] = []
    view.subscribe(({ rows }) => shown.push([...new Set(rows.map(({ resourceVersion }) => resourceVersion))].join()))
    while (due.length > 0) frame()
    expect(shown).toEqual(['2', '3,2'])
  })

  it('long work continues when the query changes, and ends with the last query', () => {
    const { view, frame, due } = viewOf(many(60), { clock: slowClock() })
    const asked = vi.fn(size)
    frame()
    view.update({ sort: { by: asked, descending: true } })
    frame()
    view.update({ filter: { where: (entry) => entry.name > 't030' } })
    frame()
    view.update({ window: { limit: 2 } })
    while (due.length > 0) frame()
    expect(names(view.snapshot.rows)).toBe('t031 t032')
    expect(view.total).toBe(29)
    expect(asked.mock.calls.length).toBeLessThanOrEqual(60)
  })

  it('flush completes long work at once', () => {
    const { store, view } = viewOf(many(40), { clock: slowClock() })
    view.flush()
    expect(view.total).toBe(40)
    store.add(thing('a'))
    view.flush()
    expect(view.total).toBe(41)
  })
})
