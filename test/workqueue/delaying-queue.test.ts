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
  it('a delayed item is queued at its time, not before, and once', async () => {
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

  it('a delayed item goes to a waiting worker', async () => {
    const { clock, queue } = setUp()
    const item = queue.get()
    queue.addAfter('foo', 50)
    await clock.advance(50)
    expect(await item).toBe('foo')
  })

  it('[workqueue/delay] an item delayed by 10 s and then by 1 s is queued once, after 1 s', async () => {
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

  it('an item delayed again for a later time is queued once, at the first time', async () => {
    const { clock, queue } = setUp()
    queue.addAfter('foo', 50)
    queue.addAfter('foo', 70)
    await clock.advance(60)
    expect(await takeAll(queue)).toEqual(['foo'])
    await clock.advance(60_000)
    expect(queue.length).toBe(0)
  })

  it('[workqueue/delay] a delayed item that is added directly is processed at once, and not again later', async () => {
    const { clock, queue } = setUp()
    queue.addAfter('foo', 1000)
    queue.add('foo')
    expect(clock.pending).toBe(0)
    expect(await takeAll(queue)).toEqual(['foo'])
    await clock.advance(60_000)
    expect(queue.length).toBe(0)
  })

  it('a delayed item is queued again although it was added directly before', async () => {
    const { clock, queue } = setUp()
    queue.add('foo')
    queue.addAfter('foo', 1000)
    expect(await takeAll(queue)).toEqual(['foo'])
    await clock.advance(1000)
    expect(await takeAll(queue)).toEqual(['foo'])
  })

  it('a delayed item that falls due during its processing is processed once more when it is done', async () => {
    const { clock, queue } = setUp()
    queue.add('foo')
    await queue.get()
    queue.addAfter('foo', 50)
    await clock.advance(100)
    expect(queue.length).toBe(0)
    queue.done('foo')
    expect(await takeAll(queue)).toEqual(['foo'])
  })

  it('a delay of zero or less queues an item at once', () => {
    const { clock, queue } = setUp()
    queue.addAfter('foo', 0)
    queue.addAfter('bar', -5)
    expect(queue.length).toBe(2)
    expect(clock.pending).toBe(0)
  })

  it('refuses a delay that is not a number', () => {
    const { queue } = setUp()
    for (const ms of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => queue.addAfter('foo', ms)).toThrow(`addAfter: ms must be a finite number of milliseconds, not ${ms}`)
    }
  })
})

describe('items added for later', () => {
  it('delayed items are queued in the order of their times, however they were added', async () => {
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

  it('delayed items that are late together are queued in the order of their times', async () => {
    const { clock, queue } = setUp()
    queue.addAfter('first', 1000)
    queue.addAfter('second', 500)
    queue.addAfter('third', 250)
    await clock.advance(2000)
    expect(await takeAll(queue)).toEqual(['third', 'second', 'first'])
  })

  it('delayed items need one timer, and none when there are no items', async () => {
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

  it('a later item sets no timer while an earlier one is pending', () => {
    const { clock, queue } = setUp()
    const setTimer = vi.spyOn(clock, 'setTimeout')
    queue.addAfter('first', 10)
    for (const item of ['second', 'third', 'first']) queue.addAfter(item, 20)
    queue.add('second')
    expect(setTimer).toHaveBeenCalledTimes(1)
  })
})

it('a delay longer than the longest timer of the runtime lasts to its end', async () => {
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

it.each(['shutDown', 'shutDownWithDrain'] as const)('%s drops delayed items and their timer', async (method) => {
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
