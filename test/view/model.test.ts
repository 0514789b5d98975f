import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Entry } from '../../src/codec/entry'
import { Store } from '../../src/store/store'
import { VirtualClock } from '../../src/testing/virtual-clock'
import type { SortValue, ViewFilter, ViewSort, ViewWindow } from '../../src/view/query'
import { createView, type ViewSnapshot } from '../../src/view/view'
import { gone, put, type Thing, thing } from './support'

// A view beside what `list().filter().sort().slice()` gives. Objects are parsed, and functions called, as often as it takes.

const throwing = (entry: Entry<Thing>): boolean => {
  if (entry.object.size === 3) throw new Error('as asked for')
  return entry.object.size !== 1
}
const size = ({ object }: Entry<Thing>): SortValue => object.size
const title = ({ object }: Entry<Thing>): SortValue => {
  if (object.size === 2) throw new Error('as asked for')
  return object.title
}
const searched = ({ object }: Entry<Thing>): string => object.title ?? ''

const named = fc
  .record({
    key: fc.constantFrom('x/a', 'x/b', 'x/c', 'y/a', 'y/b', 'y/d', 'z/e', 'z/f'),
    rv: fc.constantFrom('', '1', '2', '3'),
    uid: fc.constantFrom('1', '1', '1', '2'),
    size: fc.constantFrom(undefined, 0, 1, 2, 3),
    title: fc.constantFrom(undefined, 'a', 'Ab', 'b c'),
    labels: fc.constantFrom({}, { app: 'web' }, { app: 'db' }),
  })
  // Made anew each time: a store marks the entries it holds.
  .map(
    ({ key, ...options }): (() => Entry<Thing>) =>
      () =>
        thing(key, options),
  )

const filter: fc.Arbitrary<ViewFilter<Thing>> = fc.record(
  {
    namespace: fc.constantFrom('', 'x', 'y'),
    labelSelector: fc.constantFrom('', 'app', 'app!=web'),
    where: fc.constantFrom(throwing, (entry: Entry<Thing>) => entry.name < 'c'),
    search: fc.record({ text: fc.constantFrom('', 'A', 'b c'), in: fc.constantFrom(undefined, searched) }),
  },
  { requiredKeys: [] },
)
const column: fc.Arbitrary<ViewSort<Thing>> = fc.record({ by: fc.constantFrom(size, title), descending: fc.boolean() })
const window: fc.Arbitrary<ViewWindow> = fc.record({ offset: fc.nat(4), limit: fc.nat(5) }, { requiredKeys: [] })

const step = fc.oneof(
  fc.record({ put: fc.array(named, { maxLength: 4 }) }),
  fc.record({ gone: named }),
  fc.record({ replace: fc.array(named, { maxLength: 8 }) }),
  fc.constant('resync' as const),
  fc.record({ filter }),
  fc.record({ sort: fc.array(column, { maxLength: 2 }) }),
  fc.record({ window }),
  // Some of the work that is due: the clock below ends a slice after a few rows.
  fc.constant('frame' as const),
  fc.constant('flush' as const),
)

function expected(
  store: Store<Thing>,
  { filter, sort, window }: { filter: ViewFilter<Thing>; sort: readonly ViewSort<Thing>[]; window: ViewWindow },
): ViewSnapshot<Thing> {
  const attempt = <R>(read: () => R): R | undefined => {
    try {
      return read()
    } catch {
      return undefined
    }
  }
  const words = (filter.search?.text ?? '').toLowerCase().split(' ')
  const all = store
    .list()
    .filter((entry) => {
      const { app } = entry.object.metadata.labels ?? {}
      const haystack = [filter.search?.in?.(entry) ?? entry.key].flat().join().toLowerCase()
      return (
        (!filter.namespace || entry.namespace === filter.namespace) &&
        (!filter.labelSelector || (filter.labelSelector === 'app' ? app !== undefined : app !== 'web')) &&
        (!filter.where || attempt(() => filter.where?.(entry))) &&
        words.every((word) => haystack.includes(word))
      )
    })
    .sort((a, b) => {
      for (const { by, descending } of sort) {
        const [x, y] = [attempt(() => by(a)), attempt(() => by(b))]
        if (x === y) continue
        if (x === undefined || x === null) return 1
        if (y === undefined || y === null) return -1
        return x < y === descending ? 1 : -1
      }
      return a.key < b.key ? -1 : 1
    })
  const { offset = 0, limit = all.length } = window
  return { rows: all.slice(offset, offset + limit), offset, total: all.length }
}

it('a view shows the result of filtering, sorting and slicing the whole list, for any changes of store and query', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.boolean(), (script, slow) => {
      const clock = new VirtualClock()
      let now = 0
      if (slow) clock.now = () => (now += 3)
      const store = new Store<Thing>()
      const due: (() => void)[] = []
      const query = { filter: {}, sort: [], window: {} }
      const view = createView(store, { clock, schedule: (work) => due.push(work), onError: () => undefined })
      let told = view.snapshot
      const needless: ViewSnapshot<Thing>[] = []
      view.subscribe((snapshot) => {
        const { rows } = told
        const isSame = snapshot.rows.length === rows.length && snapshot.rows.every((entry, i) => entry === rows[i])
        if (isSame && snapshot.total === told.total && snapshot.offset === told.offset) needless.push(snapshot)
        told = snapshot
      })
      const check = () => {
        const { snapshot } = view
        // Listeners are told of each snapshot, and each shows something else than the one before.
        expect(told).toBe(snapshot)
        expect(needless).toEqual([])
        // What waits for nothing is there.
        if (due.length > 0) return
        const naive = expected(store, query)
        expect({ ...snapshot, rows: snapshot.rows.map(({ key }) => key) }).toEqual({ ...naive, rows: naive.rows.map(({ key }) => key) })
        for (const [i, entry] of naive.rows.entries()) expect(snapshot.rows[i]).toBe(entry)
      }
      for (const it of script) {
        if (it === 'resync') store.resync()
        else if (it === 'flush') {
          view.flush()
          const naive = expected(store, query)
          expect(view.snapshot.rows).toEqual(naive.rows)
          expect(view.total).toBe(naive.total)
        } else if (it === 'frame') for (const work of due.splice(0)) work()
        else if ('put' in it) store.apply(put(...it.put.map((make) => make())), '1')
        else if ('gone' in it) store.apply(gone(it.gone()), '1')
        else if ('replace' in it)
          store.replace(
            it.replace.map((make) => make()),
            '1',
          )
        else {
          Object.assign(query, it)
          view.update(it)
        }
        check()
      }
      while (due.length > 0) for (const work of due.splice(0)) work()
      check()
    }),
    { numRuns: 500 },
  )
})
