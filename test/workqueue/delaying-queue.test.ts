import { describe, expect, it, vi } from 'vitest'
import type { Clock } from '../../src/internal/clock'
import { VirtualClock } from '../../src/testing/virtual-clock'
import { DelayingQueue } from '../../src/workqueue/delaying-queue'

function setUp(clock: VirtualClock = new VirtualClock(0)) {
  return { clock, queue: new DelayingQueue<string>({ clock }) }
}

/** Takes and does all that stands in line. */
async function takeAll(queue: DelayingQueue<string>): Promise<string[]> {
  const items: string[] = []
  while (queue.length > 0) {
    const item = (await queue.get()) ?? ''
    queue.done(item)
    items.push(item)
  }
  return items
}

describe('an item added for later', () => {
  it('is in line when its time has come, not before, and once', async () => {
    const { clock, queue } = setUp()
    queue.addAfter('foo', 50)
    await clock.advance(49)
    expect(queue.length).toBe(0)
    expect(queue.stats).toMatchObject({ retries: 1, delayed: 1, depth: 0 })
    await clock.advance(1)
    expect(await takeAll(queue)).toEqual(['foo'])
    expect(queue.stats).toMatchObject({ retries: 1, delayed: 0 })
    await clock.advance(60_000)
    expect(queue.length).toBe(0)
  })

  it('hands an item to a waiting worker once its delay has passed', async () => {
    const { clock, queue } = setUp()
    const item = queue.get()
    queue.addAfter('foo', 50)
    await clock.advance(50)
    expect(await item).toBe('foo')
  })

  it('and again for sooner, 10 s and then 1 s, comes once, after 1 s', async () => {
    const { clock, queue } = setUp()
    queue.addAfter('foo', 10_000)
    queue.addAfter('foo', 1000)
    await clock.advance(999)
    expect(queue.length).toBe(0)
    await clock.advance(1)
    expect(await takeAll(queue)).toEqual(['foo'])
    await clock.advance(60_000)
    expect(queue.length).toBe(0)
  })

  it('and again for later comes once, at the first time', async () => {
    const { clock, queue } = setUp()
    queue.addAfter('foo', 50)
    queue.addAfter('foo', 70)
    await clock.advance(60)
    expect(await takeAll(queue)).toEqual(['foo'])
    await clock.advance(60_000)
    expect(queue.length).toBe(0)
  })

  it('and then added directly is processed at once, and not a second time later', async () => {
    const { clock, queue } = setUp()
    queue.addAfter('foo', 1000)
    queue.add('foo')
    expect(clock.pending).toBe(0)
    expect(await takeAll(queue)).toEqual(['foo'])
    await clock.advance(60_000)
    expect(queue.length).toBe(0)
  })

  it('comes again when it was added directly before', async () => {
    const { clock, queue } = setUp()
    queue.add('foo')
    queue.addAfter('foo', 1000)
    expect(await takeAll(queue)).toEqual(['foo'])
    await clock.advance(1000)
    expect(await takeAll(queue)).toEqual(['foo'])
  })

  it('whose time comes while it is being processed is processed once more when it is done', async () => {
    const { clock, queue } = setUp()
    queue.add('foo')
    await queue.get()
    queue.addAfter('foo', 50)
    await clock.advance(100)
    expect(queue.length).toBe(0)
    queue.done('foo')
    expect(await takeAll(queue)).toEqual(['foo'])
  })

  it('for no time, or for a time gone by, is in line at once', () => {
    const { clock, queue } = setUp()
    queue.addAfter('foo', 0)
    queue.addAfter('bar', -5)
    expect(queue.length).toBe(2)
    expect(clock.pending).toBe(0)
  })

  it('rejects a delay that is not a finite number', () => {
    const { queue } = setUp()
    for (const ms of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => queue.addAfter('foo', ms)).toThrow(`addAfter: ms must be a finite number of milliseconds, not ${ms}`)
    }
  })
})

describe('items added for later', () => {
  it('come in the order of their times, whenever they were added', async () => {
    const { clock, queue } = setUp()
    queue.addAfter('first', 1000)
    queue.addAfter('second', 50)
    await clock.advance(60)
    expect(await takeAll(queue)).toEqual(['second'])
    queue.addAfter('third', 2000)
    await clock.advance(1000)
    expect(await takeAll(queue)).toEqual(['first'])
    await clock.advance(2000)
    expect(await takeAll(queue)).toEqual(['third'])
  })

  it('that are late together are in line in the order of their times', async () => {
    const { clock, queue } = setUp()
    queue.addAfter('first', 1000)
    queue.addAfter('second', 500)
    queue.addAfter('third', 250)
    await clock.advance(2000)
    expect(await takeAll(queue)).toEqual(['third', 'second', 'first'])
  })

  it('need one timer, and none when there are none', async () => {
    const { clock, queue } = setUp()
    expect(clock.pending).toBe(0)
    for (let i = 0; i < 100; i++) queue.addAfter(`item-${i}`, 1 + ((i * 37) % 100))
    expect(clock.pending).toBe(1)
    await clock.advance(50)
    expect(queue.length).toBe(50)
    expect(clock.pending).toBe(1)
    await clock.advance(50)
    expect(queue.length).toBe(100)
    expect(clock.pending).toBe(0)
  })

  it('set no timer while an earlier one is waited for', () => {
    const { clock, queue } = setUp()
    const setTimer = vi.spyOn(clock, 'setTimeout')
    queue.addAfter('first', 10)
    for (const item of ['second', 'third', 'first']) queue.addAfter(item, 20)
    queue.add('second')
    expect(setTimer).toHaveBeenCalledTimes(1)
  })
})

it('a delay longer than the longest timer of the runtime is waited for to its end', async () => {
  const longestTimer = 2 ** 31 - 1
  const clock = new VirtualClock(0)
  const limited: Clock = {
    now: () => clock.now(),
    setTimeout: (callback, ms) => clock.setTimeout(callback, Math.min(ms, longestTimer)),
    clearTimeout: (handle) => clock.clearTimeout(handle),
  }
  const queue = new DelayingQueue<string>({ clock: limited })
  queue.addAfter('foo', 3 * longestTimer)
  await clock.advance(3 * longestTimer - 1)
  expect(queue.length).toBe(0)
  await clock.advance(1)
  expect(queue.length).toBe(1)
})

it.each(['shutDown', 'shutDownWithDrain'] as const)('%s forgets what was to be added later, and its timer', async (method) => {
  const { clock, queue } = setUp()
  queue.addAfter('foo', 1000)
  await queue[method]()
  expect(clock.pending).toBe(0)
  queue.addAfter('bar', 1000)
  queue.addAfter('baz', 0)
  expect(clock.pending).toBe(0)
  expect(queue.stats).toMatchObject({ depth: 0, delayed: 0, retries: 1 })
  expect(await queue.get()).toBeUndefined()
})
