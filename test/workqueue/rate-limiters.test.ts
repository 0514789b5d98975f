import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../../src/testing/virtual-clock'
import {
  BucketRateLimiter,
  defaultControllerRateLimiter,
  ItemExponentialFailureRateLimiter,
  ItemFastSlowRateLimiter,
  MaxOfRateLimiter,
  type RateLimiter,
  WithMaxWaitRateLimiter,
} from '../../src/workqueue/rate-limiters'

/** The waits of an item that fails so many times. */
function waits<T>(limiter: RateLimiter<T>, item: T, count: number): number[] {
  return Array.from({ length: count }, () => limiter.when(item))
}

describe('ItemExponentialFailureRateLimiter', () => {
  it('ItemExponentialFailureRateLimiter doubles the wait of an item with each failure', () => {
    const limiter = new ItemExponentialFailureRateLimiter({ baseDelayMs: 1, maxDelayMs: 1000 })
    expect(waits(limiter, 'one', 5)).toEqual([1, 2, 4, 8, 16])
    expect(limiter.numRequeues('one')).toBe(5)
    expect(waits(limiter, 'two', 2)).toEqual([1, 2])
    expect(limiter.numRequeues('two')).toBe(2)
  })

  it('ItemExponentialFailureRateLimiter starts over for a forgotten item, and keeps the others', () => {
    const limiter = new ItemExponentialFailureRateLimiter({ baseDelayMs: 1 })
    waits(limiter, 'one', 5)
    waits(limiter, 'two', 5)
    limiter.forget('one')
    expect(limiter.numRequeues('one')).toBe(0)
    expect(limiter.when('one')).toBe(1)
    expect(limiter.when('two')).toBe(32)
  })

  it('ItemExponentialFailureRateLimiter starts at 5 ms and never exceeds 1,000 s by default', () => {
    const limiter = new ItemExponentialFailureRateLimiter()
    expect(waits(limiter, 'one', 6)).toEqual([5, 10, 20, 40, 80, 160])
    expect(waits(limiter, 'often', 2000).at(-1)).toBe(1_000_000)
    expect(limiter.numRequeues('often')).toBe(2000)
  })

  it.each([
    [0, 10],
    [-1, 10],
    [10, 5],
    [Number.NaN, 5],
    [5, Number.POSITIVE_INFINITY],
  ])('ItemExponentialFailureRateLimiter refuses waits from %d to %d ms', (baseDelayMs, maxDelayMs) => {
    expect(() => new ItemExponentialFailureRateLimiter({ baseDelayMs, maxDelayMs })).toThrow(`not ${baseDelayMs} and ${maxDelayMs}`)
  })
})

describe('ItemFastSlowRateLimiter', () => {
  it('ItemFastSlowRateLimiter gives an item short waits first, then long ones', () => {
    const limiter = new ItemFastSlowRateLimiter({ fastDelayMs: 5, slowDelayMs: 10_000, maxFastAttempts: 3 })
    expect(waits(limiter, 'one', 5)).toEqual([5, 5, 5, 10_000, 10_000])
    expect(limiter.numRequeues('one')).toBe(5)
    expect(waits(limiter, 'two', 2)).toEqual([5, 5])
    expect(limiter.numRequeues('two')).toBe(2)

    limiter.forget('one')
    expect(limiter.numRequeues('one')).toBe(0)
    expect(limiter.when('one')).toBe(5)
  })

  it('ItemFastSlowRateLimiter refuses invalid waits and attempts by name', () => {
    const good = { fastDelayMs: 5, slowDelayMs: 10, maxFastAttempts: 3 }
    expect(() => new ItemFastSlowRateLimiter({ ...good, fastDelayMs: -1 })).toThrow('fastDelayMs must be')
    expect(() => new ItemFastSlowRateLimiter({ ...good, slowDelayMs: Number.POSITIVE_INFINITY })).toThrow('slowDelayMs must be')
    expect(() => new ItemFastSlowRateLimiter({ ...good, maxFastAttempts: Number.NaN })).toThrow('maxFastAttempts must be')
  })
})

describe('BucketRateLimiter', () => {
  it('BucketRateLimiter passes a burst, then ten a second; a waiting item has reserved its place', () => {
    const limiter = new BucketRateLimiter({ clock: new VirtualClock() })
    expect(waits(limiter, 'any', 100)).toEqual(Array(100).fill(0))
    expect(waits(limiter, 'any', 3).map(Math.round)).toEqual([100, 200, 300])
  })

  it('BucketRateLimiter refills over time, up to a burst', async () => {
    const clock = new VirtualClock()
    const limiter = new BucketRateLimiter({ perSecond: 100, burst: 3, clock })
    expect(waits(limiter, 'any', 5).map(Math.round)).toEqual([0, 0, 0, 10, 20])
    await clock.advance(30)
    expect(waits(limiter, 'any', 2).map(Math.round)).toEqual([0, 10])
    await clock.advance(60_000)
    expect(waits(limiter, 'any', 4).map(Math.round)).toEqual([0, 0, 0, 10])
  })

  it('BucketRateLimiter loses nothing when the clock is set back', () => {
    let now = 1_000_000
    const clock = { now: () => now, setTimeout: () => undefined, clearTimeout: () => undefined }
    const limiter = new BucketRateLimiter({ perSecond: 1, burst: 2, clock })
    expect(limiter.when('any')).toBe(0)
    now = 0
    expect(waits(limiter, 'any', 2)).toEqual([0, 1000])
    now = 2000
    expect(limiter.when('any')).toBe(0)
  })

  it('BucketRateLimiter ignores which item it is asked about', () => {
    const limiter = new BucketRateLimiter()
    limiter.when('one')
    expect(limiter.numRequeues('one')).toBe(0)
    limiter.forget('one')
  })

  it('BucketRateLimiter refuses a rate and burst that let nothing through', () => {
    expect(() => new BucketRateLimiter({ perSecond: 0 })).toThrow('perSecond must be above 0 and burst at least 1, not 0 and 100')
    expect(() => new BucketRateLimiter({ burst: 0 })).toThrow('not 10 and 0')
  })
})

describe('MaxOfRateLimiter', () => {
  it('MaxOfRateLimiter returns the longest wait and the most failures, and forgets in all limiters', () => {
    const limiter = new MaxOfRateLimiter(
      new ItemFastSlowRateLimiter({ fastDelayMs: 5, slowDelayMs: 3000, maxFastAttempts: 3 }),
      new ItemExponentialFailureRateLimiter({ baseDelayMs: 1, maxDelayMs: 1000 }),
      new BucketRateLimiter(),
    )
    expect(waits(limiter, 'one', 5)).toEqual([5, 5, 5, 3000, 3000])
    expect(limiter.numRequeues('one')).toBe(5)
    expect(waits(limiter, 'two', 2)).toEqual([5, 5])
    expect(limiter.numRequeues('two')).toBe(2)
    limiter.forget('one')
    expect(limiter.numRequeues('one')).toBe(0)
    expect(limiter.when('one')).toBe(5)
  })
})

describe('WithMaxWaitRateLimiter', () => {
  it('WithMaxWaitRateLimiter caps the waits of another limiter', () => {
    const limiter = new WithMaxWaitRateLimiter(new ItemExponentialFailureRateLimiter({ baseDelayMs: 100 }), 500)
    expect(waits(limiter, 'one', 5)).toEqual([100, 200, 400, 500, 500])
    expect(limiter.numRequeues('one')).toBe(5)
    limiter.forget('one')
    expect(limiter.numRequeues('one')).toBe(0)
    expect(limiter.when('one')).toBe(100)
  })

  it('WithMaxWaitRateLimiter refuses an invalid maximum', () => {
    expect(() => new WithMaxWaitRateLimiter(new BucketRateLimiter(), Number.NaN)).toThrow('maxDelayMs must be')
  })
})

describe('defaultControllerRateLimiter', () => {
  it('[workqueue/rate-limit] the default limiter of controllers makes an item wait 5, 10, 20, 40, 80, 160 ms, and 5 again once it is forgotten', () => {
    const limiter = defaultControllerRateLimiter({ clock: new VirtualClock() })
    expect(waits(limiter, 'one', 6)).toEqual([5, 10, 20, 40, 80, 160])
    limiter.forget('one')
    expect(limiter.when('one')).toBe(5)
    expect(limiter.numRequeues('one')).toBe(1)
  })

  it('[workqueue/rate-limit] the default limiter of controllers passes ten items a second after a burst of one hundred', () => {
    const limiter = defaultControllerRateLimiter({ clock: new VirtualClock() })
    const firstWaits = Array.from({ length: 103 }, (_, i) => Math.round(limiter.when(`item-${i}`)))
    expect(firstWaits).toEqual([...Array(100).fill(5), 100, 200, 300])
  })
})
