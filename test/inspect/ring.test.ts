import { describe, expect, it } from 'vitest'
import { Ring } from '../../src/inspect/ring'

describe('a ring', () => {
  it.each([1, 2, 3, 7])('keeps the newest %i items in their order, whatever their number', (limit) => {
    const ring = new Ring<number>(limit)
    const all: number[] = []
    for (let i = 0; i < 4 * limit; i++) {
      expect(ring.items()).toEqual(all.slice(-limit))
      ring.push(i)
      all.push(i)
    }
    expect(ring.items()).toEqual(all.slice(-limit))
  })
})
