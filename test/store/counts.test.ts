import { describe, expect, it, vi } from 'vitest'
import { metaNamespaceKey } from '../../src/api/keys'
import type { KubeObject } from '../../src/api/object'
import type { Entry } from '../../src/codec/entry'
import { fieldIndex, Indexer } from '../../src/store/indexer'
import { Lister } from '../../src/store/lister'
import { entry, lines } from './entries'

// Times depend on the machine; how often something is looked at does not.

/** How many items of maps, sets and arrays are stepped over by loops, spreads and copies. */
function steps(work: () => void): number {
  let count = 0
  const undo = [new Map().values(), new Set().values(), [].values()].map((iterator) => {
    const prototype = Object.getPrototypeOf(iterator)
    const { next } = prototype
    prototype.next = function (this: unknown) {
      count++
      return next.call(this)
    }
    return () => {
      prototype.next = next
    }
  })
  try {
    work()
  } finally {
    for (const it of undo) it()
  }
  return count
}

const label = (i: number) => ({
  text: `{"metadata":{"name":"e${i}","namespace":"n","uid":"${i}","resourceVersion":"1","labels":{"l":"${i % 7}"}}}`,
})
const entries = (count: number) => Array.from({ length: count }, (_, i) => entry(`e${i}`, label(i)))

/** An indexer of so many entries that counts which of them are looked at, and its subscribers' changes. */
function counted(count: number) {
  const touched = new Set<string>()
  const name = vi.fn((object: KubeObject) => [object.metadata.name ?? ''])
  const indexer = new Indexer(metaNamespaceKey, { name, label: fieldIndex(['metadata', 'labels', 'l']) })
  const changes: string[] = []
  const all = entries(count).map(
    (it) =>
      new Proxy(it, {
        get(target, member) {
          touched.add(target.key)
          return Reflect.get(target, member, target)
        },
      }) as Entry<KubeObject>,
  )
  indexer.replace(all, '1')
  indexer.list()
  indexer.subscribe((update) => changes.push(...lines(update)))
  touched.clear()
  name.mockClear()
  return { indexer, changes, touched, name }
}

describe('a change of one object', () => {
  const seen = (count: number) => {
    const { indexer, changes, touched, name } = counted(count)
    const stepped = steps(() => {
      indexer.apply([{ type: 'MODIFIED', entry: entry('e5', { rv: '2', uid: '5' }) }], '2')
      indexer.apply([{ type: 'DELETED', entry: entry('e6', { rv: '3', uid: '6' }) }], '3')
      indexer.add(entry('new'))
      indexer.bookmark('4')
    })
    return { changes, touched: [...touched].sort(), indexed: name.mock.calls.length, stepped }
  }

  it('a change of one object reads that one only, and takes the same number of steps however many there are', () => {
    const few = seen(500)
    expect(few.changes).toEqual(['updated e5 1→2', 'deleted e6', 'added new'])
    expect(few.touched).toEqual(['n/e5', 'n/e6'])
    expect(few.indexed).toBe(2)
    expect(few.stepped).toBeLessThan(200)
    expect(seen(8_000)).toEqual(few)
  })
})

describe('a new list', () => {
  it('a new list with one difference is one change, and one object is indexed again', () => {
    const { indexer, changes, name } = counted(5_000)
    indexer.replace([...entries(4_999), entry('e4999', { rv: '2', uid: '4999' })], '2')
    expect(changes).toEqual(['updated e4999 1→2'])
    expect(name).toHaveBeenCalledTimes(1)
  })

  it('a new list takes steps in proportion to the number of items', () => {
    const stepped = (count: number) => {
      const { indexer } = counted(count)
      const next = entries(count)
      return steps(() => indexer.replace(next, '2'))
    }
    expect(stepped(8_000) / stepped(500)).toBeLessThan(16.5)
  })
})

describe('selectors', () => {
  it('selectors read the labels of an entry once, and parse nothing else', () => {
    const indexer = new Indexer<KubeObject>()
    indexer.replace(entries(700), '1')
    const lister = new Lister(indexer)
    const parse = vi.spyOn(JSON, 'parse')
    expect(lister.list({ labelSelector: 'l=3' })).toHaveLength(100)
    expect(parse.mock.calls.map(([text]) => text.length)).toEqual(Array.from({ length: 700 }, () => '{"l":"3"}'.length))
    parse.mockClear()
    expect(lister.list({ labelSelector: 'l in (3,4)' })).toHaveLength(200)
    expect(lister.list({ labelSelector: '!l', namespace: 'n' })).toHaveLength(0)
    expect(parse).not.toHaveBeenCalled()
    indexer.add(entry('e0', { uid: '0', rv: '2' }))
    expect(lister.list({ labelSelector: '!l' })).toHaveLength(1)
    expect(lister.list({ labelSelector: 'l' })).toHaveLength(699)
    // It has none, and that is known without parsing.
    expect(parse).not.toHaveBeenCalled()
    parse.mockRestore()
  })
})
