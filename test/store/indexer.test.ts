import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { isKubeError, isParseError } from '../../src/api/errors'
import { metaNamespaceKey } from '../../src/api/keys'
import type { KubeObject } from '../../src/api/object'
import { type Entry, entryFromObject, entryFromText } from '../../src/codec/entry'
import { fieldIndex, Indexer, type IndexFunc } from '../../src/store/indexer'
import { storeContract } from './contract'
import { record, unreadable } from './entries'

interface Pod extends KubeObject {
  spec?: { nodeName?: string; volumes?: string[] }
}

/** A pod of namespace `n`, unless the name says otherwise, as `ns/name`. */
function pod(
  name: string,
  { rv = '1', uid = 'u', ...spec }: { rv?: string; uid?: string; nodeName?: string; volumes?: string[] } = {},
): Entry<Pod> {
  const [own, namespace = 'n'] = name.split('/').reverse()
  return entryFromObject({ metadata: { name: own ?? '', namespace, uid: `${uid}-${own}`, resourceVersion: rv }, spec })
}

const node: IndexFunc<Pod> = ({ spec }) => (spec?.nodeName ? [spec.nodeName] : [])
const volume: IndexFunc<Pod> = ({ spec }) => spec?.volumes ?? []
const keys = (entries: readonly Entry<Pod>[]) => entries.map(({ key }) => key).sort()

describe('Indexer', () => {
  describe('is a store', () => {
    storeContract(() => new Indexer<KubeObject>())
  })

  describe('byIndex', () => {
    it('byIndex returns the entries that have a value', () => {
      const indexer = new Indexer(metaNamespaceKey, { node })
      const [a, b] = [pod('a', { nodeName: 'n1' }), pod('b', { nodeName: 'n1' })]
      indexer.replace([a, b, pod('c', { nodeName: 'n2' }), pod('d')], '1')
      expect(indexer.byIndex('node', 'n1')).toEqual([a, b])
      expect(indexer.indexKeys('node', 'n2')).toEqual(['n/c'])
      expect(indexer.indexValues('node')).toEqual(['n1', 'n2'])
    })

    it('byIndex returns an entry under each of its values, once', () => {
      const indexer = new Indexer(metaNamespaceKey, { volume })
      indexer.add(pod('a', { volumes: ['x', 'y', 'x'] }))
      indexer.add(pod('b', { volumes: ['y'] }))
      expect(keys(indexer.byIndex('volume', 'x'))).toEqual(['n/a'])
      expect(keys(indexer.byIndex('volume', 'y'))).toEqual(['n/a', 'n/b'])
    })

    it('byIndex returns nothing for a value that no entry has', () => {
      const indexer = new Indexer(metaNamespaceKey, { node })
      expect(indexer.byIndex('node', 'n1')).toEqual([])
      expect(indexer.indexKeys('node', 'n1')).toEqual([])
    })

    it('byIndex refuses an unknown index and names the known ones; the compiler refuses it first', () => {
      const indexer = new Indexer(metaNamespaceKey, { node })
      // @ts-expect-error -- no such index
      expect(() => indexer.byIndex('nodes', 'n1')).toThrow("there is no index 'nodes', only 'namespace', 'node': add it with addIndexers")
      // @ts-expect-error -- an indexer without indexes of its own has none but that of namespaces
      expect(() => new Indexer<Pod>().indexValues('node')).toThrow(TypeError)
    })
  })

  describe('index', () => {
    it('index returns the entries that share a value with an object, which need not be in the store', () => {
      const indexer = new Indexer(metaNamespaceKey, { volume })
      indexer.replace([pod('a', { volumes: ['x', 'y'] }), pod('b', { volumes: ['y', 'z'] }), pod('c', { volumes: ['z'] })], '1')
      expect(keys(indexer.index('volume', pod('other', { volumes: ['x', 'y'] })))).toEqual(['n/a', 'n/b'])
      expect(keys(indexer.index('volume', { metadata: { name: 'other' }, spec: { volumes: ['z'] } }))).toEqual(['n/b', 'n/c'])
      expect(keys(indexer.index('namespace', pod('other')))).toEqual(['n/a', 'n/b', 'n/c'])
    })
  })

  describe('the index of namespaces', () => {
    it('the index of namespaces always exists, and parses nothing', () => {
      const indexer = new Indexer<Pod>()
      const entries = ['x/a', 'y/a', 'x/b'].map((key) => pod(key))
      const deleted = pod('x/b', { rv: '2' })
      const parse = vi.spyOn(JSON, 'parse')
      indexer.replace(entries, '1')
      indexer.apply([{ type: 'DELETED', entry: deleted }], '2')
      expect(keys(indexer.byIndex('namespace', 'x'))).toEqual(['x/a'])
      expect(indexer.indexValues('namespace')).toEqual(['x', 'y'])
      expect(parse).not.toHaveBeenCalled()
      parse.mockRestore()
    })

    it('the index of namespaces has cluster-scoped objects under the empty string', () => {
      const indexer = new Indexer<KubeObject>()
      indexer.add({ metadata: { name: 'node-1' } })
      expect(indexer.indexKeys('namespace', '')).toEqual(['node-1'])
    })
  })

  describe('addIndexers', () => {
    it('[store/indices] addIndexers indexes the present objects, and the compiler knows the new name', () => {
      const indexer = new Indexer<Pod>()
      indexer.replace([pod('a', { nodeName: 'n1' }), pod('b')], '1')
      const more = indexer.addIndexers({ node, first: ({ metadata }) => [metadata.name?.[0] ?? ''] })
      expect(more).toBe(indexer)
      expect(keys(more.byIndex('node', 'n1'))).toEqual(['n/a'])
      indexer.add(pod('c', { nodeName: 'n1' }))
      expect(keys(more.byIndex('node', 'n1'))).toEqual(['n/a', 'n/c'])
      expect(keys(more.byIndex('first', 'b'))).toEqual(['n/b'])
    })

    it('[store/indices] addIndexers refuses an existing name, and adds nothing in that case', () => {
      const indexer = new Indexer(metaNamespaceKey, { node })
      expect(() => indexer.addIndexers({ volume, node })).toThrow("there is an index 'node' already")
      expect(() => indexer.addIndexers({ namespace: () => [] })).toThrow("there is an index 'namespace' already")
      expect(() => new Indexer<Pod, 'namespace'>(metaNamespaceKey, { namespace: () => [] })).toThrow(TypeError)
      expect(Object.keys(indexer.getIndexers())).toEqual(['namespace', 'node'])
    })

    it('[store/indices] addIndexers drops an entry that cannot be read, and continues', () => {
      const indexer = new Indexer<KubeObject>(metaNamespaceKey, {}, { onError: () => undefined })
      indexer.replace([unreadable('a'), pod('b')], '1')
      const seen = record(indexer)
      const more = indexer.addIndexers({ name: ({ metadata }) => [metadata.name ?? ''] })
      expect(more.indexValues('name')).toEqual(['b'])
      expect(indexer.indexKeys('namespace', 'n')).toEqual(['n/b'])
      expect(seen).toEqual(['apply : deleted a'])
    })
  })

  it('getIndexers returns the functions by name', () => {
    const indexers = new Indexer(metaNamespaceKey, { node }).getIndexers()
    expect(indexers.node).toBe(node)
    expect(indexers.namespace({ metadata: { namespace: 'x' } }, pod('a'))).toEqual(['x'])
  })

  describe('fieldIndex', () => {
    const indexers = {
      node: fieldIndex(['spec', 'nodeName']),
      volume: fieldIndex(['spec', 'volumes'], (volumes: string[]) => volumes),
    }
    const fresh = () => [pod('a', { nodeName: 'n1', volumes: ['x', 'y'] }), pod('b'), pod('c', { nodeName: 'n1' })]

    it('fieldIndex indexes by one value of the text, without parsing the object', () => {
      const entries = fresh()
      const parse = vi.spyOn(JSON, 'parse')
      const indexer = new Indexer<Pod, 'node' | 'volume'>(metaNamespaceKey, indexers)
      indexer.replace(entries, '1')
      expect(parse.mock.calls.flat()).toEqual(['"n1"', '["x","y"]', '"n1"'])
      parse.mockRestore()
      expect(keys(indexer.byIndex('node', 'n1'))).toEqual(['n/a', 'n/c'])
      expect(keys(indexer.byIndex('volume', 'y'))).toEqual(['n/a'])
    })

    it('fieldIndex leaves out a missing value, null, and a value that is not a string and is not converted to strings', () => {
      const indexer = new Indexer<KubeObject, 'x'>(metaNamespaceKey, { x: fieldIndex(['spec', 'x']) })
      const values = [undefined, null, 1, { y: 'z' }, '']
      indexer.replace(
        values.map((x, i) => entryFromText(JSON.stringify({ metadata: { name: `${i}` }, spec: { x } }))),
        '1',
      )
      expect(indexer.indexValues('x')).toEqual([''])
      expect(indexer.indexKeys('x', '')).toEqual(['4'])
    })

    it('fieldIndex finds entries that share a value with an object, and returns its function like any other', () => {
      const indexer = new Indexer<Pod, 'node' | 'volume'>(metaNamespaceKey, indexers)
      indexer.replace(fresh(), '1')
      expect(keys(indexer.index('node', { metadata: { name: 'd' }, spec: { nodeName: 'n1' } }))).toEqual(['n/a', 'n/c'])
      const a = pod('a', { nodeName: 'n1' })
      expect(indexer.getIndexers().node(a.object, a)).toEqual(['n1'])
    })

    it('[wire/malformed] fieldIndex has an entry dropped whose text is not JSON', () => {
      const errors: unknown[] = []
      const indexer = new Indexer(metaNamespaceKey, { node: indexers.node }, { onError: (error) => errors.push((error as Error).cause) })
      const broken = entryFromText<KubeObject>('{"metadata":{"name":"a"},"spec":{"nodeName":tru}}')
      indexer.replace([broken, entryFromText('{"metadata":{"name":"b"}}')], '1')
      expect(errors.map(isParseError)).toEqual([true])
      expect(indexer.keys()).toEqual(['b'])
    })
  })

  describe('when values change', () => {
    it('[store/indices] an object whose values change leaves its old sets, and empty sets vanish', () => {
      const indexer = new Indexer(metaNamespaceKey, { node, volume })
      indexer.apply([{ type: 'ADDED', entry: pod('a', { nodeName: 'n1', volumes: ['x', 'y'] }) }], '1')
      indexer.apply([{ type: 'MODIFIED', entry: pod('a', { rv: '2', nodeName: 'n2', volumes: ['y', 'z'] }) }], '2')
      expect(indexer.indexValues('node')).toEqual(['n2'])
      expect(indexer.indexValues('volume').sort()).toEqual(['y', 'z'])
      indexer.delete(pod('a'))
      expect(indexer.indexValues('node')).toEqual([])
      expect(indexer.indexValues('volume')).toEqual([])
      expect(indexer.indexValues('namespace')).toEqual([])
    })

    it('[store/indices] a deletion removes an object from its sets, whatever its last state says', () => {
      const indexer = new Indexer(metaNamespaceKey, { node })
      indexer.add(pod('a', { nodeName: 'n1' }))
      indexer.apply([{ type: 'DELETED', entry: pod('a', { rv: '2', nodeName: 'n2' }) }], '2')
      expect(indexer.indexValues('node')).toEqual([])
    })

    it('[store/indices] a set with other members stays', () => {
      const indexer = new Indexer(metaNamespaceKey, { node })
      indexer.replace([pod('a', { nodeName: 'n1' }), pod('b', { nodeName: 'n1' })], '1')
      indexer.delete(pod('a'))
      expect(indexer.indexKeys('node', 'n1')).toEqual(['n/b'])
    })

    it('[store/indices] subscribers see indexes that fit the objects, also while others are still being called', () => {
      const indexer = new Indexer(metaNamespaceKey, { node })
      const seen: string[] = []
      indexer.subscribe(() => {
        if (indexer.byIndex('node', 'n1').length !== 1) return
        indexer.add(pod('b', { nodeName: 'n1' }))
        seen.push(`at once: ${indexer.indexKeys('node', 'n1')}`)
      })
      indexer.subscribe(() => void seen.push(`${indexer.indexKeys('node', 'n1')}`))
      indexer.replace([pod('a', { nodeName: 'n1' })], '1')
      expect(seen).toEqual(['at once: n/a,n/b', 'n/a,n/b', 'n/a,n/b'])
    })

    it('[store/indices] only changed objects are indexed again, and only their last state', () => {
      const read: string[] = []
      const indexer = new Indexer(metaNamespaceKey, {
        node: (object: Pod, entry) => {
          read.push(`${entry.name}@${entry.resourceVersion}`)
          return node(object, entry)
        },
      })
      indexer.replace([pod('a'), pod('b'), pod('c')], '1')
      read.length = 0
      indexer.apply(
        [
          { type: 'MODIFIED', entry: pod('b', { rv: '2' }) },
          { type: 'MODIFIED', entry: pod('b', { rv: '3' }) },
        ],
        '3',
      )
      indexer.replace([pod('a'), pod('b', { rv: '3' }), pod('c', { rv: '4' })], '4')
      indexer.bookmark('5')
      indexer.resync()
      indexer.delete(pod('a'))
      expect(read).toEqual(['b@3', 'c@4'])
    })
  })

  describe('an index function that throws', () => {
    const fussy: IndexFunc<Pod> = ({ spec }) => {
      if (!spec?.nodeName) throw new Error('no node')
      return [spec.nodeName]
    }

    it('[store/indices] an index function that throws is reported, and the object is stored and in the other indexes', () => {
      const errors: unknown[] = []
      const indexer = new Indexer(metaNamespaceKey, { fussy, volume }, { onError: (error) => errors.push(error) })
      indexer.apply(
        [
          { type: 'ADDED', entry: pod('a', { volumes: ['x'] }) },
          { type: 'ADDED', entry: pod('b', { nodeName: 'n1' }) },
        ],
        '1',
      )
      expect(indexer.size).toBe(2)
      expect(keys(indexer.byIndex('volume', 'x'))).toEqual(['n/a'])
      expect(keys(indexer.byIndex('fussy', 'n1'))).toEqual(['n/b'])
      expect(errors).toHaveLength(1)
      const [error] = errors as Error[]
      expect(isKubeError(error)).toBe(true)
      expect(error?.message).toBe("the index function 'fussy' threw for n/a, which this index lacks now")
      expect(error?.cause).toEqual(new Error('no node'))
    })

    it('[store/indices] an index function that throws removes the object from its sets', () => {
      const indexer = new Indexer(metaNamespaceKey, { fussy }, { onError: () => undefined })
      indexer.add(pod('a', { nodeName: 'n1' }))
      indexer.add(pod('a', { rv: '2' }))
      expect(indexer.indexValues('fussy')).toEqual([])
    })

    it('[store/indices] an index function that throws has no other effect if its report throws too', () => {
      const reportError = vi.spyOn(console, 'error').mockReturnValue()
      const mistake = new Error('a mistake in the report')
      const onError = () => {
        throw mistake
      }
      const indexer = new Indexer(metaNamespaceKey, { fussy }, { onError })
      indexer.add(pod('a'))
      expect(indexer.size).toBe(1)
      expect(reportError.mock.calls).toEqual([[mistake]])
      reportError.mockRestore()
    })

    it('[wire/malformed] an index function that throws because the text is not JSON has the entry dropped, and subscribers are called in order', () => {
      const errors: unknown[] = []
      const name = ({ metadata }: KubeObject) => [metadata.name ?? '']
      const indexer = new Indexer(
        metaNamespaceKey,
        { name, constant: () => ['x'] },
        { onError: (error) => errors.push((error as Error).cause) },
      )
      const seen = record(indexer)
      const told: string[] = []
      indexer.onUnreadable(({ key }) => void told.push(key))
      indexer.replace([unreadable('a'), entryFromText('{"metadata":{"name":"b"}}')], '5')
      expect(seen).toEqual(['replace 5: added a, added b', 'apply : deleted a'])
      expect(told).toEqual(['n/a'])
      expect(errors.map(isParseError)).toEqual([true])
      expect(indexer.keys()).toEqual(['b'])
      expect(indexer.indexValues('namespace')).toEqual([''])
      expect(indexer.indexKeys('constant', 'x')).toEqual(['b'])
      expect(indexer.resourceVersion).toBe('')
    })
  })

  it('an indexer has the keys that its key function returns', () => {
    const uid = (object: Parameters<typeof metaNamespaceKey>[0]) => ('metadata' in object ? object.metadata.uid : object.uid) ?? ''
    const indexer = new Indexer(uid, { node })
    indexer.replace([pod('a', { nodeName: 'n1' }), pod('x/a', { uid: 'v', nodeName: 'n1' })], '1')
    expect(indexer.indexKeys('node', 'n1')).toEqual(['u-a', 'v-a'])
    expect(keys(indexer.byIndex('namespace', 'x'))).toEqual(['x/a'])
  })

  it('after any history the indexes equal those computed from the start', () => {
    const thing = fc
      .record({
        name: fc.constantFrom('x/a', 'x/b', 'y/a', 'y/c'),
        rv: fc.constantFrom('', '1', '2'),
        uid: fc.constantFrom('1', '2'),
        volumes: fc.array(fc.constantFrom('p', 'q', 'r', 'throw'), { maxLength: 3 }),
        broken: fc.constantFrom(false, false, false, true),
      })
      .map(({ name, broken, ...options }) => (broken ? { ...pod(name, options), text: `${pod(name, options).text}!` } : pod(name, options)))
      // Made anew each time: a store marks the entries it holds.
      .map((it) => () => entryFromText<Pod>(it.text))
    const change = fc.record({ type: fc.constantFrom('ADDED' as const, 'DELETED' as const), thing })
    const steps = fc.array(
      fc.oneof(
        fc.array(change, { maxLength: 4 }),
        fc.record({ replace: fc.array(thing, { maxLength: 4 }) }),
        fc.constant('delete' as const),
      ),
      { maxLength: 15 },
    )
    const strict: IndexFunc<Pod> = (object, entry) => {
      const values = volume(object, entry)
      if (values.includes('throw')) throw new Error('as asked for')
      return values
    }
    fc.assert(
      fc.property(steps, (script) => {
        const indexer = new Indexer(metaNamespaceKey, { strict }, { onError: () => undefined })
        const check = () => {
          const expected = new Map<string, string[]>()
          for (const entry of indexer.list()) {
            const values = entry.object.spec?.volumes ?? []
            if (!values.includes('throw'))
              for (const value of new Set(values)) expected.set(value, [...(expected.get(value) ?? []), entry.key].sort())
          }
          expect(new Map(indexer.indexValues('strict').map((value) => [value, keys(indexer.byIndex('strict', value))]))).toEqual(expected)
          const namespaces = new Set(indexer.list().map(({ namespace }) => namespace))
          expect(new Set(indexer.indexValues('namespace'))).toEqual(namespaces)
          for (const namespace of namespaces)
            expect(keys(indexer.byIndex('namespace', namespace))).toEqual(keys(indexer.list().filter((it) => it.namespace === namespace)))
        }
        const mistakes: unknown[] = []
        indexer.subscribe(() => {
          try {
            check()
          } catch (mistake) {
            mistakes.push(mistake)
          }
        })
        for (const step of script) {
          if (step === 'delete') indexer.delete({ name: 'a', namespace: 'x' })
          else if ('replace' in step)
            indexer.replace(
              step.replace.map((it) => it()),
              '1',
            )
          else
            indexer.apply(
              step.map((it) => ({ type: it.type, entry: it.thing() })),
              '2',
            )
          check()
        }
        expect(mistakes).toEqual([])
      }),
      { numRuns: 300 },
    )
  })
})
