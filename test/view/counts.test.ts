import { describe, expect, it, vi } from 'vitest'
import { type Entry, readValue } from '../../src/codec/entry'
import { Store } from '../../src/store/store'
import { VirtualClock } from '../../src/testing/virtual-clock'
import { SortedList } from '../../src/view/sorted-list'
import { createView } from '../../src/view/view'
import { gone, put, type Thing, thing } from './support'

// Times depend on the machine; how often something is looked at does not.

const keyAt = (i: number) => `t${String(i).padStart(6, '0')}`
const things = (count: number) => Array.from({ length: count }, (_, i) => thing(keyAt(i), { size: (i * 7919) % count }))

/** A view of so many things, with everything counted that could grow with their number. */
function counted(count: number) {
  const store = new Store<Thing>()
  store.replace(things(count), '1')
  const collator = new Intl.Collator('en')
  const compared = { times: 0 }
  const compare = (a: string, b: string) => {
    compared.times++
    return a < b ? -1 : a > b ? 1 : 0
  }
  Object.defineProperty(collator, 'compare', { value: compare })
  const where = vi.fn((entry: Entry<Thing>) => (readValue<number>(entry, ['size']) ?? 0) >= 0)
  const by = vi.fn((entry: Entry<Thing>) => String(entry.object.size).padStart(6, '0'))
  const text = vi.fn((entry: Entry<Thing>) => entry.name)
  const view = createView(store, {
    clock: new VirtualClock(),
    collator,
    schedule: () => undefined,
    filter: { where, search: { text: 't', in: text } },
    sort: { by },
    window: { offset: count / 2, limit: 50 },
  })
  const calls = () => ({ where: where.mock.calls.length, by: by.mock.calls.length, text: text.mock.calls.length })
  const clear = () => {
    for (const mock of [where, by, text]) mock.mockClear()
    compared.times = 0
  }
  return { store, view, compared, where, by, text, calls, clear }
}

describe('a change of one object', () => {
  const oneOfEach = (count: number) => {
    const { store, view, compared, calls, clear } = counted(count)
    clear()
    const list = vi.spyOn(store, 'list')
    const parse = vi.spyOn(JSON, 'parse')
    store.apply([...put(thing(keyAt(5), { rv: '2', size: count / 2 }), thing('t-new', { size: count / 3 })), ...gone(thing(keyAt(9)))], '2')
    view.flush()
    const seen = { ...calls(), parsed: parse.mock.calls.length, listed: list.mock.calls.length }
    parse.mockRestore()
    return { seen, compared: compared.times }
  }

  const [few, many] = [oneOfEach(500), oneOfEach(8_000)]

  it('a change calls each function of the query once for the changed object and for no other', () => {
    // Of a changed object `size` is read from the text for the filter, and the whole is parsed for the order.
    const once = { where: 2, by: 2, text: 2, parsed: 4, listed: 0 }
    expect(few.seen).toEqual(once)
    expect(many.seen).toEqual(once)
  })

  it('a change needs a few more comparisons for sixteen times as many objects', () => {
    // Two places are looked for, each in log2 of 8,000 and a few.
    expect(many.compared).toBeLessThanOrEqual(2 * 16)
    expect(many.compared - few.compared).toBeLessThanOrEqual(2 * 6)
  })

  it('a change outside window and filter notifies no listener, and reads at most the window', () => {
    const { store, view } = counted(2_000)
    const { snapshot } = view
    const slice = vi.spyOn(SortedList.prototype, 'slice')
    store.apply(put(thing(keyAt(0), { rv: '2', size: 0 })), '2')
    view.flush()
    expect(view.snapshot).toBe(snapshot)
    expect(slice.mock.results.map(({ value }) => value.length)).toEqual([50])
    slice.mockRestore()
  })
})

describe('a query that changes', () => {
  it('a query change reads only what depends on the change', () => {
    const { store, view, where, by, text, calls, clear } = counted(1_000)
    const parse = vi.spyOn(JSON, 'parse')
    clear()
    store.resync()
    view.flush()
    view.update({ window: { offset: 100, limit: 20 } })
    view.update({ sort: { by, descending: true } })
    view.update({ filter: { where, search: { text: '0', in: text } } })
    view.update({ filter: { where, namespace: 'n', search: { text: '99', in: text } } })
    expect(calls()).toEqual({ where: 0, by: 0, text: 0 })
    expect(parse).not.toHaveBeenCalled()
    view.update({ filter: { where, labelSelector: '!app' } })
    expect(parse.mock.calls.length).toBeLessThanOrEqual(1_000)
    parse.mockClear()
    view.update({ filter: { where, labelSelector: 'app' } })
    expect(parse).not.toHaveBeenCalled()
    const another = vi.fn(({ name }: Entry<Thing>) => name)
    view.update({ filter: {}, sort: [{ by: another }, { by }] })
    expect(another).toHaveBeenCalledTimes(1_000)
    expect(calls()).toEqual({ where: 0, by: 0, text: 0 })
    parse.mockRestore()
  })

  it('a filter change moves no row: hidden rows keep their place', () => {
    const { view, compared, where, text, clear } = counted(1_000)
    clear()
    for (const words of ['999', '', '1', '']) view.update({ filter: { where, search: { text: words, in: text } } })
    expect(view.total).toBe(1_000)
    expect(compared.times).toBe(0)
  })

  it('a change of the searched fields searches again', () => {
    const store = new Store<Thing>()
    store.add(thing('a', { title: 'x' }))
    const view = createView(store, { clock: new VirtualClock(), filter: { search: { text: 'x' } } })
    expect(view.total).toBe(0)
    view.update({ filter: { search: { text: 'x', in: ({ object }) => object.title ?? '' } } })
    expect(view.total).toBe(1)
  })

  it('reads sort keys only of the entries that pass the filter', () => {
    const store = new Store<Thing>()
    store.replace(things(100), '1')
    const by = vi.fn(({ name }: Entry<Thing>) => name)
    const view = createView(store, { clock: new VirtualClock(), filter: { search: { text: '00001' } }, sort: { by } })
    expect(view.total).toBe(11)
    expect(by).toHaveBeenCalledTimes(11)
  })

  it('a relist with one difference evaluates the query for that object only', () => {
    const { store, view, calls, clear } = counted(1_000)
    clear()
    store.replace([...things(999), thing(keyAt(999), { rv: '2', size: 1 })], '2')
    view.flush()
    expect(calls()).toEqual({ where: 1, by: 1, text: 1 })
  })
})
