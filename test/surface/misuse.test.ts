// Wrong arguments are refused with errors that name the argument.

import { describe, expect, it, test } from 'vitest'
import { metaNamespaceKey } from '../../src/api/keys'
import type { KubeObject } from '../../src/api/object'
import { Indexer } from '../../src/store/indexer'
import { Store } from '../../src/store/store'
import { createView } from '../../src/view/view'

// What callers without a compiler pass: every answer names the argument, and says what is right.

const wrong = (value: unknown): never => value as never

describe('createView', () => {
  it.each([
    ['undefined', undefined, /the source is a store or an informer, got undefined/],
    ['an array', [], /the source is a store or an informer, got object/],
    ['an informer without a store', { store: undefined }, /the source is a store or an informer, got object/],
  ])('createView refuses %s as its source', (_what, source, message) => {
    expect(() => createView(wrong(source))).toThrow(message)
  })

  it.each([
    ['a path to sort by', { sort: { by: 'metadata.name' } }, /a view's sort\.by is a function, got "metadata\.name": write sort: \{ by: /],
    ['a column that is missing', { sort: [undefined] }, /a view's sort\.by is a function, got undefined/],
    ['a value to filter by', { filter: { where: true } }, /a view's filter\.where is a function, got boolean/],
    ['a field to search in', { filter: { search: { text: 'a', in: 'name' } } }, /a view's filter\.search\.in is a function, got "name"/],
    ['a number to search for', { filter: { search: { text: 7 } } }, /a view's filter\.search\.text is a string, got number/],
  ])('a view refuses %s, in createView and in update', (_what, query, message) => {
    const view = createView(new Store())
    expect(() => createView(new Store(), wrong(query))).toThrow(message)
    expect(() => view.update(wrong(query))).toThrow(message)
    view.update({ window: { limit: 1 } })
  })
})

test('a store names its keyFunc when that is not a function', () => {
  expect(() => new Store(wrong('name'))).toThrow(/a store's keyFunc is a function, got "name"/)
  expect(() => new Store(wrong(null))).toThrow(/got null/)
})

describe('an indexer', () => {
  it('an indexer refuses an index that is not a function, or whose name is taken, and stays unchanged', () => {
    const indexer = new Indexer<KubeObject, 'a'>(metaNamespaceKey, { a: () => [] })
    expect(() => indexer.addIndexers({ b: () => [], c: wrong('spec.nodeName') })).toThrow(
      /the index 'c' needs a function that gives an object's values, got "spec\.nodeName"/,
    )
    expect(() => indexer.addIndexers({ b: () => [], a: () => [] })).toThrow(/there is an index 'a' already/)
    expect(Object.keys(indexer.getIndexers())).toEqual(['namespace', 'a'])
  })

  it('an indexer reports an index function that returns a string or nothing, and keeps the object', () => {
    const errors: unknown[] = []
    const onError = (error: unknown) => void errors.push((error as Error).cause)
    const indexer = new Indexer<KubeObject, 'node' | 'zone'>(
      metaNamespaceKey,
      { node: () => wrong('n1'), zone: () => wrong(undefined) },
      { onError },
    )
    indexer.add({ metadata: { name: 'a' } })
    expect(errors.map(String)).toEqual([
      expect.stringContaining('an index function gives an array of strings, got "n1": put one value in brackets'),
      expect.stringContaining('an index function gives an array of strings, got undefined'),
    ])
    expect(indexer.indexKeys('node', 'n')).toEqual([])
    expect(indexer.size).toBe(1)
  })
})
