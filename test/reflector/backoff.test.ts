import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Backoff, Pace } from '../../src/reflector/backoff'

/** The next waits. */
function waits(backoff: Backoff, count: number): number[] {
  return Array.from({ length: count }, () => backoff.next())
}

describe('the waits', () => {
  it('[watch/backoff] waits double from 800 ms to 30 s at the lower end of the random range', () => {
    expect(waits(new Backoff({}, () => 0), 8)).toEqual([800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000])
  })

  it('[watch/backoff] waits are twice as long at the upper end of the random range', () => {
    expect(waits(new Backoff({}, () => 1), 8)).toEqual([1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000])
  })

  it('[watch/backoff] every wait lies between d and 2d for any random number', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1, maxLength: 20 }), (chances) => {
        let draw = 0
        const backoff = new Backoff({}, () => chances[draw++] ?? 0)
        waits(backoff, chances.length).forEach((wait, i) => {
          const base = Math.min(800 * 2 ** i, 30_000)
          expect(wait).toBeGreaterThanOrEqual(base)
          expect(wait).toBeLessThanOrEqual(2 * base)
        })
      }),
    )
  })

  it('[watch/backoff] waits start over after a reset', () => {
    const backoff = new Backoff({}, () => 0)
    waits(backoff, 5)
    backoff.reset()
    expect(backoff.next()).toBe(800)
  })

  it('[watch/backoff] the first wait after a healthy attempt lies between d and 1.25d', () => {
    for (const [chance, first] of [
      [0, 800],
      [0.5, 900],
      [1, 1000],
    ] as const) {
      const backoff = new Backoff({}, () => chance)
      waits(backoff, 5)
      expect(backoff.first()).toBe(first)
      expect(backoff.next()).toBe(1600 * (1 + chance))
    }
  })

  it('[watch/backoff] waits follow the options', () => {
    expect(waits(new Backoff({ initialMs: 10, maxMs: 50, factor: 3 }, () => 0), 4)).toEqual([10, 30, 50, 50])
  })

  it('[watch/backoff] the longest wait can be requested without affecting the others', () => {
    const backoff = new Backoff({}, () => 0.5)
    expect(backoff.longest()).toBe(45_000)
    expect(backoff.next()).toBe(1200)
  })
})

it.each([{ initialMs: 0 }, { initialMs: -1 }, { initialMs: Number.NaN }, { factor: 0.5 }, { maxMs: 100 }])(
  'a backoff that would not wait is refused: %j',
  (options) => {
    expect(() => new Backoff(options)).toThrow(/backoff: initialMs must be above 0, factor at least 1 and maxMs at least initialMs, got/)
  },
)

describe('the pace of attempts that need no wait', () => {
  it('[watch/backoff] allows four attempts without a wait at once, then one every four seconds', () => {
    const pace = new Pace(0)
    const waited: number[] = []
    let now = 0
    for (let i = 0; i < 8; i++) {
      const wait = pace.waitMs(now)
      waited.push(wait)
      now += wait
      pace.count(now)
    }
    expect(waited).toEqual([0, 0, 0, 0, 4000, 4000, 4000, 4000])
  })

  it('[watch/backoff] allows at most twenty attempts in a minute, also after the clock was set back', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5000, max: 20_000 }), { maxLength: 200 }), (gaps) => {
        const pace = new Pace(0)
        const times: number[] = []
        let now = 0
        for (const gap of gaps) {
          now += Math.max(0, gap)
          const wait = pace.waitMs(gap < 0 ? now + gap : now)
          expect(wait).toBeLessThanOrEqual(4000.001)
          now += wait
          pace.count(now)
          times.push(now)
        }
        for (const [i, at] of times.entries()) expect((times[i + 20] ?? Number.POSITIVE_INFINITY) - at).toBeGreaterThan(60_000)
      }),
    )
  })
})
