import fc from 'fast-check'
import { expect, it } from 'vitest'
import { VirtualClock } from '../../src/testing/virtual-clock'
import { DelayingQueue } from '../../src/workqueue/delaying-queue'
import { followed, type Outcome, turn } from './support'

// A queue beside a naive one that is told the same, step by step in virtual time.

const item = fc.constantFrom('a', 'b', 'c', 'd')
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('add' as const), item }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('addAfter' as const), item, ms: fc.nat({ max: 20 }) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('get' as const) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('done' as const), item }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.nat({ max: 15 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('abort' as const), which: fc.nat({ max: 20 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('shutDown' as const, 'shutDownWithDrain' as const) }) },
)

/** Does what the queue should, with lists only. */
class NaiveQueue {
  now = 0
  line: string[] = []
  again: string[] = []
  processing: string[] = []
  delayed: { item: string; at: number }[] = []
  down = false
  adds = 0
  retries = 0
  gets: (Outcome | undefined)[] = []
  drains: boolean[] = []

  add(item: string): void {
    this.delayed = this.delayed.filter((other) => other.item !== item)
    if (this.down || this.line.includes(item) || this.again.includes(item)) return
    this.adds++
    if (this.processing.includes(item)) this.again.push(item)
    else this.line.push(item)
    this.#settle()
  }
  addAfter(item: string, ms: number): void {
    if (this.down) return
    this.retries++
    if (ms === 0) {
      this.add(item)
      return
    }
    const known = this.delayed.find((other) => other.item === item)
    if (known && known.at <= this.now + ms) return
    this.delayed = [...this.delayed.filter((other) => other !== known), { item, at: this.now + ms }]
  }
  get(): void {
    this.gets.push(undefined)
    this.#settle()
  }
  abort(which: number): void {
    if (which < this.gets.length) this.gets[which] ??= { reason: 'aborted' }
  }
  done(item: string): void {
    if (!this.processing.includes(item)) return
    this.processing = this.processing.filter((other) => other !== item)
    if (this.again.includes(item)) this.line.push(item)
    this.again = this.again.filter((other) => other !== item)
    this.#settle()
  }
  advance(ms: number): void {
    for (const end = this.now + ms; this.now < end; ) {
      this.now++
      for (const { item } of this.delayed.filter(({ at }) => at === this.now)) this.add(item)
    }
  }
  shutDown(): void {
    this.#close()
    this.drains = this.drains.map(() => true)
  }
  shutDownWithDrain(): void {
    this.drains.push(false)
    this.#close()
  }

  #close(): void {
    this.down = true
    this.delayed = []
    this.#settle()
  }
  #settle(): void {
    for (const [which, outcome] of this.gets.entries()) {
      if (outcome) continue
      const item = this.line.shift()
      if (item !== undefined) this.processing.push(item)
      if (item !== undefined || this.down) this.gets[which] = { value: item }
    }
    if (this.line.length + this.again.length + this.processing.length === 0) this.drains = this.drains.map(() => this.down)
  }
}

it('a queue behaves like a naive model for any sequence of operations', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
      const clock = new VirtualClock(0)
      const queue = new DelayingQueue<string>({ clock })
      const model = new NaiveQueue()
      const gets: { controller: AbortController; result: ReturnType<typeof followed> }[] = []
      const drains: ReturnType<typeof followed>[] = []
      for (const one of steps) {
        switch (one.do) {
          case 'add':
          case 'done':
            queue[one.do](one.item)
            model[one.do](one.item)
            break
          case 'addAfter':
            queue.addAfter(one.item, one.ms)
            model.addAfter(one.item, one.ms)
            break
          case 'get': {
            const controller = new AbortController()
            gets.push({ controller, result: followed(queue.get({ signal: controller.signal })) })
            model.get()
            break
          }
          case 'abort':
            gets[one.which]?.controller.abort('aborted')
            model.abort(one.which)
            break
          case 'advance':
            await clock.advance(one.ms)
            model.advance(one.ms)
            break
          case 'shutDown':
            queue.shutDown()
            model.shutDown()
            break
          case 'shutDownWithDrain':
            drains.push(followed(queue.shutDownWithDrain()))
            model.shutDownWithDrain()
            break
        }
        await turn()
        expect(gets.map(({ result }) => result.outcome)).toEqual(model.gets)
        expect(drains.map(({ outcome }) => outcome !== undefined)).toEqual(model.drains)
        expect(queue.length).toBe(model.line.length)
        expect(queue.shuttingDown).toBe(model.down)
        expect(queue.stats).toMatchObject({
          depth: model.line.length + model.again.length,
          processing: model.processing.length,
          delayed: model.delayed.length,
          adds: model.adds,
          retries: model.retries,
        })
        expect(clock.pending).toBe(model.delayed.length > 0 ? 1 : 0)
      }
      // Whatever came before, nobody waits for ever.
      queue.shutDown()
      await turn()
      expect([...gets.map(({ result }) => result.outcome), ...drains.map(({ outcome }) => outcome)]).not.toContain(undefined)
      expect(clock.pending).toBe(0)
    }),
    { numRuns: 300 },
  )
})

const wait = fc.nat({ max: 10 })
const job = fc.record({ item, at: fc.nat({ max: 50 }), delayMs: fc.oneof(fc.constant(0), wait) })
const someJobs = fc.array(job, { maxLength: 30, size: 'max' })
const someWorkers = fc.array(fc.record({ workMs: wait, patienceMs: fc.option(wait) }), { minLength: 1, maxLength: 4 })

it('every added item is processed afterwards, by one worker at a time, for any number of workers, including impatient ones', async () => {
  await fc.assert(
    fc.asyncProperty(someJobs, someWorkers, async (jobs, workers) => {
      const clock = new VirtualClock(0)
      const queue = new DelayingQueue<string>({ clock })
      const pause = (ms: number) => new Promise<void>((resolve) => void clock.setTimeout(resolve, ms))
      const running = new Set<string>()
      const starts = new Map<string, number>()

      const run = workers.map(async ({ workMs, patienceMs }) => {
        for (;;) {
          const impatience = new AbortController()
          const timer = patienceMs === null ? undefined : clock.setTimeout(() => impatience.abort(), patienceMs + 1)
          const item = await queue.get({ signal: impatience.signal }).catch(() => 'nothing')
          clock.clearTimeout(timer)
          if (item === undefined) return
          if (item === 'nothing') continue
          expect(running).not.toContain(item)
          running.add(item)
          starts.set(item, clock.now())
          await pause(workMs)
          running.delete(item)
          queue.done(item)
        }
      })
      for (const { item, at, delayMs } of jobs) clock.setTimeout(() => queue.addAfter(item, delayMs), at)
      await clock.advance(100)
      const drained = queue.shutDownWithDrain()
      await clock.advance(1000)
      await Promise.all([...run, drained])

      for (const { item, at } of jobs) expect(starts.get(item)).toBeGreaterThanOrEqual(at)
      expect(queue.stats).toMatchObject({ depth: 0, processing: 0, delayed: 0 })
      expect(clock.pending).toBe(0)
    }),
    { numRuns: 100 },
  )
})
