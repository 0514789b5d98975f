import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Listed, SortedList } from '../../src/view/sorted-list'

interface Item extends Listed<Item> {
  readonly value: number
}

const item = (value: number): Item => ({ value, block: undefined, shown: false })
const byValue = (a: Item, b: Item) => a.value - b.value
const values = (items: readonly Item[]) => items.map(({ value }) => value)

describe('SortedList', () => {
  it('a SortedList shows the added items in order, without hidden and removed ones, for any block sizes', () => {
    // Runs of one kind, so that blocks are cut and joined.
    const run = fc.record({
      kind: fc.constantFrom('add', 'add', 'delete', 'hide', 'show'),
      from: fc.nat(2000),
      count: fc.oneof(fc.constant(1), fc.nat(1500)),
      step: fc.constantFrom(1, 7, -1),
    })
    fc.assert(
      fc.property(fc.array(run, { maxLength: 12 }), fc.nat(1500), fc.nat(1500), (script, start, length) => {
        const list = new SortedList<Item>(byValue)
        const model = new Map<number, Item>()
        const hidden = new Set<Item>()
        for (const { kind, from, count, step } of script) {
          for (let i = 0; i < count; i++) {
            const value = from + i * step
            const known = model.get(value) ?? item(value)
            if (kind === 'add' && !model.has(value)) {
              model.set(value, known)
              list.add(known)
            } else if (kind === 'delete') {
              model.delete(value)
              hidden.delete(known)
              list.delete(known)
            } else if (kind !== 'add') {
              if (kind === 'hide' && model.has(value)) hidden.add(known)
              else hidden.delete(known)
              list.show(known, kind === 'show')
            }
          }
        }
        const expected = [...model.values()].filter((it) => !hidden.has(it)).sort(byValue)
        expect(list.shown).toBe(expected.length)
        expect(values(list.slice(0, Number.POSITIVE_INFINITY))).toEqual(values(expected))
        expect(values(list.slice(start, start + length))).toEqual(values(expected.slice(start, start + length)))
      }),
      { numRuns: 100 },
    )
  })

  it('a SortedList finds a position among 100 times as many items with a few more comparisons, and removes, hides and shows without any', () => {
    const comparisons = (count: number) => {
      let compared = 0
      const list = new SortedList<Item>((a, b) => {
        compared++
        return byValue(a, b)
      })
      for (let i = 0; i < count; i++) list.add(item((i * 7919) % count))
      compared = 0
      const between = item(count / 2 + 0.5)
      list.add(between)
      const added = compared
      list.show(between, false)
      list.show(between, true)
      list.delete(between)
      return { added, more: compared - added }
    }
    expect(comparisons(1_000)).toEqual({ added: expect.toSatisfy((added) => added <= 12), more: 0 })
    expect(comparisons(100_000)).toEqual({ added: expect.toSatisfy((added) => added <= 19), more: 0 })
  })

  it('a SortedList removes an item even when the comparison contradicts itself', () => {
    let contrary = false
    const list = new SortedList<Item>((a, b) => (contrary ? b.value - a.value : a.value - b.value))
    const all = Array.from({ length: 2_000 }, (_, i) => item(i))
    for (const it of all) list.add(it)
    contrary = true
    for (const it of all.slice(0, 1_990)) list.delete(it)
    expect(values(list.slice(0, 100))).toEqual(values(all.slice(1_990)))
  })

  it('a SortedList ignores the removal of an unknown item', () => {
    const list = new SortedList<Item>(byValue)
    const stranger = item(1)
    list.delete(stranger)
    list.show(stranger, true)
    list.add(item(1))
    list.delete(stranger)
    expect(list.shown).toBe(1)
  })
})
