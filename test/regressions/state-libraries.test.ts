import { inspect } from 'node:util'
import { reactive, ref } from '@vue/reactivity'
import { produce } from 'immer'
import { observable } from 'mobx'
// @ts-expect-error: the build for pages, which has no types. That for servers wraps nothing.
import { createStore, unwrap } from 'solid-js/store/dist/store.js'
// @ts-expect-error: the module has no types.
import { proxy as svelteProxy } from 'svelte/internal/client'
import { proxy, snapshot as valtioSnapshot } from 'valtio/vanilla'
import { describe, expect, it, test } from 'vitest'
import { isParseError } from '../../src/api/errors'
import type { KubeObject } from '../../src/api/object'
import { type Entry, entryFromObject, entryFromText } from '../../src/codec/entry'
import { Store } from '../../src/store/store'
import { VirtualClock } from '../../src/testing/virtual-clock'
import { createView } from '../../src/view/view'

// What state libraries do to values that are put into them: they wrap, freeze and copy them.

const make = (title: string): Entry<KubeObject> =>
  entryFromObject<KubeObject>({
    metadata: { name: 'web', namespace: 'shop', uid: 'u', resourceVersion: '7', labels: { app: title } },
  })

const latin = (): Entry<KubeObject> => make('größer')
/** Its text is kept as UTF-8. */
const wide = (): Entry<KubeObject> => make('日本')

/** The recipe that applications copy: it reaches every own property. */
function deepFreeze<V extends object>(value: V): V {
  for (const key of Reflect.ownKeys(value)) {
    const own = (value as Record<PropertyKey, unknown>)[key]
    if ((typeof own === 'object' && own !== null) || typeof own === 'function') deepFreeze(own)
  }
  return Object.freeze(value)
}

describe.each([
  ['with a text of one byte per character', latin],
  ['with a text that is kept as UTF-8', wide],
])('an entry %s', (_what, entryOf) => {
  const everythingOf = ({ key, name, namespace, uid, resourceVersion, text, labels, object }: Entry<KubeObject>) => ({
    ...{ key, name, namespace, uid, resourceVersion, text, labels },
    object: structuredClone(object),
  })
  const expected = everythingOf(entryOf())

  it('an entry can be read behind a proxy of any library, and returns the same object each time', () => {
    const entry = entryOf()
    const wrapped = new Proxy(entry, {})
    expect(everythingOf(wrapped)).toEqual(expected)
    const { object, labels } = wrapped
    expect(wrapped.object).toBe(object)
    expect(wrapped.labels).toBe(labels)
  })

  it('[bindings/18] an entry stays the same in a ref and in a reactive object of Vue', () => {
    const entry = entryOf()
    expect(ref({ rows: [entry] }).value.rows[0]).toBe(entry)
    expect(reactive({ entry }).entry).toBe(entry)
    expect(reactive(entry).object).toBe(entry.object)
  })

  it('[bindings/18] an entry stays the same in an observable of MobX and a $state of Svelte', () => {
    const entry = entryOf()
    expect(observable({ rows: [entry] }).rows[0]).toBe(entry)
    // `$state(value)` compiles to this call.
    expect(svelteProxy({ rows: [entry] }).rows[0]).toBe(entry)
  })

  it('[bindings/18] an entry stays the same in a store of Solid', () => {
    const entry = entryOf()
    const [state, setState] = createStore({ rows: [] as readonly Entry<KubeObject>[] })
    setState('rows', [entry])
    expect(state.rows).not.toBe(unwrap(state).rows)
    expect(state.rows[0]).toBe(entry)
    expect(everythingOf(state.rows[0] as Entry<KubeObject>)).toEqual(expected)
  })

  it('an entry can be read in a proxy of valtio and in its snapshots', () => {
    const read = entryOf()
    void read.object
    const state = proxy({ rows: [read] })
    expect(everythingOf(state.rows[0] as Entry<KubeObject>)).toEqual(expected)
    expect(everythingOf(valtioSnapshot(state).rows[0] as Entry<KubeObject>)).toEqual(expected)
  })

  it('[bindings/18] a frozen entry, by immer or by hand, can be read and stored', () => {
    const store = new Store<KubeObject>()
    store.add(entryOf())
    const state = produce({ rows: [] as readonly Entry<KubeObject>[] }, (draft) => {
      draft.rows = [...store.list()]
    })
    const [row] = deepFreeze(state).rows as readonly [Entry<KubeObject>]
    expect(everythingOf(row)).toEqual(expected)
    const { object } = row
    expect(row.object).toBe(object)
    store.replace([], '9')
    store.add(row)
    expect(store.get('shop/web')).toBe(row)
  })

  it('an entry is copied by structuredClone and by JSON as its key and its text, which make an entry again', () => {
    const store = new Store<KubeObject>()
    store.add(entryOf())
    const { key, uid, resourceVersion, text } = expected
    const [row] = structuredClone(createView(store, { clock: new VirtualClock() }).snapshot).rows as readonly [Entry<KubeObject>]
    expect({ ...row }).toEqual({ key, uid, resourceVersion, text })
    expect(JSON.parse(JSON.stringify(store.list()))).toEqual([{ key, uid, resourceVersion, text }])
    expect(everythingOf(entryFromText(row.text))).toEqual(expected)
  })

  it('an entry shows its key and its version in a console', () => {
    expect(inspect(entryOf())).toMatch(/key: 'shop\/web',\s+uid: 'u',\s+resourceVersion: '7',/)
  })
})

test('a text that is not JSON is a ParseError behind a proxy too', () => {
  const wrapped = new Proxy(entryFromText('{"metadata":{"name":"x"},"spec":tru}'), {})
  expect(() => wrapped.object).toThrow(expect.toSatisfy(isParseError))
})

test('an entry in two stores that turns out not to be JSON leaves both, whichever it is read from', () => {
  const entry = entryFromText<KubeObject>('{"metadata":{"name":"x","resourceVersion":"1"},"spec":tru}')
  const [a, b, c] = [new Store<KubeObject>(), new Store<KubeObject>(), new Store<KubeObject>()]
  const told: string[] = []
  for (const store of [a, b, c]) {
    store.add(entry)
    store.onUnreadable(({ key }) => void told.push(key))
  }
  c.delete({ metadata: { name: 'x' } })
  expect(() => a.get('x')?.object).toThrow(expect.toSatisfy(isParseError))
  expect([a.size, b.size, told]).toEqual([0, 0, ['x', 'x']])
})

test('a store refuses what is neither an object nor an entry, and says how to make one', () => {
  const store = new Store<KubeObject>()
  const clone = structuredClone(latin())
  expect(() => store.add(clone as Entry<KubeObject>)).toThrow(/got object: make an entry of a text with entryFromText/)
  expect(() => store.add(undefined as never)).toThrow(/got undefined/)
  expect(() => store.replace(['x'] as never, '1')).toThrow(/got "x"/)
})
