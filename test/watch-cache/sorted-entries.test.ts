import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { KubeObject } from '../../src/api/object'
import type { Entry } from '../../src/codec/entry'
import { EntrySnapshot, SortedEntries } from '../../src/watch-cache/sorted-entries'
import { pod } from './pods'

const keys = Array.from({ length: 3000 }, (_, index) => `shop/p${(index * 7919) % 3000}`)

it('sorted entries equal a sorted map after any changes, and snapshots keep the state in which they were made', () => {
  const change = fc.record({ key: fc.constantFrom(...keys.slice(0, 40)), type: fc.constantFrom('set', 'delete', 'snapshot') })
  fc.assert(
    fc.property(fc.array(change, { maxLength: 200 }), (changes) => {
      const sorted = SortedEntries.of<KubeObject>(keys.slice(0, 20).map((key) => pod(key, 1)))
      const model = new Map(keys.slice(0, 20).map((key) => [key, '1']))
      const kept: { state: EntrySnapshot<KubeObject>; expected: [string, string][] }[] = []
      const expected = () => [...model].sort(([a], [b]) => (a < b ? -1 : 1))
      for (const [index, { key, type }] of changes.entries()) {
        if (type === 'set') {
          sorted.set(pod(key, index + 2))
          model.set(key, String(index + 2))
        } else if (type === 'delete') {
          sorted.delete(key)
          model.delete(key)
        } else kept.push({ state: sorted.snapshot(), expected: expected() })
        expect(sorted.size).toBe(model.size)
        expect(sorted.get(key)?.resourceVersion).toBe(model.get(key))
      }
      kept.push({ state: sorted.snapshot(), expected: expected() })
      for (const { state, expected } of kept) expect(state.all().map(brief)).toEqual(expected)
    }),
  )
})

it('a snapshot of many chunks finds keys and ranges across their borders', () => {
  const sorted = new SortedEntries<KubeObject>()
  for (const key of keys) sorted.set(pod(key, 1))
  const state = sorted.snapshot()
  const all = [...keys].sort()
  expect(state.size).toBe(3000)
  expect(state.all().map(({ key }) => key)).toEqual(all)
  for (const at of [0, 1, 255, 256, 511, 512, 1500, 2999]) {
    expect(state.lowerBound(all[at] ?? '')).toBe(at)
    expect([...state.range(at, at + 300)].map(({ key }) => key)).toEqual(all.slice(at, at + 300))
  }
  expect(state.lowerBound('zoo/a')).toBe(3000)
})

it('a change after a snapshot copies one chunk and shares the others', () => {
  const sorted = SortedEntries.of<KubeObject>(keys.map((key) => pod(key, 1)))
  const before = sorted.snapshot()
  sorted.set(pod('shop/p0', 2))
  const after = sorted.snapshot()
  expect(after.chunks.filter((chunk, at) => chunk !== before.chunks[at])).toHaveLength(1)
  expect(sorted.snapshot()).toBe(after)
})

it('an empty snapshot has no entries', () => {
  const state = new EntrySnapshot<KubeObject>([])
  expect([state.size, state.lowerBound('a'), state.get('a'), [...state.range(0, 5)]]).toEqual([0, 0, undefined, []])
})

const brief = ({ key, resourceVersion }: Entry<KubeObject>): [string, string] => [key, resourceVersion]
