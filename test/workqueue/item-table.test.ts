import { expect, it } from 'vitest'
import { ItemTable, NEVER } from '../../src/workqueue/item-table'

const kept = (table: ItemTable<number>) => table.items.filter((item) => item !== undefined).length

function use(table: ItemTable<number>, item: number): number {
  const slot = table.use(item)
  table.addedAt[slot] = 0
  return slot
}

function tableOf(count: number) {
  const table = new ItemTable<number>()
  const slots = Array.from({ length: count }, (_, item) => use(table, item))
  const release = (from: number, to: number) => {
    for (const slot of slots.slice(from, to)) {
      table.addedAt[slot] = NEVER
      table.release(slot)
    }
  }
  return { table, slots, release }
}

it('an item table keeps at most 1,024 items, or 7 for each item in use, after they were processed', () => {
  const { table, release } = tableOf(10_000)
  release(0, 9_700)
  expect(table.size).toBe(300)
  expect(kept(table)).toBeLessThanOrEqual(300 * 8)
  release(9_700, 9_999)
  expect(kept(table)).toBeLessThanOrEqual(1025)
})

it('an item table without items in use keeps none', () => {
  for (const count of [10, 10_000]) {
    const { table, release } = tableOf(count)
    release(0, count)
    expect(table.size).toBe(0)
    expect(kept(table)).toBe(0)
  }
})

it('an item table gives an item that is in use the same slot, and any other item a slot of its own', () => {
  const { table, slots: before, release } = tableOf(3000)
  release(0, 2700)
  const items = Array.from({ length: 3000 }, (_, item) => item)
  const slots = items.map((item) => use(table, item))
  expect(new Set(slots).size).toBe(3000)
  expect(slots.map((slot) => table.items[slot])).toEqual(items)
  expect(slots.slice(2700)).toEqual(before.slice(2700))
  expect(table.size).toBe(3000)
})

it('an item table finds items in any order, and none in a slot that was given to another item', () => {
  const { table, slots, release } = tableOf(1000)
  const orders = [slots, slots.toReversed(), slots.map((_, item) => (item * 7) % 1000)]
  for (const order of orders) for (const item of order) expect(table.find(item)).toBe(slots[item])
  release(0, 500)
  expect(table.find(499)).toBeUndefined()
  expect(table.find(500)).toBe(slots[500])
  const slot = use(table, 5000)
  expect(slot).toBeLessThan(500)
  expect(table.find(slot)).toBeUndefined()
  expect(table.find(5000)).toBe(slot)
})

it('an item table finds NaN, which is not equal to itself', () => {
  const { table } = tableOf(3)
  const slot = use(table, Number.NaN)
  expect(table.find(Number.NaN)).toBe(slot)
  expect(use(table, Number.NaN)).toBe(slot)
})
