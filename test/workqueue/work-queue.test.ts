import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../../src/testing/virtual-clock'
import { WorkQueue } from '../../src/workqueue/work-queue'
import { followed } from './support'

describe('items', () => {
  it('items leave the queue in the order in which they were added', async () => {
    const queue = new WorkQueue<string>()
    for (const item of ['a', 'b', 'c']) queue.add(item)
    expect([await queue.get(), await queue.get()]).toEqual(['a', 'b'])
    queue.add('d')
    expect([await queue.get(), await queue.get()]).toEqual(['c', 'd'])
  })

  it('an item added twice before it is taken is queued once', async () => {
    const queue = new WorkQueue<string>()
    queue.add('foo')
    expect(queue.length).toBe(1)
    queue.add('bar')
    queue.add('foo')
    expect(queue.length).toBe(2)
    queue.done((await queue.get()) ?? '')
    queue.done((await queue.get()) ?? '')
    expect(queue.length).toBe(0)
  })

  it('[workqueue/readd] an item added three times during its processing is processed once more after done', async () => {
    const queue = new WorkQueue<string>()
    queue.add('foo')
    expect(await queue.get()).toBe('foo')
    for (let i = 0; i < 3; i++) queue.add('foo')
    const again = followed(queue.get())
    await again.turn()
    expect(again.outcome).toBeUndefined()
    expect(queue.length).toBe(0)

    queue.done('foo')
    await again.turn()
    expect(again.outcome).toEqual({ value: 'foo' })
    queue.done('foo')
    expect(queue.length).toBe(0)
    expect(queue.stats.depth).toBe(0)
  })

  it('done has no effect on an item that is not being processed', async () => {
    const queue = new WorkQueue<string>()
    queue.add('foo')
    queue.done('foo')
    queue.done('unknown')
    expect(queue.length).toBe(1)
    expect(await queue.get()).toBe('foo')
    queue.done('foo')
    queue.done('foo')
    expect(queue.length).toBe(0)
  })

  it('items are distinguished by identity, whatever they are', async () => {
    const queue = new WorkQueue<object | number | string | boolean>()
    const [one, other] = [{ name: 'a' }, { name: 'a' }]
    for (const item of [one, other, one, 0, '', false, Number.NaN, Number.NaN]) queue.add(item)
    expect(queue.length).toBe(6)
    const taken = []
    while (queue.length > 0) taken.push(await queue.get())
    expect(taken).toEqual([one, other, 0, '', false, Number.NaN])
    expect(taken[0]).toBe(one)
  })
})

describe('waiting for an item', () => {
  it('waiting workers are served in turn', async () => {
    const queue = new WorkQueue<string>()
    const both = Promise.all([queue.get(), queue.get()])
    queue.add('a')
    queue.add('b')
    expect(queue.length).toBe(0)
    expect(await both).toEqual(['a', 'b'])
  })

  it('an aborted get rejects with the reason of the signal, and the item goes to the next worker', async () => {
    const queue = new WorkQueue<string>()
    const giveUp = new AbortController()
    const first = queue.get({ signal: giveUp.signal })
    const second = queue.get()
    giveUp.abort(new Error('enough'))
    queue.add('a')
    await expect(first).rejects.toThrow('enough')
    expect(await second).toBe('a')
  })

  it('a get with an aborted signal takes no item', async () => {
    const queue = new WorkQueue<string>()
    queue.add('a')
    await expect(queue.get({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
    expect(queue.length).toBe(1)
  })

  it('a get keeps its item when the signal is aborted after the item was assigned', async () => {
    const queue = new WorkQueue<string>()
    const giveUp = new AbortController()
    const item = queue.get({ signal: giveUp.signal })
    queue.add('a')
    giveUp.abort()
    expect(await item).toBe('a')
  })

  it('a get leaves no listener on the signal', async () => {
    const queue = new WorkQueue<string>()
    const { signal } = new AbortController()
    const balance = listenersOn(signal)
    const item = queue.get({ signal })
    const nothing = queue.get({ signal })
    expect(balance()).toBe(2)
    queue.add('a')
    queue.shutDown()
    await Promise.all([item, nothing])
    expect(balance()).toBe(0)
  })
})

describe('shutting down', () => {
  it('shutDown accepts no more items, hands out the queued ones, then ends the workers', async () => {
    const queue = new WorkQueue<string>()
    queue.add('a')
    expect(queue.shuttingDown).toBe(false)
    queue.shutDown()
    expect(queue.shuttingDown).toBe(true)
    queue.add('added after shutdown')
    expect([await queue.get(), await queue.get()]).toEqual(['a', undefined])
  })

  it('shutDown ends all waiting workers', async () => {
    const queue = new WorkQueue<string>()
    const waiting = [queue.get(), queue.get({ signal: new AbortController().signal })]
    queue.shutDown()
    expect(await Promise.all(waiting)).toEqual([undefined, undefined])
  })

  it('[workqueue/readd] shutDown still processes an item once more that was added during its processing', async () => {
    const queue = new WorkQueue<string>()
    queue.add('foo')
    await queue.get()
    queue.add('foo')
    const drained = followed(queue.shutDownWithDrain())
    expect(await queue.get()).toBeUndefined()
    queue.done('foo')
    await drained.turn()
    expect(drained.outcome).toBeUndefined()

    expect(await queue.get()).toBe('foo')
    queue.done('foo')
    expect(await queue.get()).toBeUndefined()
    await drained.turn()
    expect(drained.outcome).toEqual({ value: undefined })
  })

  it('shutDown does not wait for items in progress', async () => {
    const queue = new WorkQueue<string>()
    queue.add('foo')
    await queue.get()
    queue.shutDown()
    expect(await queue.get()).toBeUndefined()
  })
})

describe('shutting down with drain', () => {
  it('[workqueue/readd] shutDownWithDrain waits until all items in progress are done', async () => {
    const queue = new WorkQueue<string>()
    queue.add('foo')
    queue.add('bar')
    await queue.get()
    await queue.get()
    const drained = followed(queue.shutDownWithDrain())
    expect(await queue.get()).toBeUndefined()
    queue.done('foo')
    await drained.turn()
    expect(drained.outcome).toBeUndefined()
    queue.done('bar')
    await drained.turn()
    expect(drained.outcome).toEqual({ value: undefined })
  })

  it('shutDownWithDrain waits for queued items', async () => {
    const queue = new WorkQueue<string>()
    queue.add('foo')
    const drained = followed(queue.shutDownWithDrain())
    await drained.turn()
    expect(drained.outcome).toBeUndefined()
    queue.done((await queue.get()) ?? '')
    await drained.turn()
    expect(drained.outcome).toEqual({ value: undefined })
  })

  it('shutDownWithDrain resolves at once for an empty queue', async () => {
    await new WorkQueue<string>().shutDownWithDrain()
  })

  it('shutDownWithDrain stops waiting when the queue is shut down without a drain', async () => {
    const queue = new WorkQueue<string>()
    queue.add('foo')
    await queue.get()
    const drained = Promise.all([queue.shutDownWithDrain(), queue.shutDownWithDrain()])
    queue.shutDown()
    await drained
  })
})

describe('a loop over the queue', () => {
  it('iterating a queue marks each item as done when the next one is requested', async () => {
    const queue = new WorkQueue<string>()
    for (const item of ['a', 'b', 'again']) queue.add(item)
    const seen: string[] = []
    for await (const item of queue) {
      expect(queue.stats.processing).toBe(1)
      if (item === 'again' && !seen.includes(item)) queue.add(item)
      seen.push(item)
      if (seen.length === 4) queue.shutDown()
    }
    expect(seen).toEqual(['a', 'b', 'again', 'again'])
    expect(queue.stats).toMatchObject({ depth: 0, processing: 0 })
  })

  it('leaving an iteration marks the current item as done', async () => {
    const queue = new WorkQueue<string>()
    for (const item of ['a', 'b', 'c']) queue.add(item)
    for await (const item of queue) {
      expect(item).toBe('a')
      break
    }
    const work = async () => {
      for await (const item of queue) throw new Error(item)
    }
    await expect(work()).rejects.toThrow('b')
    expect(queue.stats).toMatchObject({ depth: 1, processing: 0 })
  })
})

it('reports the metrics of client-go', async () => {
  const clock = new VirtualClock(0)
  const queue = new WorkQueue<string>({ clock })
  expect(queue.stats).toEqual({
    depth: 0,
    adds: 0,
    processing: 0,
    unfinishedWorkMs: 0,
    longestRunningMs: 0,
    lastLatencyMs: undefined,
    lastWorkMs: undefined,
  })
  queue.add('foo')
  expect(queue.stats).toMatchObject({ adds: 1, depth: 1 })
  await clock.advance(50)
  await queue.get()
  expect(queue.stats).toMatchObject({ lastLatencyMs: 50, depth: 0, processing: 1 })

  // Added while being processed: to be processed once more, and not in line yet.
  for (let i = 0; i < 5; i++) queue.add('foo')
  expect(queue.stats).toMatchObject({ adds: 2, depth: 1 })
  expect(queue.length).toBe(0)
  await clock.advance(25)
  queue.done('foo')
  expect(queue.stats).toMatchObject({ lastWorkMs: 25, depth: 1, processing: 0 })
  expect(queue.length).toBe(1)
  await queue.get()
  expect(queue.stats).toMatchObject({ lastLatencyMs: 25 })

  await clock.advance(1000)
  queue.add('bar')
  await queue.get()
  await clock.advance(500)
  expect(queue.stats).toMatchObject({ processing: 2, unfinishedWorkMs: 2000, longestRunningMs: 1500 })
  queue.done('foo')
  queue.done('bar')
  expect(queue.stats).toMatchObject({ unfinishedWorkMs: 0, longestRunningMs: 0, lastLatencyMs: 0, lastWorkMs: 500 })
})

it('ten workers process the items of fifty producers that re-add items in progress, and never one item twice at a time', async () => {
  for (const method of ['shutDown', 'shutDownWithDrain'] as const) {
    const clock = new VirtualClock()
    const queue = new WorkQueue<number>({ clock })
    const running = new Set<number>()
    const starts: number[] = []
    const pause = (ms: number) => new Promise<void>((resolve) => void clock.setTimeout(resolve, ms))
    const workers = Array.from({ length: 10 }, async () => {
      for (let item = await queue.get(); item !== undefined; item = await queue.get()) {
        expect(running).not.toContain(item)
        running.add(item)
        starts.push(item)
        await pause(3)
        running.delete(item)
        queue.done(item)
      }
    })
    const producers = Array.from({ length: 50 }, async (_, item) => {
      for (let i = 0; i < 50; i++) {
        queue.add(item)
        await pause(1)
      }
    })
    await clock.advance(50)
    await Promise.all(producers)
    const down = queue[method]()
    queue.add(-1)
    await clock.advance(1000)
    await Promise.all([...workers, down])
    expect(new Set(starts)).toEqual(new Set(Array.from({ length: 50 }, (_, item) => item)))
    expect(queue.stats).toMatchObject({ depth: 0, processing: 0 })
  }
})

/** Counts the listeners added to a signal and not removed. */
function listenersOn(signal: AbortSignal): () => number {
  let count = 0
  const { addEventListener, removeEventListener } = signal
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    count++
    addEventListener.apply(signal, args)
  }
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    count--
    removeEventListener.apply(signal, args)
  }
  return () => count
}

describe('taking items without waiting', () => {
  it('tryGet takes the items in order, and nothing from an empty queue', () => {
    const queue = new WorkQueue<string>()
    for (const item of ['a', 'b', 'a']) queue.add(item)
    expect([queue.tryGet(), queue.tryGet(), queue.tryGet()]).toEqual(['a', 'b', undefined])
    expect(queue.stats).toMatchObject({ depth: 0, processing: 2 })
  })

  it('tryGetBatch takes up to the given number of items; one that is added before it is done is queued again', () => {
    const queue = new WorkQueue<string>()
    for (const item of ['a', 'b', 'c']) queue.add(item)
    const batch = queue.tryGetBatch(2)
    expect(batch).toEqual(['a', 'b'])
    queue.add('a')
    expect(queue.tryGetBatch(10)).toEqual(['c'])
    for (const item of batch) queue.done(item)
    expect(queue.tryGetBatch(10)).toEqual(['a'])
    expect(queue.tryGetBatch(10)).toEqual([])
  })

  it('doneAll marks the items of a batch as processed, and queues those again that were added meanwhile', () => {
    const queue = new WorkQueue<string>()
    for (const item of ['a', 'b', 'c']) queue.add(item)
    const batch = queue.tryGetBatch(2)
    queue.add('b')
    queue.doneAll([...batch, 'c', 'unknown'])
    expect(queue.stats).toMatchObject({ depth: 2, processing: 0 })
    expect(queue.tryGetBatch(10)).toEqual(['c', 'b'])
  })

  it('an item that is added after a large queue has been emptied is processed again', () => {
    const items = Array.from({ length: 5000 }, (_, index) => index)
    const queue = new WorkQueue<number>()
    for (let round = 0; round < 2; round++) {
      for (const item of items) queue.add(item)
      const taken: (number | undefined)[] = []
      for (const item of items) {
        taken.push(queue.tryGet())
        queue.done(item)
        // Added while most of the others are idle, and once more while it waits.
        if (item === 4990) for (const again of [0, 1, 4999, 0]) queue.add(again)
      }
      expect(taken).toEqual(items)
      const again = queue.tryGetBatch(10)
      expect(again).toEqual([0, 1])
      queue.doneAll(again)
      expect(queue.stats).toMatchObject({ depth: 0, processing: 0, adds: 5002 * (round + 1) })
    }
  })

  it('an item that a waiting worker has received is not taken by tryGet', async () => {
    const queue = new WorkQueue<string>()
    const waiting = queue.get()
    queue.add('a')
    expect(queue.tryGet()).toBeUndefined()
    expect(await waiting).toBe('a')
  })

  it.each([0, -1, 1.5, Number.NaN])('tryGetBatch(%s) throws a RangeError', (max) => {
    expect(() => new WorkQueue<string>().tryGetBatch(max)).toThrow(RangeError)
  })
})
