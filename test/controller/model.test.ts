import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Controller, type ReconcileResult } from '../../src/controller/controller'
import { VirtualClock } from '../../src/testing/virtual-clock'
import { named, TestSource } from './support'

// Objects change while reconcilers of all kinds run: fast and slow ones, ones that fail, ones that want to look again.

const wait = fc.nat({ max: 20 })
const change = fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd'), at: fc.nat({ max: 200 }), deleted: fc.boolean() })
const plan = fc.record({
  workMs: wait,
  outcome: fc.oneof(
    { weight: 3, arbitrary: fc.constant('succeed' as const) },
    { weight: 2, arbitrary: fc.constant('throw' as const) },
    { weight: 1, arbitrary: wait.map((requeueAfterMs) => ({ requeueAfterMs })) },
  ),
})
const changes = fc.array(change, { maxLength: 40, size: 'max' })
const plans = fc.array(plan, { maxLength: 60, size: 'max' })
const concurrency = fc.integer({ min: 1, max: 5 })

type Change = typeof change extends fc.Arbitrary<infer C> ? C : never
type Plan = typeof plan extends fc.Arbitrary<infer P> ? P : never

/** How long a key may stand in line: each of the three others may be reconciled before it. */
const LONGEST_LINE_MS = 3 * 20

/** A controller whose reconciler does what is planned, call by call, and then nothing but succeed. */
class Play {
  readonly clock = new VirtualClock(0)
  readonly stop = new AbortController()
  readonly controller: Controller
  readonly runs: { readonly key: string; readonly start: number; end: number; readonly outcome: Plan['outcome'] }[] = []
  readonly running = new Set<string>()
  /** When each key changed last. */
  readonly changed = new Map<string, number>()
  /** What went wrong that was not planned. */
  readonly surprises: unknown[] = []
  readonly #informer = new TestSource().synced()
  readonly #plans: Plan[]
  readonly #failures = new Map<string, number>()

  constructor(someChanges: readonly Change[], somePlans: readonly Plan[], workers: number) {
    this.#plans = [...somePlans]
    this.#informer.addEventHandler({ onChange: ({ entry }) => void this.changed.set(entry.key, this.clock.now()) })
    for (const { name, at, deleted } of someChanges) {
      this.clock.setTimeout(() => (deleted ? this.#informer.delete(name) : this.#informer.set(named(name))), at)
    }
    this.controller = new Controller({
      informer: this.#informer,
      clock: this.clock,
      concurrency: workers,
      reconcile: (key) => this.#reconcile(key, workers),
      onError: (key, error, retries) => {
        const { message } = error as Error
        const failures = this.#failures.get(key) ?? 0
        if (message !== 'planned' || retries !== failures) this.surprises.push(`${key}, failure ${failures}, retry ${retries}: ${message}`)
        this.#failures.set(key, failures + 1)
      },
    })
  }

  async #reconcile(key: string, workers: number): Promise<ReconcileResult | undefined> {
    const { workMs, outcome } = this.#plans.shift() ?? { workMs: 0, outcome: 'succeed' }
    const run = { key, start: this.clock.now(), end: Number.NaN, outcome }
    this.runs.push(run)
    if (this.running.has(key)) this.surprises.push(`${key} is reconciled twice at once`)
    this.running.add(key)
    if (this.running.size > workers) this.surprises.push(`${this.running.size} keys at once`)
    await new Promise<void>((resolve) => void this.clock.setTimeout(resolve, workMs))
    run.end = this.clock.now()
    this.running.delete(key)
    if (outcome === 'throw') throw new Error('planned')
    this.#failures.delete(key)
    return outcome === 'succeed' ? undefined : outcome
  }
}

it('runs one reconciler per key at a time, and one after the last change, for any changes, failures and requeues', async () => {
  await fc.assert(
    fc.asyncProperty(changes, plans, concurrency, async (...given) => {
      const { clock, stop, controller, runs, changed, surprises } = new Play(...given)
      const ended = controller.run({ signal: stop.signal })
      // Far longer than sixty failures in a row take.
      await clock.advance(1e9)

      expect(surprises).toEqual([])
      expect(new Set(runs.map(({ key }) => key))).toEqual(new Set(changed.keys()))
      for (const [key, at] of changed) {
        const own = runs.filter((run) => run.key === key)
        expect(own.at(-1)).toMatchObject({ outcome: 'succeed' })
        expect(own.at(-1)?.start).toBeGreaterThanOrEqual(at)
        for (const [index, { end, outcome }] of own.entries()) {
          if (typeof outcome === 'object') expect(own[index + 1]?.start).toBeLessThanOrEqual(end + outcome.requeueAfterMs + LONGEST_LINE_MS)
        }
        expect(controller.queue.numRequeues(key)).toBe(0)
      }
      expect(controller.queue.stats).toMatchObject({ depth: 0, processing: 0, delayed: 0 })
      expect(clock.pending).toBe(0)
      stop.abort()
      await ended
    }),
    { numRuns: 200 },
  )
})

it('an abort at any moment starts nothing more, waits for running reconcilers, and leaves nothing behind', async () => {
  await fc.assert(
    fc.asyncProperty(changes, plans, concurrency, fc.nat({ max: 250 }), async (someChanges, somePlans, workers, abortAt) => {
      const { clock, stop, controller, runs, running, surprises } = new Play(someChanges, somePlans, workers)
      let runningAtTheEnd: string[] | undefined
      const ended = controller.run({ signal: stop.signal }).then(() => {
        runningAtTheEnd = [...running]
      })
      await clock.advance(abortAt)
      stop.abort()
      const begun = runs.length
      await clock.advance(1000)
      await ended
      expect(runningAtTheEnd).toEqual([])
      expect(runs).toHaveLength(begun)
      expect(surprises).toEqual([])
      expect(clock.pending).toBe(0)
    }),
    { numRuns: 200 },
  )
})
