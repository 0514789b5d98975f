import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Backoff } from '../../src/reflector/backoff'

/** So many waits, one after the other, each attempt failing at once. */
function waits(backoff: Backoff, count: number): number[] {
  let now = 0
  return Array.from({ length: count }, () => {
    const wait = backoff.next(now)
    now += wait
    return wait
  })
}

describe('20. the waits', () => {
  it('are 800 ms to 30 s, each twice the one before, when chance adds nothing', () => {
    expect(waits(new Backoff({}, () => 0), 8)).toEqual([800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000])
  })

  it('are up to twice that when chance adds everything', () => {
    expect(waits(new Backoff({}, () => 1), 8)).toEqual([1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000])
  })

  it('are drawn from d to 2d, whatever chance says', () => {
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

  it('begin anew after two minutes of health, and no sooner', () => {
    const backoff = new Backoff({}, () => 0)
    expect(backoff.next(0)).toBe(800)
    expect(backoff.next(800 + 120_000)).toBe(1600)
    expect(backoff.next(800 + 120_000 + 1600 + 120_001)).toBe(800)
  })

  it('are no health themselves, however long they are', () => {
    expect(waits(new Backoff({ maxMs: 600_000 }, () => 1), 12).slice(-2)).toEqual([1_200_000, 1_200_000])
  })

  it('begin anew when asked to', () => {
    const backoff = new Backoff({}, () => 0)
    waits(backoff, 5)
    backoff.reset()
    expect(backoff.next(0)).toBe(800)
  })

  it('go on when the clock was set back', () => {
    const backoff = new Backoff({}, () => 0)
    expect([backoff.next(1_000_000), backoff.next(0), backoff.next(0)]).toEqual([800, 1600, 3200])
  })

  it('follow the options', () => {
    expect(waits(new Backoff({ initialMs: 10, maxMs: 50, factor: 3 }, () => 0), 4)).toEqual([10, 30, 50, 50])
  })

  it('can be asked for at their longest, which counts for nothing', () => {
    const backoff = new Backoff({}, () => 0.5)
    expect(backoff.longest()).toBe(45_000)
    expect(backoff.next(0)).toBe(1200)
  })
})

it.each([{ initialMs: 0 }, { initialMs: -1 }, { initialMs: Number.NaN }, { factor: 0.5 }, { maxMs: 100 }])(
  'a backoff that would not wait is refused: %j',
  (options) => {
    expect(() => new Backoff(options)).toThrow(/backoff: initialMs must be above 0, factor at least 1 and maxMs at least initialMs, not/)
  },
)
