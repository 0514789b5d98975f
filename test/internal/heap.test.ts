import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Heap } from '../../src/internal/heap'

const key = fc.nat({ max: 30 })
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('set' as const), key, priority: fc.nat({ max: 10 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pop' as const) }) },
)

it('a heap returns keys by priority, and keys of one priority in insertion order, for any sets and deletes', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100, size: 'max' }), (steps) => {
      const heap = new Heap<number>()
      // In insertion order, because sorting is stable.
      let model: { key: number; priority: number }[] = []
      const first = () => model.toSorted((a, b) => a.priority - b.priority)[0]
      const remove = (key: number | undefined) => {
        const had = model.some((node) => node.key === key)
        model = model.filter((node) => node.key !== key)
        return had
      }
      const check = () => {
        expect(heap.size).toBe(model.length)
        const next = heap.peek()
        expect(next && { key: next.key, priority: next.priority }).toEqual(first())
      }
      const pop = () => {
        const next = heap.peek()
        if (next) expect(heap.delete(next.key)).toBe(true)
        remove(next?.key)
      }
      for (const one of steps) {
        if (one.do === 'set') {
          remove(one.key)
          model.push({ key: one.key, priority: one.priority })
          heap.set(one.key, one.priority)
        } else if (one.do === 'delete') expect(heap.delete(one.key)).toBe(remove(one.key))
        else pop()
        check()
      }
      for (const { key, priority } of model) expect(heap.get(key)).toBe(priority)
      while (heap.size > 0) {
        pop()
        check()
      }
    }),
    { numRuns: 300 },
  )
})

it('a cleared heap is empty', () => {
  const heap = new Heap<string>()
  heap.set('a', 1)
  heap.clear()
  expect([heap.size, heap.peek(), heap.get('a'), heap.delete('a')]).toEqual([0, undefined, undefined, false])
})
