import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../../src/testing/virtual-clock'
import { ItemExponentialFailureRateLimiter } from '../../src/workqueue/rate-limiters'
import { RateLimitingQueue } from '../../src/workqueue/rate-limiting-queue'

describe('a queue with a rate limiter', () => {
  it('a rate-limiting queue adds an item after the wait of its limiter, and counts requeues until the item is forgotten', async () => {
    const clock = new VirtualClock(0)
    const queue = new RateLimitingQueue<string>({ clock, rateLimiter: new ItemExponentialFailureRateLimiter({ baseDelayMs: 100 }) })
    const arrivals: string[] = []
    const worker = async () => {
      for await (const item of queue) arrivals.push(`${item} at ${clock.now()}`)
    }
    const working = worker()
    queue.addRateLimited('one')
    await clock.advance(1000)
    queue.addRateLimited('one')
    queue.addRateLimited('two')
    expect(queue.numRequeues('one')).toBe(2)
    await clock.advance(1000)
    queue.forget('one')
    expect(queue.numRequeues('one')).toBe(0)
    queue.addRateLimited('one')
    await clock.advance(1000)
    queue.shutDown()
    await working
    expect(arrivals).toEqual(['one at 100', 'two at 1100', 'one at 1200', 'one at 2100'])
    expect(queue.stats.retries).toBe(4)
  })

  it('[workqueue/rate-limit] a rate-limiting queue uses the limiter of controllers by default: a failing item waits 5, 10, 20, 40, 80, 160 ms', async () => {
    const clock = new VirtualClock(0)
    const queue = new RateLimitingQueue<string>({ clock })
    const attempts: number[] = []
    const worker = async () => {
      for await (const item of queue) {
        attempts.push(clock.now())
        if (attempts.length < 7) queue.addRateLimited(item)
        else queue.forget(item)
      }
    }
    const working = worker()
    queue.add('broken')
    await clock.advance(1000)
    queue.shutDown()
    await working
    expect(attempts).toEqual([0, 5, 15, 35, 75, 155, 315])
    expect(queue.numRequeues('broken')).toBe(0)
    expect(clock.pending).toBe(0)
  })

  it('a rate-limiting queue runs its limiter on its own clock: after a minute of rest another burst passes', async () => {
    const clock = new VirtualClock()
    const queue = new RateLimitingQueue<string>({ clock })
    for (let i = 0; i < 150; i++) queue.addRateLimited(`item-${i}`)
    await clock.advance(99)
    expect(queue.length).toBe(100)
    await clock.advance(60_000)
    expect(queue.length).toBe(150)
    queue.addRateLimited('new')
    await clock.advance(5)
    expect(queue.length).toBe(151)
  })

  it('a rate-limiting queue creates a limiter of its own', () => {
    const clock = new VirtualClock()
    const [queue, other] = [new RateLimitingQueue<string>({ clock }), new RateLimitingQueue<string>({ clock })]
    queue.addRateLimited('one')
    expect([queue.numRequeues('one'), other.numRequeues('one')]).toEqual([1, 0])
  })
})
