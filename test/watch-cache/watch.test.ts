import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../src/api/object'
import type { WatchOptions } from '../../src/api/options'
import { type Entry, entryFromObject } from '../../src/codec/entry'
import { VirtualClock } from '../../src/testing/virtual-clock'
import type { WatchCacheOptions } from '../../src/watch-cache/cache-options'
import { WatchCache } from '../../src/watch-cache/watch-cache'
import { brief, change, follow, Pod, pod } from './pods'

function setUp(options: Partial<WatchCacheOptions<never>> = {}) {
  const clock = new VirtualClock()
  const cache = new WatchCache({ resource: Pod, clock, ...options })
  cache.replace([pod('shop/a', 3, { app: 'web' }), pod('shop/b', 4)], '10')
  return { clock, cache }
}

const STREAM: WatchOptions = { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: true }

describe('WATCH', () => {
  it('a watch from a version delivers the later events of the window, then new ones', async () => {
    const { clock, cache } = setUp()
    cache.apply([change('ADDED', pod('shop/c', 11)), change('MODIFIED', pod('shop/a', 12))])
    const watch = follow(cache.watch({ resourceVersion: '11' }))
    await clock.settle()
    expect(watch.events).toEqual(['MODIFIED shop/a@12'])
    cache.apply([change('DELETED', pod('shop/b', 13))])
    await clock.settle()
    expect(watch.events).toEqual(['MODIFIED shop/a@12', 'DELETED shop/b@13'])
  })

  it('a watch delivers an empty batch when it is accepted without events', async () => {
    const { cache } = setUp()
    const watch = cache.watch({ resourceVersion: '10' })
    expect(await watch.next()).toEqual({ done: false, value: [] })
    await watch.return()
  })

  it.each(['', '0', '00'])(
    'a watch from %j with bookmarks is a streamed list, as if sendInitialEvents were set',
    async (resourceVersion) => {
      const { clock, cache } = setUp()
      const watch = follow(cache.watch({ resourceVersion, allowWatchBookmarks: true }))
      await clock.settle()
      expect(watch.events).toEqual(['ADDED shop/a@3', 'ADDED shop/b@4', 'BOOKMARK 10 end'])
    },
  )

  it('a watch from "0" has no bookmark at the end of the state when streamed lists are refused', async () => {
    const { clock, cache } = setUp({ watchList: 'refused' })
    const watch = follow(cache.watch({ resourceVersion: '0', allowWatchBookmarks: true }))
    await clock.settle()
    expect(watch.events).toEqual(['ADDED shop/a@3', 'ADDED shop/b@4'])
    await expect(cache.watch(STREAM).next()).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining('unless the WatchList feature gate is enabled'),
    })
  })

  it.each([
    [0, 1_800_000],
    [0.5, 2_700_000],
  ])('a watch without timeoutSeconds ends after 30 to 60 minutes, at random (%d)', async (random, ms) => {
    const { clock, cache } = setUp({ random: () => random })
    const watch = follow(cache.watch({ resourceVersion: '10' }))
    await clock.advance(ms - 1)
    expect(watch.ended).toBe(false)
    await clock.advance(1)
    expect(watch).toMatchObject({ ended: true, events: [], error: undefined })
  })

  it('a watch with a negative timeoutSeconds ends after its first batch', async () => {
    const watch = follow(setUp().cache.watch({ resourceVersion: '10', timeoutSeconds: -5 }))
    await watch.done
    expect(watch).toMatchObject({ batches: 1, events: [], error: undefined })
  })

  it('a watch of one name delivers only that object', async () => {
    const { clock, cache } = setUp()
    const watch = follow(cache.watch({ namespace: 'shop', fieldSelector: 'metadata.name=b' }))
    await clock.settle()
    cache.apply([change('MODIFIED', pod('shop/a', 11)), change('DELETED', pod('shop/b', 12))])
    await clock.settle()
    expect(watch.events).toEqual(['ADDED shop/b@4', 'DELETED shop/b@12'])
  })

  it.each(['', '0'])('a watch from %j delivers the state as additions, then changes', async (resourceVersion) => {
    const { clock, cache } = setUp()
    const watch = follow(cache.watch({ resourceVersion }))
    await clock.settle()
    cache.apply([change('ADDED', pod('shop/c', 11))])
    await clock.settle()
    expect(watch.events).toEqual(['ADDED shop/a@3', 'ADDED shop/b@4', 'ADDED shop/c@11'])
  })

  it('the cache decides whether an object is new, and a replay is not an event', async () => {
    const { clock, cache } = setUp()
    const watch = follow(cache.watch({ resourceVersion: '10' }))
    cache.apply([
      change('MODIFIED', pod('shop/c', 11)),
      change('ADDED', pod('shop/a', 12)),
      change('ADDED', pod('shop/a', 12)),
      change('DELETED', pod('shop/x', 13)),
    ])
    await clock.settle()
    expect(watch.events).toEqual(['ADDED shop/c@11', 'MODIFIED shop/a@12'])
    expect(cache.resourceVersion).toBe('13')
  })

  it('a watch of a namespace delivers only its events', async () => {
    const { clock, cache } = setUp()
    const watch = follow(cache.watch({ resourceVersion: '10', namespace: 'shop' }))
    cache.apply([change('ADDED', pod('other/c', 11)), change('ADDED', pod('shop/c', 12))])
    await clock.settle()
    expect(watch.events).toEqual(['ADDED shop/c@12'])
  })

  it('a watch from an expired version is one ERROR event with code 410 and reason Expired', async () => {
    const { cache } = setUp({ capacity: 1 })
    cache.apply([change('ADDED', pod('shop/c', 11)), change('ADDED', pod('shop/d', 12))])
    cache.apply([])
    const watch = follow(cache.watch({ resourceVersion: '10' }))
    await watch.done
    expect(watch.events).toEqual(['ERROR 410'])
    const { value } = await cache.watch({ resourceVersion: '9' }).next()
    expect(value).toMatchObject([{ status: { code: 410, reason: 'Expired', message: 'too old resource version: 9 (11)' } }])
  })

  it('a watch from the oldest version of the window continues', async () => {
    const { clock, cache } = setUp({ capacity: 1 })
    cache.apply([change('ADDED', pod('shop/c', 11)), change('ADDED', pod('shop/d', 12))])
    const watch = follow(cache.watch({ resourceVersion: '11' }))
    await clock.settle()
    expect(watch).toMatchObject({ ended: false, events: ['ADDED shop/d@12'] })
  })

  it('a watch from the future is accepted silently and drops everything up to its version', async () => {
    const { clock, cache } = setUp()
    const watch = follow(cache.watch({ resourceVersion: '12' }))
    await clock.settle()
    expect(watch.batches).toBe(1)
    cache.apply([change('ADDED', pod('shop/c', 11)), change('ADDED', pod('shop/d', 12))])
    cache.apply([change('ADDED', pod('shop/e', 13))])
    await clock.settle()
    expect(watch.events).toEqual(['ADDED shop/e@13'])
  })

  it('a watch from the future gets no bookmark for a version that it already has', async () => {
    const { clock, cache } = setUp()
    const watch = follow(cache.watch({ resourceVersion: '12', allowWatchBookmarks: true }))
    await clock.advance(60_000)
    expect(watch.events).toEqual([])
    cache.apply([change('ADDED', pod('shop/e', 13))])
    await clock.advance(60_000)
    expect(watch.events).toEqual(['ADDED shop/e@13', 'BOOKMARK 13'])
  })

  it('a watch before the first replace is 429', async () => {
    const cache = new WatchCache({ resource: Pod })
    await expect(cache.watch({}).next()).rejects.toMatchObject({ status: 429, retryAfterMs: 1000 })
  })

  it('a watch ends after timeoutSeconds', async () => {
    const { clock, cache } = setUp()
    const watch = follow(cache.watch({ resourceVersion: '10', timeoutSeconds: 7 }))
    await clock.advance(6999)
    expect(watch.ended).toBe(false)
    await clock.advance(1)
    expect(watch).toMatchObject({ ended: true, error: undefined })
    expect(clock.pending).toBe(0)
  })

  it('an abort ends a watch at once with the reason of the signal, and leaves no timer', async () => {
    const { clock, cache } = setUp()
    const controller = new AbortController()
    const watch = follow(cache.watch({ ...STREAM, timeoutSeconds: 60, signal: controller.signal }))
    await clock.settle()
    controller.abort('enough')
    await watch.done
    expect(watch.error).toBe('enough')
    expect(clock.pending).toBe(0)
  })

  it.each<[WatchOptions, number, string]>([
    [
      { sendInitialEvents: true, allowWatchBookmarks: true },
      422,
      'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    ],
    [{ sendInitialEvents: false }, 422, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'],
    [{ resourceVersionMatch: 'NotOlderThan' }, 422, 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'],
    [{ sendInitialEvents: true, resourceVersionMatch: 'Exact' }, 422, 'Unsupported value: "Exact"'],
    [{ resourceVersion: 'abc' }, 400, 'Invalid value: "abc"'],
    [{ labelSelector: '=' }, 400, 'column 1'],
  ])('a watch with %j is %i: %s', async (options, status, message) => {
    await expect(setUp().cache.watch(options).next()).rejects.toMatchObject({ status, message: expect.stringContaining(message) })
  })
})

describe('a streamed list', () => {
  it('a streamed list delivers the state as additions and an annotated bookmark at its version, then continues as a watch', async () => {
    const { clock, cache } = setUp()
    const watch = follow(cache.watch(STREAM))
    await clock.settle()
    cache.apply([change('DELETED', pod('shop/b', 11))])
    await clock.settle()
    expect(watch.events).toEqual(['ADDED shop/a@3', 'ADDED shop/b@4', 'BOOKMARK 10 end', 'DELETED shop/b@11'])
  })

  it('a streamed list without allowWatchBookmarks has no bookmark at its end', async () => {
    const { clock, cache } = setUp()
    const watch = follow(cache.watch({ ...STREAM, allowWatchBookmarks: false }))
    await clock.settle()
    expect(watch.events).toEqual(['ADDED shop/a@3', 'ADDED shop/b@4'])
  })

  it('a declined streamed list (sendInitialEvents=false) starts with the next event', async () => {
    const { clock, cache } = setUp()
    const watch = follow(cache.watch({ ...STREAM, sendInitialEvents: false }))
    await clock.settle()
    cache.apply([change('ADDED', pod('shop/c', 11))])
    await clock.settle()
    expect(watch.events).toEqual(['ADDED shop/c@11'])
  })

  it('a streamed list from the future waits for its version, and after three seconds is an ERROR event with code 504', async () => {
    const { clock, cache } = setUp()
    const patient = follow(cache.watch({ ...STREAM, resourceVersion: '11' }))
    const hopeless = follow(cache.watch({ ...STREAM, resourceVersion: '12' }))
    await clock.advance(1000)
    expect(patient.events).toEqual([])
    cache.bookmark('11')
    await clock.settle()
    expect(patient.events.at(-1)).toBe('BOOKMARK 11 end')
    await clock.advance(2000)
    expect(hopeless).toMatchObject({ ended: true, events: ['ERROR 504'] })
  })
})

describe('bookmarks', () => {
  it('bookmarks arrive once a minute at the version of the cache, once it is newer than the start of the watch', async () => {
    const { clock, cache } = setUp()
    const watch = follow(cache.watch({ resourceVersion: '10', allowWatchBookmarks: true }))
    await clock.advance(119_999)
    expect(watch.events).toEqual([])
    cache.bookmark('20')
    await clock.advance(60_001)
    expect(watch.events).toEqual(['BOOKMARK 20', 'BOOKMARK 20'])
  })

  it.each([3, 4, 30, 90])('a bookmark arrives two seconds before the end of a watch of %i seconds', async (timeoutSeconds) => {
    const { clock, cache } = setUp()
    const watch = follow(cache.watch({ resourceVersion: '10', allowWatchBookmarks: true, timeoutSeconds }))
    await clock.advance((timeoutSeconds - 2) * 1000 - 1)
    expect(watch.events).toEqual([])
    cache.bookmark('20')
    await clock.advance(1)
    expect(watch).toMatchObject({ ended: false, events: ['BOOKMARK 20'] })
    await clock.advance(2000)
    expect(watch).toMatchObject({ ended: true, events: ['BOOKMARK 20'] })
    expect(clock.pending).toBe(0)
  })

  it('a watch of two seconds, or without anything newer than its start, gets no bookmark', async () => {
    const { clock, cache } = setUp()
    const idle = follow(cache.watch({ resourceVersion: '10', allowWatchBookmarks: true, timeoutSeconds: 600 }))
    const replayed = follow(cache.watch({ resourceVersion: '0', allowWatchBookmarks: true, timeoutSeconds: 600 }))
    await clock.advance(600_000)
    expect(idle).toMatchObject({ ended: true, events: [] })
    expect(replayed).toMatchObject({ ended: true, events: ['ADDED shop/a@3', 'ADDED shop/b@4', 'BOOKMARK 10 end'] })
    cache.bookmark('20')
    const short = follow(cache.watch({ resourceVersion: '10', allowWatchBookmarks: true, timeoutSeconds: 2 }))
    await clock.advance(2000)
    expect(short).toMatchObject({ ended: true, events: [] })
  })

  it('a bookmark informs a resumed watch about the version of changes outside its selector', async () => {
    const { clock, cache } = setUp()
    cache.apply([change('ADDED', pod('shop/c', 11))])
    const watch = follow(cache.watch({ resourceVersion: '10', labelSelector: 'app=web', allowWatchBookmarks: true }))
    await clock.advance(60_000)
    expect(watch.events).toEqual(['BOOKMARK 11'])
  })

  it('sends bookmarks only to watches that ask for them', async () => {
    const { clock, cache } = setUp()
    const watch = follow(cache.watch({ resourceVersion: '10' }))
    await clock.advance(600_000)
    expect(watch.events).toEqual([])
  })

  it('a bookmark never precedes undelivered events', async () => {
    const { clock, cache } = setUp()
    const watch = cache.watch({ resourceVersion: '10', allowWatchBookmarks: true })
    await watch.next()
    cache.apply([change('ADDED', pod('shop/c', 11))])
    await clock.advance(60_000)
    expect((await watch.next()).value?.map(brief)).toEqual(['ADDED shop/c@11'])
    expect((await watch.next()).value?.map(brief)).toEqual(['BOOKMARK 11'])
    await watch.return()
  })
})

describe('a watch with a selector', () => {
  it('a selective watch gets ADDED when an object enters the selection, and DELETED with the version of the change and the last selected state when it leaves', async () => {
    const { clock, cache } = setUp()
    const batches = cache.watch({ resourceVersion: '10', labelSelector: 'app=web' })
    await batches.next()
    const next = async () => (await batches.next()).value ?? []
    cache.apply([change('MODIFIED', pod('shop/b', 11, { app: 'web' }))])
    expect((await next()).map(brief)).toEqual(['ADDED shop/b@11'])
    cache.apply([change('MODIFIED', pod('shop/b', 12, { app: 'web', more: 'x' }))])
    expect((await next()).map(brief)).toEqual(['MODIFIED shop/b@12'])
    cache.apply([change('MODIFIED', pod('shop/b', 13, { app: 'api' }))])
    const [left] = await next()
    expect(left && brief(left)).toBe('DELETED shop/b@13')
    expect(left).toMatchObject({ entry: { object: { metadata: { resourceVersion: '13', labels: { app: 'web', more: 'x' } } } } })
    cache.apply([change('DELETED', pod('shop/b', 14, { app: 'api' })), change('DELETED', pod('shop/a', 15, { app: 'web' }))])
    expect((await next()).map(brief)).toEqual(['DELETED shop/a@15'])
    await batches.return()
    expect(clock.pending).toBe(0)
  })

  it('a selective watch gets the same events when it resumes', async () => {
    const { clock, cache } = setUp()
    cache.apply([change('MODIFIED', pod('shop/b', 11, { app: 'web' })), change('MODIFIED', pod('shop/a', 12))])
    const watch = follow(cache.watch({ resourceVersion: '10', labelSelector: 'app=web' }))
    await clock.settle()
    expect(watch.events).toEqual(['ADDED shop/b@11', 'DELETED shop/a@12'])
  })

  it('a selective watch evaluates nested fields', async () => {
    const { clock, cache } = setUp({ fieldLabels: { 'metadata.labels.app': '' } })
    const watch = follow(cache.watch({ resourceVersion: '10', fieldSelector: 'metadata.labels.app!=web' }))
    cache.apply([change('MODIFIED', pod('shop/a', 11, { app: 'api' })), change('MODIFIED', pod('shop/b', 12, { app: 'web' }))])
    await clock.settle()
    expect(watch.events).toEqual(['ADDED shop/a@11', 'DELETED shop/b@12'])
  })
})

describe('the window', () => {
  it('the window remembers at most its capacity of events, and those of the last change', async () => {
    const { cache } = setUp({ capacity: 3 })
    for (let version = 11; version <= 30; version++) cache.apply([change('ADDED', pod(`shop/p${version}`, version))])
    const oldest = async (version: number) => (await cache.watch({ resourceVersion: String(version) }).next()).value?.[0]?.type
    expect(await oldest(25)).toBe('ERROR')
    expect(await oldest(26)).toBe('ADDED')
  })

  it('ends a watcher silently that falls too far behind', async () => {
    const { cache } = setUp({ watchBufferSize: 2 })
    const watch = cache.watch({ resourceVersion: '10' })
    await watch.next()
    for (let version = 11; version <= 14; version++) cache.apply([change('ADDED', pod(`shop/p${version}`, version))])
    expect(await watch.next()).toEqual({ done: true, value: undefined })
  })

  it('one large batch does not end a watcher that was up to date', async () => {
    const { clock, cache } = setUp({ capacity: 2 })
    const watch = follow(cache.watch({ resourceVersion: '10' }))
    await clock.settle()
    cache.apply(Array.from({ length: 50 }, (_, i) => change('ADDED', pod(`shop/p${i}`, 11 + i))))
    await clock.settle()
    expect(watch.ended).toBe(false)
    expect(watch.events).toHaveLength(50)
  })

  it('watches continue after a replace with the changes in the order of their versions and the deletions, and end at its version', async () => {
    const { clock, cache } = setUp()
    cache.apply([change('ADDED', pod('shop/c', 11)), change('ADDED', pod('shop/d', 12))])
    const watch = follow(cache.watch({ resourceVersion: '12', timeoutSeconds: 100 }))
    const behind = follow(cache.watch({ resourceVersion: '11', timeoutSeconds: 100 }))
    await clock.settle()
    cache.replace([pod('shop/e', 19), pod('shop/d', 15), pod('shop/c', 11)], '20')
    await clock.settle()
    const events = ['MODIFIED shop/d@15', 'ADDED shop/e@19', 'DELETED shop/a@19', 'DELETED shop/b@20']
    expect(watch).toMatchObject({ ended: false, events, error: undefined })
    expect(behind).toMatchObject({ ended: false, events: ['ADDED shop/d@12', ...events] })
    expect(cache.entries().map(({ key }) => key)).toEqual(['shop/c', 'shop/d', 'shop/e'])
  })

  it('a watch and an exact list cannot use a version inside the gap that a replace bridges', async () => {
    const { cache } = setUp()
    cache.replace([pod('shop/a', 15)], '20')
    const events = async (resourceVersion: string) => ((await cache.watch({ resourceVersion }).next()).value ?? []).map(brief)
    expect(await events('15')).toEqual(['ERROR 410'])
    expect(await events('10')).toEqual(['MODIFIED shop/a@15', 'DELETED shop/b@20'])
    expect(await events('20')).toEqual([])
    await expect(cache.list({ resourceVersion: '15', resourceVersionMatch: 'Exact' })).rejects.toMatchObject({ status: 410 })
    expect((await cache.list({ resourceVersion: '10', resourceVersionMatch: 'Exact' })).entries).toHaveLength(2)
  })

  it('a watch that was cut inside the events of a replace never resumes without the rest of them', async () => {
    const { clock, cache } = setUp()
    cache.apply([change('ADDED', pod('shop/c', 11)), change('ADDED', pod('shop/d', 12))])
    const watch = follow(cache.watch({ resourceVersion: '12', timeoutSeconds: 100 }))
    await clock.settle()
    cache.replace([pod('shop/d', 20)], '20')
    await clock.settle()
    expect(watch.events).toEqual(['DELETED shop/a@19', 'DELETED shop/b@19', 'DELETED shop/c@19', 'MODIFIED shop/d@20'])
    const resumed = async (resourceVersion: string) => ((await cache.watch({ resourceVersion }).next()).value ?? []).map(brief)
    expect(await resumed('19')).toEqual(['ERROR 410'])
    expect(await resumed('20')).toEqual([])
  })

  it('a watch cannot resume from inside a gap without visible changes, where objects may have come and gone', async () => {
    const { cache } = setUp()
    cache.replace(cache.entries(), '20')
    const resumed = async (resourceVersion: string) => ((await cache.watch({ resourceVersion }).next()).value ?? []).map(brief)
    expect(await resumed('15')).toEqual(['ERROR 410'])
    expect([await resumed('10'), await resumed('20')]).toEqual([[], []])
  })

  it('a cache remembers a hundred gaps, and more of them make the oldest versions expire', async () => {
    const { cache } = setUp()
    const first = cache.resourceVersion
    const resumes = async (resourceVersion: string) => {
      const { value } = await cache.watch({ resourceVersion }).next()
      return value?.[0]?.type !== 'ERROR'
    }
    for (let gap = 1; gap <= 100; gap++) cache.replace(cache.entries(), String(1000 * gap))
    expect(await resumes(first)).toBe(true)
    cache.replace(cache.entries(), '101000')
    expect([await resumes(first), await resumes('1000')]).toEqual([false, true])
  })

  it('a replace shows an object that was deleted and created again as both events', async () => {
    const { clock, cache } = setUp()
    const watch = follow(cache.watch({ resourceVersion: '10', timeoutSeconds: 100 }))
    await clock.settle()
    const again = entryFromObject<KubeObject>({ metadata: { name: 'a', namespace: 'shop', uid: 'another', resourceVersion: '12' } })
    cache.replace([again, cache.get('shop/b') as Entry<KubeObject>], '13')
    await clock.settle()
    expect(watch.events).toEqual(['DELETED shop/a@11', 'ADDED shop/a@12'])
  })

  it.each([
    ['an older version', [pod('shop/a', 3)], '9'],
    ['a change that is older than the cache', [pod('shop/a', 4)], '20'],
    ['another state at the same version', [pod('shop/a', 3)], '10'],
    ['more changes than versions', [pod('shop/b', 11)], '11'],
  ])('a replace with %s ends every watch with a 410 and starts the window', async (_, entries, resourceVersion) => {
    const { clock, cache } = setUp()
    const watch = follow(cache.watch({ resourceVersion: '10', timeoutSeconds: 100 }))
    await clock.settle()
    cache.replace(entries, resourceVersion)
    await clock.settle()
    expect(watch).toMatchObject({ ended: true, events: ['ERROR 410'], error: undefined })
    expect(cache.resourceVersion).toBe(resourceVersion)
    expect(clock.pending).toBe(0)
  })

  it('a reset ends every watch silently and starts the window: older versions are 410', async () => {
    const { clock, cache } = setUp()
    const watch = follow(cache.watch({ resourceVersion: '10', timeoutSeconds: 100 }))
    await clock.settle()
    cache.reset([pod('shop/a', 3)], '20')
    await clock.settle()
    expect(watch).toMatchObject({ ended: true, events: [], error: undefined })
    const old = follow(cache.watch({ resourceVersion: '10' }))
    await old.done
    expect(old.events).toEqual(['ERROR 410'])
    expect(clock.pending).toBe(0)
  })

  it('a compaction drops the history and does not affect open watches, even those with pending events', async () => {
    const { clock, cache } = setUp()
    const watch = follow(cache.watch({ resourceVersion: '10' }))
    await clock.settle()
    cache.apply([change('ADDED', pod('shop/c', 11))])
    cache.compact()
    const old = follow(cache.watch({ resourceVersion: '10' }))
    await clock.settle()
    expect(watch).toMatchObject({ ended: false, events: ['ADDED shop/c@11'] })
    expect(old.events).toEqual(['ERROR 410'])
  })

  it('a compaction to a version keeps the later events', async () => {
    const { clock, cache } = setUp()
    cache.apply([change('ADDED', pod('shop/c', 11)), change('ADDED', pod('shop/d', 12))])
    cache.compact('11')
    cache.compact('10')
    const watch = follow(cache.watch({ resourceVersion: '11' }))
    const old = follow(cache.watch({ resourceVersion: '10' }))
    await clock.settle()
    expect(watch.events).toEqual(['ADDED shop/d@12'])
    expect(old.events).toEqual(['ERROR 410'])
    await expect(cache.list({ resourceVersion: '10', resourceVersionMatch: 'Exact' })).rejects.toMatchObject({ status: 410 })
  })

  it.each([
    ['11', 'newer than 10'],
    ['abc', 'not a decimal number'],
  ])('a compaction to %s is refused and drops nothing', async (version, problem) => {
    const { cache } = setUp()
    expect(() => cache.compact(version)).toThrow(problem)
    expect((await cache.list({})).entries).toHaveLength(2)
  })

  it('the cache refuses an event or a state whose version is not a number, and applies no part of it', async () => {
    const { clock, cache } = setUp()
    const watch = follow(cache.watch({ resourceVersion: '10' }))
    await clock.settle()
    const opaque = 'pods: cannot order resourceVersion "opaque", which is not a decimal number'
    expect(() => cache.apply([change('ADDED', pod('shop/c', 11)), change('ADDED', pod('shop/d', 'opaque'))])).toThrow(opaque)
    expect(() => cache.replace([], 'opaque')).toThrow(opaque)
    cache.bookmark('opaque')
    await clock.settle()
    expect(watch).toMatchObject({ ended: false, events: [] })
    expect(cache).toMatchObject({ size: 2, resourceVersion: '10' })
  })

  it('a shutdown ends every watch, and watches can resume', async () => {
    const { clock, cache } = setUp()
    const watch = follow(cache.watch({ resourceVersion: '10' }))
    await clock.settle()
    cache.disconnect()
    await watch.done
    cache.apply([change('ADDED', pod('shop/c', 11))])
    const resumed = follow(cache.watch({ resourceVersion: '10' }))
    await clock.settle()
    expect(resumed.events).toEqual(['ADDED shop/c@11'])
  })

  it('a change that is not newer than the cache ends all watches, because no earlier version can be resumed', async () => {
    const { clock, cache } = setUp()
    const watch = follow(cache.watch({ resourceVersion: '10' }))
    await clock.settle()
    cache.apply([change('ADDED', pod('shop/c', 7))])
    await watch.done
    expect(watch).toMatchObject({ events: [], error: undefined })
    expect(cache.get('shop/c')).toBeDefined()
    expect(await cache.list({})).toMatchObject({ resourceVersion: '10' })
  })

  it('a resync and an ERROR event change nothing', async () => {
    const { clock, cache } = setUp()
    const watch = follow(cache.watch({ resourceVersion: '10' }))
    cache.resync()
    cache.apply([
      { type: 'ERROR', status: { code: 500 } },
      { type: 'BOOKMARK', resourceVersion: '12', initialEventsEnd: false },
    ])
    await clock.settle()
    expect(watch.events).toEqual([])
    expect(cache.resourceVersion).toBe('12')
  })

  it('compares versions as numbers of any length', async () => {
    const { clock, cache } = setUp()
    cache.replace([], '9')
    const watch = follow(cache.watch({ resourceVersion: '9' }))
    cache.apply([change('ADDED', pod('shop/c', '10')), change('ADDED', pod('shop/d', '98765432109876543210'))])
    await clock.settle()
    expect(watch.events).toEqual(['ADDED shop/c@10', 'ADDED shop/d@98765432109876543210'])
  })

  it.each(['capacity', 'watchBufferSize', 'bookmarkIntervalMs', 'minWatchMs'])(
    'WatchCache refuses a %s of 0 with an error that names it',
    (name) => {
      expect(() => new WatchCache({ resource: Pod, [name]: 0 })).toThrow(
        new RangeError(`WatchCache: ${name} must be greater than 0, got 0`),
      )
    },
  )
})
