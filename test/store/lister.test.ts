import { afterEach, describe, expect, it, vi } from 'vitest'
import { isParseError } from '../../src/api/errors'
import type { KubeObject } from '../../src/api/object'
import { isSelectorError } from '../../src/api/selectors'
import { type Entry, entryFromObject, entryFromText } from '../../src/codec/entry'
import { Indexer } from '../../src/store/indexer'
import { Lister } from '../../src/store/lister'
import { Store } from '../../src/store/store'

function entry(key: string, labels?: Record<string, string>): Entry<KubeObject> {
  const [name, namespace] = key.split('/').reverse()
  return entryFromObject<KubeObject>({ metadata: { name: name ?? '', ...(namespace && { namespace }), ...(labels && { labels }) } })
}

function listerOf(...entries: Entry<KubeObject>[]) {
  const indexer = new Indexer<KubeObject>()
  indexer.replace(entries, '1')
  return { indexer, lister: new Lister(indexer) }
}

const keys = (entries: readonly Entry<KubeObject>[]) => entries.map(({ key }) => key)

describe('Lister', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it('[store/lister] a lister gets an entry by its key; undefined when it is missing', () => {
    const a = entry('shop/a')
    const { lister } = listerOf(a)
    expect(lister.get('shop/a')).toBe(a)
    expect(lister.get('shop/b')).toBeUndefined()
    expect(lister.get('a')).toBeUndefined()
  })

  it('[store/lister] a lister gets a cluster-scoped entry by its name: its key has no slash', () => {
    const node = entry('node-1')
    const { lister } = listerOf(node)
    expect(lister.get('node-1')).toBe(node)
    expect(lister.namespace('').get('node-1')).toBe(node)
    expect(lister.list()).toEqual([node])
  })

  it('[store/lister] a lister lists by namespace; left out or empty, all of them', () => {
    const { lister } = listerOf(entry('shop/a'), entry('shop/b'), entry('bank/a'))
    expect(keys(lister.list({ namespace: 'shop' }))).toEqual(['shop/a', 'shop/b'])
    expect(keys(lister.list({ namespace: 'none' }))).toEqual([])
    expect(keys(lister.list({ namespace: '' }))).toEqual(['shop/a', 'shop/b', 'bank/a'])
    expect(keys(lister.list())).toEqual(['shop/a', 'shop/b', 'bank/a'])
  })

  it('[store/lister] a lister lists a namespace through its index, without reading the other objects', () => {
    const { indexer, lister } = listerOf(entry('shop/a'), entry('bank/a'))
    const list = vi.spyOn(indexer, 'list')
    expect(keys(lister.list({ namespace: 'shop' }))).toEqual(['shop/a'])
    expect(list).not.toHaveBeenCalled()
  })

  it('[store/lister] a lister lists by labels, with or without a namespace', () => {
    const { lister } = listerOf(
      entry('shop/a', { app: 'web' }),
      entry('shop/b', { app: 'db' }),
      entry('shop/c'),
      entry('bank/a', { app: 'web' }),
    )
    expect(keys(lister.list({ labelSelector: 'app=web' }))).toEqual(['shop/a', 'bank/a'])
    expect(keys(lister.list({ labelSelector: 'app=web', namespace: 'shop' }))).toEqual(['shop/a'])
    expect(keys(lister.list({ labelSelector: 'app notin (web)', namespace: 'shop' }))).toEqual(['shop/b', 'shop/c'])
    expect(keys(lister.list({ labelSelector: '' }))).toHaveLength(4)
  })

  it('[store/lister] a lister reads the object’s own labels, wherever in the text they are', () => {
    const text =
      '{ "spec": {"template": {"metadata": {"labels": {"app": "template"}}}}, "metadata": {"annotations": {"labels": "{}"}, "name": "a", "labels": {"app": "own"}}}'
    const { lister } = listerOf(entryFromText(text))
    expect(lister.list({ labelSelector: 'app=own' })).toHaveLength(1)
    expect(lister.list({ labelSelector: 'app=template' })).toHaveLength(0)
  })

  it('[store/lister] a lister parses labels, and nothing else', () => {
    const { lister } = listerOf(entry('shop/a', { app: 'web' }))
    const parse = vi.spyOn(JSON, 'parse')
    lister.list({ labelSelector: 'app=web' })
    expect(parse.mock.calls).toEqual([['{"app":"web"}']])
  })

  it('[store/lister] a lister refuses an invalid selector, also in an empty store', () => {
    let thrown: unknown
    try {
      listerOf().lister.list({ labelSelector: 'app=(' })
    } catch (error) {
      thrown = error
    }
    expect(isSelectorError(thrown)).toBe(true)
  })

  it('[wire/malformed] a lister throws when an entry’s labels cannot be read; the entry is dropped', () => {
    const broken = entryFromText<KubeObject>('{"metadata":{"name":"a","namespace":"shop","labels":{"app":tru}}}')
    const { indexer, lister } = listerOf(broken, entry('shop/b', { app: 'web' }))
    let thrown: unknown
    try {
      lister.list({ labelSelector: 'app=web' })
    } catch (error) {
      thrown = error
    }
    expect(isParseError(thrown)).toBe(true)
    expect(indexer.keys()).toEqual(['shop/b'])
    expect(keys(lister.list({ labelSelector: 'app=web' }))).toEqual(['shop/b'])
  })

  it('[store/lister] a lister has a view of one namespace', () => {
    const { lister } = listerOf(entry('shop/a', { app: 'web' }), entry('shop/b'), entry('bank/a'))
    const shop = lister.namespace('shop')
    expect(shop.get('a')?.key).toBe('shop/a')
    expect(shop.get('c')).toBeUndefined()
    expect(keys(shop.list())).toEqual(['shop/a', 'shop/b'])
    expect(keys(shop.list({ labelSelector: 'app' }))).toEqual(['shop/a'])
  })

  it('[store/lister] a lister accepts an Indexer of any indexes, and nothing without an index of namespaces', () => {
    const lister: Lister<KubeObject> = new Lister(new Indexer<KubeObject>().addIndexers({ name: ({ metadata }) => [metadata.name ?? ''] }))
    expect(lister.list()).toEqual([])
    // @ts-expect-error -- a plain store has no indexes
    expect(new Lister(new Store<KubeObject>()).list()).toEqual([])
  })
})
