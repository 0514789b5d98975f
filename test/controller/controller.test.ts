import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Controller } from '../../src/controller/controller'
import { ownerKeys } from '../../src/controller/owner-keys'
import { Deployment } from '../../src/resources/apps/v1'
import { VirtualClock } from '../../src/testing/virtual-clock'
import { RateLimitingQueue } from '../../src/workqueue/rate-limiting-queue'
import { named, TestSource } from './support'

let clock: VirtualClock
let stop: AbortController
let informer: TestSource

beforeEach(() => {
  clock = new VirtualClock(0)
  stop = new AbortController()
  informer = new TestSource().synced()
})
afterEach(() => vi.unstubAllGlobals())

/** Nothing is left of a controller that has ended. */
async function endsClean(running: Promise<void>, ...sources: readonly TestSource[]): Promise<void> {
  stop.abort()
  await running
  expect([informer, ...sources].map(({ handlers }) => handlers)).toEqual([informer, ...sources].map(() => 0))
  expect(clock.pending).toBe(0)
}

const pause = (ms: number) => new Promise<void>((resolve) => void clock.setTimeout(resolve, ms))

/** Rejects when the signal is aborted, with its reason, as `fetch` does. */
const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))

describe('what is reconciled', () => {
  it('reconciles the key of every existing object, then of each object that is added, changed, resynced or deleted', async () => {
    informer.set(named('a'))
    informer.set({ metadata: { name: 'of-the-cluster' } })
    const keys: string[] = []
    const controller = new Controller({ informer, clock, reconcile: async (key) => void keys.push(key) })
    const running = controller.run({ signal: stop.signal })
    await clock.settle()
    expect(keys.splice(0)).toEqual(['shop/a', 'of-the-cluster'])
    informer.set(named('b'))
    await clock.settle()
    informer.set(named('b'))
    await clock.settle()
    informer.delete('b')
    await clock.settle()
    expect(keys.splice(0)).toEqual(['shop/b', 'shop/b', 'shop/b'])
    informer.resync()
    await clock.settle()
    expect(keys).toEqual(['shop/a', 'of-the-cluster'])
    await endsClean(running)
  })

  it('reconciles nothing before every informer has synced', async () => {
    const first = new TestSource()
    const second = new TestSource()
    first.set(named('a'))
    const reconcile = vi.fn(async () => {})
    const watches = [{ informer: second, keys: () => [] }]
    const running = new Controller({ informer: first, watches, clock, reconcile }).run({ signal: stop.signal })
    first.synced()
    await clock.advance(60_000)
    expect(reconcile).not.toHaveBeenCalled()
    second.synced()
    await clock.settle()
    expect(reconcile).toHaveBeenCalledOnce()
    await endsClean(running, first, second)
  })

  it('reconciles owners of watched objects and keys from any function, including those of the old object on an update', async () => {
    const pods = new TestSource().synced()
    const configMaps = new TestSource().synced()
    const keys: string[] = []
    const controller = new Controller({
      informer,
      clock,
      watches: [
        { informer: pods, keys: ownerKeys(Deployment) },
        { informer: configMaps, keys: ({ metadata }) => Object.keys(metadata.labels ?? {}) },
      ],
      reconcile: async (key) => void keys.push(key),
    })
    const running = controller.run({ signal: stop.signal })
    await clock.settle()
    pods.set(named('web-1', { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: '1' }] }))
    await clock.settle()
    expect(keys.splice(0)).toEqual(['shop/web'])
    pods.delete('web-1')
    await clock.settle()
    expect(keys.splice(0)).toEqual(['shop/web'])
    configMaps.set(named('settings', { labels: { a: '', b: '' } }))
    await clock.settle()
    configMaps.set(named('settings', { labels: { b: '', c: '' } }))
    await clock.settle()
    expect(keys.splice(0)).toEqual(['a', 'b', 'a', 'b', 'c'])
    await endsClean(running, pods, configMaps)
  })

  it('reconciles a key that another source adds to the queue', async () => {
    const keys: string[] = []
    const queue = new RateLimitingQueue<string>({ clock })
    const controller = new Controller({ informer, queue, reconcile: async (key) => void keys.push(key) })
    expect(controller.queue).toBe(queue)
    const running = controller.run({ signal: stop.signal })
    queue.add('from/elsewhere')
    await clock.settle()
    expect(keys).toEqual(['from/elsewhere'])
    expect(controller.queue.stats).toMatchObject({ adds: 1, depth: 0 })
    await endsClean(running)
  })

  it('reconciles a key again after requeueAfterMs, or earlier on an event; 0 is at once', async () => {
    const times: number[] = []
    const controller = new Controller({
      informer,
      clock,
      reconcile: async () => {
        times.push(clock.now())
        if (times.length <= 3) return { requeueAfterMs: [10_000, 10_000, 0][times.length - 1] }
      },
    })
    informer.set(named('a'))
    const running = controller.run({ signal: stop.signal })
    await clock.advance(15_000)
    expect(times).toEqual([0, 10_000])
    informer.set(named('a'))
    await clock.advance(60_000)
    expect(times).toEqual([0, 10_000, 15_000, 15_000])
    await endsClean(running)
  })
})

describe('a reconciler that throws', () => {
  it('[controller/reconcile] a reconciler that throws runs again after 5, 10, 20, 40, 80, 160 ms, and each error is observable', async () => {
    const times: number[] = []
    const errors: unknown[] = []
    const controller = new Controller({
      informer,
      clock,
      onError: (key, error, retries) => errors.push([key, (error as Error).message, retries]),
      reconcile: async () => {
        times.push(clock.now())
        if (times.length <= 6) throw new Error(`failure ${times.length}`)
      },
    })
    informer.set(named('a'))
    const running = controller.run({ signal: stop.signal })
    await clock.advance(60_000)
    expect(times).toEqual([0, 5, 15, 35, 75, 155, 315])
    expect(errors).toEqual([1, 2, 3, 4, 5, 6].map((nth) => ['shop/a', `failure ${nth}`, nth - 1]))
    expect(controller.queue.numRequeues('shop/a')).toBe(0)
    await endsClean(running)
  })

  it('[controller/reconcile] the retry wait restarts at 5 ms after a success, also after one that asked for a requeue', async () => {
    const times: number[] = []
    const retries: number[] = []
    const controller = new Controller({
      informer,
      clock,
      onError: (_key, _error, count) => retries.push(count),
      reconcile: async () => {
        times.push(clock.now())
        if ([1, 2, 4].includes(times.length)) throw new Error('no')
        return times.length === 3 ? { requeueAfterMs: 1000 } : undefined
      },
    })
    informer.set(named('a'))
    const running = controller.run({ signal: stop.signal })
    await clock.advance(60_000)
    expect(times).toEqual([0, 5, 15, 1015, 1020])
    expect(retries).toEqual([0, 1, 0])
    await endsClean(running)
  })

  it('[controller/reconcile] a reconciler that throws does not delay other keys', async () => {
    const calls: string[] = []
    const reconcile = async (key: string) => {
      calls.push(`${key} ${clock.now()}`)
      if (key === 'shop/bad' && calls.length < 4) throw new Error('no')
    }
    informer.set(named('bad'))
    informer.set(named('good'))
    const running = new Controller({ informer, clock, reconcile, onError: () => {} }).run({ signal: stop.signal })
    await clock.advance(1000)
    expect(calls).toEqual(['shop/bad 0', 'shop/good 0', 'shop/bad 5', 'shop/bad 15'])
    await endsClean(running)
  })

  it('[controller/reconcile] a synchronous throw and an invalid wait count as failures', async () => {
    const errors: unknown[] = []
    const outcomes: (() => Promise<{ requeueAfterMs: number }>)[] = [
      () => {
        throw new Error('at once')
      },
      async () => ({ requeueAfterMs: Number.NaN }),
    ]
    const reconcile = async () => outcomes.shift()?.()
    informer.set(named('a'))
    const running = new Controller({ informer, clock, reconcile, onError: (_key, error) => errors.push(error) }).run({
      signal: stop.signal,
    })
    await clock.advance(1000)
    expect(errors).toEqual([new Error('at once'), new RangeError('addAfter: ms must be a finite number of milliseconds, not NaN')])
    await endsClean(running)
  })

  it('[controller/reconcile] a reconciler is retried although onError throws, and that error is reported', async () => {
    const reported = vi.fn()
    vi.stubGlobal('reportError', reported)
    let calls = 0
    const reconcile = async () => {
      calls++
      if (calls % 2) throw new Error('the reconciler')
    }
    const onError = () => {
      throw new Error('the handler')
    }
    informer.set(named('a'))
    const first = new Controller({ informer, clock, reconcile, onError }).run({ signal: stop.signal })
    await clock.advance(5)
    expect(calls).toBe(2)
    expect(reported.mock.calls).toEqual([[new Error('the handler')]])
    await endsClean(first)
    stop = new AbortController()
    const second = new Controller({ informer, clock, reconcile }).run({ signal: stop.signal })
    await clock.advance(5)
    expect(calls).toBe(4)
    expect(reported.mock.lastCall).toEqual([new Error('the reconciler')])
    await endsClean(second)
  })
})

describe('concurrency', () => {
  it('[controller/reconcile] concurrency defaults to 1, and otherwise runs as many keys as are available', async () => {
    for (const name of ['a', 'b', 'c']) informer.set(named(name))
    const ends: Record<string, string[]> = {}
    for (const concurrency of [undefined, 2, 50]) {
      const seen: string[] = []
      ends[String(concurrency)] = seen
      stop = new AbortController()
      const reconcile = async (key: string) => {
        await pause(100)
        seen.push(`${key} ${clock.now() - start}`)
      }
      const start = clock.now()
      const running = new Controller({ informer, clock, reconcile, concurrency }).run({ signal: stop.signal })
      await clock.advance(1000)
      await endsClean(running)
    }
    expect(ends).toEqual({
      undefined: ['shop/a 100', 'shop/b 200', 'shop/c 300'],
      2: ['shop/a 100', 'shop/b 100', 'shop/c 200'],
      50: ['shop/a 100', 'shop/b 100', 'shop/c 100'],
    })
  })

  it('[controller/reconcile] never runs one key twice at once: changes during a run cause one more run', async () => {
    const spans: string[] = []
    const reconcile = async () => {
      const from = clock.now()
      await pause(100)
      spans.push(`${from}–${clock.now()}`)
    }
    informer.set(named('a'))
    const controller = new Controller({ informer, clock, reconcile, concurrency: 4 })
    const running = controller.run({ signal: stop.signal })
    await clock.advance(30)
    for (let i = 0; i < 3; i++) informer.set(named('a'))
    expect(controller.queue.stats).toMatchObject({ processing: 1, depth: 1 })
    await clock.advance(1000)
    expect(spans).toEqual(['0–100', '100–200'])
    await endsClean(running)
  })

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('[controller/reconcile] refuses a concurrency of %s', (concurrency) => {
    expect(() => new Controller({ informer, concurrency, reconcile: async () => {} })).toThrow(
      new RangeError(`Controller: concurrency must be a positive integer, not ${concurrency}`),
    )
  })
})

describe('an abort', () => {
  it('[controller/reconcile] an abort takes no more keys, waits for running reconcilers, and resolves', async () => {
    for (const name of ['a', 'b', 'c', 'd']) informer.set(named(name))
    const log: string[] = []
    const reconcile = async (key: string, { signal }: { signal: AbortSignal }) => {
      log.push(`${key} begins`)
      await untilAborted(signal).catch(() => undefined)
      await pause(key === 'shop/a' ? 100 : 300)
      log.push(`${key} ends ${clock.now()}`)
    }
    const controller = new Controller({ informer, clock, reconcile, concurrency: 2 })
    const running = controller.run({ signal: stop.signal }).then(() => log.push(`run ends ${clock.now()}`))
    await clock.settle()
    stop.abort()
    informer.set(named('e'))
    await clock.advance(1000)
    await running
    expect(log).toEqual(['shop/a begins', 'shop/b begins', 'shop/a ends 100', 'shop/b ends 300', 'run ends 300'])
    expect(controller.queue.shuttingDown).toBe(true)
    expect(informer.handlers).toBe(0)
    expect(clock.pending).toBe(0)
  })

  it('[controller/reconcile] an abort takes no key even when a worker is just receiving one', async () => {
    const reconcile = vi.fn(async () => {})
    const running = new Controller({ informer, clock, reconcile }).run({ signal: stop.signal })
    await clock.settle()
    informer.set(named('a'))
    stop.abort()
    await running
    expect(reconcile).not.toHaveBeenCalled()
  })

  it('[controller/reconcile] reports errors of reconcilers after an abort unless the abort caused them', async () => {
    const errors: unknown[] = []
    const reconcile = async (key: string, { signal }: { signal: AbortSignal }) => {
      if (key === 'shop/reason') return untilAborted(signal)
      await untilAborted(signal).catch(() => undefined)
      if (key === 'shop/platform') throw new DOMException('The operation was aborted', 'AbortError')
      throw new Error('a defect')
    }
    for (const name of ['reason', 'platform', 'defect']) informer.set(named(name))
    const onError = (key: string, error: unknown) => errors.push([key, error])
    const running = new Controller({ informer, clock, reconcile, onError, concurrency: 3 }).run({ signal: stop.signal })
    await clock.settle()
    stop.abort(new Error('the page is closed'))
    await running
    expect(errors).toEqual([['shop/defect', new Error('a defect')]])
    expect(clock.pending).toBe(0)
  })

  it('[controller/reconcile] an abort drops pending retries', async () => {
    const reconcile = async () => {
      throw new Error('no')
    }
    informer.set(named('a'))
    const running = new Controller({ informer, clock, reconcile, onError: () => {} }).run({ signal: stop.signal })
    await clock.settle()
    expect(clock.pending).toBe(1)
    await endsClean(running)
  })

  it('[controller/reconcile] an abort ends the wait for the first sync, and starts nothing before it', async () => {
    const unsynced = new TestSource()
    unsynced.set(named('a'))
    const reconcile = vi.fn(async () => {})
    const running = new Controller({ informer: unsynced, clock, reconcile }).run({ signal: stop.signal })
    expect(unsynced.handlers).toBe(1)
    await endsClean(running, unsynced)
    const addEventHandler = vi.spyOn(informer, 'addEventHandler')
    await new Controller({ informer, clock, reconcile }).run({ signal: stop.signal })
    expect(addEventHandler).not.toHaveBeenCalled()
    expect(reconcile).not.toHaveBeenCalled()
  })
})

describe('a controller', () => {
  it('a controller cannot run twice', async () => {
    const controller = new Controller({ informer, clock, reconcile: async () => {} })
    const running = controller.run({ signal: stop.signal })
    await expect(controller.run()).rejects.toThrow('Controller.run was called twice: make another Controller')
    await endsClean(running)
    await expect(controller.run()).rejects.toThrow('twice')
  })

  it('a controller ends after the queued keys when its queue is shut down', async () => {
    for (const name of ['a', 'b']) informer.set(named(name))
    const keys: string[] = []
    const controller = new Controller({ informer, clock, reconcile: async (key) => void keys.push(key) })
    const running = controller.run()
    await controller.queue.shutDownWithDrain()
    await running
    expect(keys).toEqual(['shop/a', 'shop/b'])
    expect(informer.handlers).toBe(0)
  })

  it('a controller rejects with the error of an informer that stops before it synced, and removes its handlers', async () => {
    const broken = new TestSource()
    const controller = new Controller({ informer, watches: [{ informer: broken, keys: () => [] }], clock, reconcile: async () => {} })
    const running = controller.run()
    broken.fail(new Error('stopped'))
    await expect(running).rejects.toThrow('stopped')
    expect([informer.handlers, broken.handlers]).toEqual([0, 0])
  })

  it('a controller rejects with the error of an informer that refuses a handler, and removes the other handlers', async () => {
    const stopped = new TestSource()
    vi.spyOn(stopped, 'addEventHandler').mockImplementation(() => {
      throw new Error('the informer has been stopped')
    })
    const controller = new Controller({ informer, watches: [{ informer: stopped, keys: () => [] }], clock, reconcile: async () => {} })
    await expect(controller.run()).rejects.toThrow('the informer has been stopped')
    expect(informer.handlers).toBe(0)
  })
})
