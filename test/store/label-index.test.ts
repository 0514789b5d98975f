import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../src/api/object'
import { parseLabelSelector } from '../../src/api/selectors'
import { type Entry, entryFromObject, entryFromPacked } from '../../src/codec/entry'
import { Indexer } from '../../src/store/indexer'
import { Lister } from '../../src/store/lister'

const entry = (name: string, labels: Record<string, string>, resourceVersion = '1'): Entry<KubeObject> =>
  entryFromObject<KubeObject>({ metadata: { name, namespace: 'shop', resourceVersion, labels } })

describe('the index of labels', () => {
  it('gives the entries that a filter of all entries gives, whatever has changed between queries', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd')
    const labels = fc.dictionary(fc.constantFrom('app', 'tier', 'toString'), fc.constantFrom('web', 'db', ''))
    const selector = fc.constantFrom(
      'app=web',
      'app=web,tier!=db',
      'app in (web,db),tier=db',
      'tier==',
      'app',
      'toString=web',
      'none=x',
      '!app',
    )
    const step = fc.oneof(
      fc.record({ type: fc.constant('put' as const), name, labels }),
      fc.record({ type: fc.constant('delete' as const), name }),
      fc.record({ type: fc.constant('replace' as const), all: fc.uniqueArray(fc.tuple(name, labels), { selector: ([first]) => first }) }),
      fc.record({ type: fc.constant('query' as const), selector }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const indexer = new Indexer<KubeObject>()
        const lister = new Lister(indexer)
        steps.forEach((one, at) => {
          if (one.type === 'put') indexer.add(entry(one.name, one.labels, String(at)))
          else if (one.type === 'delete') indexer.delete({ metadata: { name: one.name, namespace: 'shop' } } as never)
          else if (one.type === 'replace') {
            const all = one.all.map(([each, own]) => entry(each, own, String(at)))
            indexer.replace(all, String(at))
          } else {
            const { matches } = parseLabelSelector(one.selector)
            const expected = indexer.list().filter((each) => matches(each.labels))
            const found = lister.list({ labelSelector: one.selector })
            expect(found.map(({ key }) => key).sort()).toEqual(expected.map(({ key }) => key).sort())
          }
        })
      }),
      { numRuns: 500 },
    )
  })

  it('reads no labels without a query, and only those of changed objects afterwards', () => {
    const reads: string[] = []
    const counted = (name: string, version: string) => {
      const { key, text } = entry(name, { app: 'web' })
      return entryFromPacked<KubeObject>(key, '', version, text, (packed) => {
        reads.push(`${name}@${version}`)
        return packed
      })
    }
    const indexer = new Indexer<KubeObject>()
    const lister = new Lister(indexer)
    indexer.replace([counted('a', '1'), counted('b', '2')], '2')
    indexer.add(counted('a', '3'))
    expect(reads).toEqual([])
    expect(lister.list({ labelSelector: 'app=web' })).toHaveLength(2)
    expect(reads.sort()).toEqual(['a@3', 'b@2'])
    indexer.add(counted('b', '4'))
    expect(lister.list({ labelSelector: 'app=web' })).toHaveLength(2)
    expect(reads.sort()).toEqual(['a@3', 'b@2', 'b@4'])
  })
})
