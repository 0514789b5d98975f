import { expect, test } from 'vitest'
import type { KubeObject } from '../../src/api/object'
import { entryFromText } from '../../src/codec/entry'
import { Store } from '../../src/store/store'

const broken = () => entryFromText<KubeObject>('{"kind":"Pod","apiVersion":"v1","metadata":{"name":"x","resourceVersion":"1"},"spec":tru}')

test('a text that does not parse is repaired in every store that holds the entry, whichever it was read through', () => {
  for (const reader of [0, 1, 2]) {
    const entry = broken()
    const told: number[] = []
    const stores = [0, 1, 2].map((number) => {
      const store = new Store<KubeObject>()
      store.onUnreadable(() => told.push(number))
      store.replace([entry], '1')
      return store
    })
    expect(() => stores[reader]?.get('x')?.object).toThrow('the text of x is not JSON')
    expect(told).toEqual([0, 1, 2])
    expect(stores.map(({ size, resourceVersion }) => `${size} ${resourceVersion}`)).toEqual(['0 ', '0 ', '0 '])
  }
})

test('a store that has dropped an entry is not called about it any more, and the others are', () => {
  const entry = broken()
  const told: number[] = []
  const stores = [0, 1, 2].map((number) => {
    const store = new Store<KubeObject>()
    store.onUnreadable(() => told.push(number))
    store.add(entry)
    return store
  })
  stores[1]?.delete(entry)
  stores[0]?.replace([], '2')
  expect(() => entry.object).toThrow()
  expect(told).toEqual([2])
  expect(() => entry.object).toThrow()
  expect(told).toEqual([2])
})
