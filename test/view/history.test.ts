import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { entryFromObject, field } from '../../src'
import { createHistory, type HistoryOptions } from '../../src/live'
import { Store } from '../../src/store/store'
import { VirtualClock } from '../../src/testing/virtual-clock'
import { createView } from '../../src/view/view'
import { gone, names, put, type Thing, thing } from './support'

const versions = (entries: readonly { key: string; resourceVersion: string }[]): string =>
  entries
    .map(({ key, resourceVersion }) => `${key}@${resourceVersion}`)
    .sort()
    .join(' ')

function startHistory(options: HistoryOptions = {}) {
  const store = new Store<Thing>()
  const clock = new VirtualClock()
  store.replace([thing('a'), thing('b')], '10')
  const history = createHistory(store, { clock, ...options })
  return { store, clock, history }
}

describe('createHistory', () => {
  it('has a step for each change of the server, and one for a whole list', () => {
    const { store, clock, history } = startHistory()
    const start = clock.now()
    store.apply([...put(thing('a', { rv: '11' }), thing('c', { rv: '12' })), ...gone(thing('b', { rv: '13' }))], '13')
    store.bookmark('14')
    store.resync()
    store.replace([thing('a', { rv: '15' }), thing('d', { rv: '12' })], '16')
    const shown = history.steps().map(({ position, time, type, resourceVersion, changes }) => {
      const texts = changes.map(({ key, previous, entry }) => `${key} ${previous?.resourceVersion} → ${entry?.resourceVersion}`)
      return [position, time - start, type, resourceVersion, texts.join(', ')]
    })
    expect(shown).toEqual([
      [1, 0, 'apply', '11', 'n/a 1 → 11'],
      [2, 0, 'apply', '12', 'n/c undefined → 12'],
      [3, 0, 'apply', '13', 'n/b 1 → undefined'],
      [4, 0, 'replace', '16', 'n/c 12 → undefined, n/a 11 → 15, n/d undefined → 12'],
    ])
    expect(history.snapshot).toEqual({ first: 0, last: 4 })
  })

  it('shows a new object under an old key as one step', () => {
    const { store, history } = startHistory()
    store.apply(put(thing('a', { rv: '11', uid: 'another' })), '11')
    expect(history.steps().map(({ changes }) => changes.map(({ previous, entry }) => [previous?.uid, entry?.uid]))).toEqual([
      [
        ['uid-a', undefined],
        [undefined, 'another'],
      ],
    ])
    expect(versions(history.at(0).list())).toBe('n/a@1 n/b@1')
  })

  it('is the source of a view that goes back and forth, with the entries that the store had', () => {
    const { store, history } = startHistory()
    const [a] = store.list()
    store.apply([...put(thing('a', { rv: '11', size: 3 }), thing('c', { rv: '12', size: 1 })), ...gone(thing('b', { rv: '13' }))], '13')
    const past = history.at(0)
    using view = createView(past, { clock: new VirtualClock(), sort: { by: field('size') } })
    view.flush()
    const seen = [names(view.snapshot.rows)]
    expect(view.snapshot.rows[0]).toBe(a)
    for (const position of [2, 3, 1, 0, 3]) {
      past.moveTo(position)
      view.flush()
      seen.push(`${past.position}: ${names(view.snapshot.rows)}`)
    }
    expect(seen).toEqual(['a b', '2: c a b', '3: c a', '1: a b', '0: a b', '3: c a'])
  })

  it('keeps a state that was given out when the store goes on and the history drops its steps', () => {
    const { store, history } = startHistory({ maxChanges: 3 })
    store.apply(put(thing('a', { rv: '11' })), '11')
    const past = history.at(1)
    for (let rv = 12; rv < 20; rv++) store.apply(put(thing(rv % 2 ? 'a' : 'c', { rv: String(rv) })), String(rv))
    expect([past.position, versions(past.list())]).toEqual([1, 'n/a@11 n/b@1'])
    expect(history.snapshot).toEqual({ first: 6, last: 9 })
    expect(() => past.moveTo(5)).toThrow(new RangeError('the history has the positions 6 to 9, got 5'))
    past.moveTo(8)
    expect(versions(past.list())).toBe('n/a@17 n/b@1 n/c@18')
  })

  it('drops its oldest steps beyond the bounds, and begins again after a step that exceeds them alone', () => {
    const { store, history } = startHistory({ maxChanges: 4, maxCharacters: 1_000 })
    store.apply(put(thing('a', { rv: '11', title: 'x'.repeat(900) })), '11')
    expect(history.characters).toBe(thing('a').text.length)
    store.apply(put(thing('a', { rv: '12' })), '12')
    expect(history.snapshot).toEqual({ first: 1, last: 2 })
    store.apply(put(thing('a', { rv: '13' }), thing('b', { rv: '14' }), thing('c', { rv: '15' })), '15')
    expect(history.snapshot).toEqual({ first: 2, last: 5 })
    store.replace(
      ['a', 'b', 'c', 'd', 'e'].map((key) => thing(key, { rv: '20' })),
      '20',
    )
    expect([history.snapshot, history.steps(), history.characters]).toEqual([{ first: 6, last: 6 }, [], 0])
    expect(versions(history.at(6).list())).toBe(versions(store.list()))
  })

  it('notifies once for each step of the store, and not after it is closed', () => {
    const { store, history } = startHistory()
    const seen: unknown[] = []
    history.subscribe((range) => seen.push(range))
    store.apply(put(thing('a', { rv: '11' }), thing('b', { rv: '12' })), '12')
    history.close()
    store.apply(put(thing('a', { rv: '13' })), '13')
    expect(seen).toEqual([{ first: 0, last: 2 }])
    expect(versions(history.at(1).list())).toBe('n/a@11 n/b@1')
  })

  it('names what is wrong with its arguments', () => {
    expect(() => createHistory({} as never)).toThrow('createHistory: the source is a store or an informer, got object')
    expect(() => createHistory(new Store(), { maxChanges: 0 })).toThrow('createHistory: maxChanges is a positive number, got 0')
    const { history } = startHistory()
    for (const position of [-1, 1, 0.5]) expect(() => history.at(position)).toThrow(RangeError)
  })

  it('equals the states that the store had, after any history', () => {
    const entry = fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), uid: fc.constantFrom('1', '1', '2'), size: fc.nat(9) }).map(
      ({ key, uid, size }) =>
        (rv: string) =>
          entryFromObject<Thing>({ ...thing(key, { rv, uid, size }).object }),
    )
    const step = fc.oneof(
      fc.record({ put: entry }),
      fc.record({ gone: entry }),
      fc.record({ replace: fc.uniqueArray(entry, { maxLength: 4, selector: (make) => make('1').key }) }),
    )
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 30 }),
        fc.array(fc.nat(30), { maxLength: 10 }),
        fc.integer({ min: 5, max: 40 }),
        (steps, visits, maxChanges) => {
          const store = new Store<Thing>()
          const history = createHistory(store, { maxChanges })
          const states = new Map([[0, versions([])]])
          steps.forEach((each, i) => {
            const rv = String(i + 1)
            if ('put' in each) store.apply(put(each.put(rv)), rv)
            else if ('gone' in each) store.apply(gone(each.gone(rv)), rv)
            else
              store.replace(
                each.replace.map((make) => make(rv)),
                rv,
              )
            states.set(history.snapshot.last, versions(store.list()))
          })
          const { first, last } = history.snapshot
          const past = history.at(last)
          for (const visit of visits) {
            const position = first + (visit % (last - first + 1))
            past.moveTo(position)
            expect(versions(past.list())).toBe(states.get(position))
            expect(versions(history.at(position).list())).toBe(states.get(position))
          }
        },
      ),
    )
  })
})
