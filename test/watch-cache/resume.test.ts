import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../../src/testing/virtual-clock'
import { WatchCache } from '../../src/watch-cache/watch-cache'
import { brief, change, follow, Pod, pod } from './pods'

function setUp() {
  const clock = new VirtualClock()
  const cache = new WatchCache({ resource: Pod, clock })
  cache.resume('10')
  return { clock, cache }
}

const keys = ({ entries }: { entries: readonly { key: string; resourceVersion: string }[] }) =>
  entries.map(({ key, resourceVersion }) => `${key}@${resourceVersion}`)

describe('a cache that was resumed without its entries', () => {
  it('case 9: a cache that was resumed passes changes and deletions of unknown objects on, and a list waits for the entries', async () => {
    const { clock, cache } = setUp()
    const watch = follow(cache.watch({ resourceVersion: '10' }))
    const list = cache.list({})
    cache.apply([change('DELETED', pod('shop/a', 11)), change('MODIFIED', pod('shop/b', 12)), change('ADDED', pod('shop/c', 13))])
    await clock.settle()
    expect(watch.events).toEqual(['DELETED shop/a@11', 'MODIFIED shop/b@12', 'ADDED shop/c@13'])
    expect(cache.fill([pod('shop/a', 3), pod('shop/b', 4), pod('shop/d', 5)], '10')).toBe(true)
    expect(keys(await list)).toEqual(['shop/b@12', 'shop/c@13', 'shop/d@5'])
    expect((await list).resourceVersion).toBe('13')
  })

  it('a fill at a later version applies only the events after it, and earlier states stay unknown', async () => {
    const { cache } = setUp()
    cache.apply([change('DELETED', pod('shop/a', 11)), change('MODIFIED', pod('shop/b', 12)), change('DELETED', pod('shop/b', 13))])
    expect(cache.fill([pod('shop/b', 12), pod('shop/c', 9)], '12')).toBe(true)
    expect(keys(await cache.list({ resourceVersion: '12', resourceVersionMatch: 'Exact' }))).toEqual(['shop/b@12', 'shop/c@9'])
    expect(keys(await cache.list({}))).toEqual(['shop/c@9'])
    await expect(cache.list({ resourceVersion: '11', resourceVersionMatch: 'Exact' })).rejects.toMatchObject({ status: 410 })
    const watch = cache.watch({ resourceVersion: '10' })
    expect((await watch.next()).value?.map(brief)).toEqual(['DELETED shop/a@11', 'MODIFIED shop/b@12', 'DELETED shop/b@13'])
    await watch.return()
  })

  it('a fill is refused when the cache has its entries, has not reached the version, or does not know the events since', () => {
    const { cache } = setUp()
    expect(cache.fill([], '9')).toBe(false)
    expect(cache.fill([], '11')).toBe(false)
    expect(cache.fill([pod('shop/a', 3)], '10')).toBe(true)
    expect(cache.fill([], '10')).toBe(false)
    expect(cache.isComplete).toBe(true)
    expect(cache.size).toBe(1)
  })

  it('lists and streamed lists get a 429 when the entries are not known within three seconds', async () => {
    const { clock, cache } = setUp()
    const list = cache.list({}).catch((error: unknown) => error)
    const stream = follow(cache.watch({ sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: true }))
    await clock.advance(3_000)
    expect(await list).toMatchObject({ status: 429 })
    expect(stream.error).toMatchObject({ status: 429 })
  })

  it('a replace before the fill ends every watch with a 410, so that no deletion in between is missed', async () => {
    const { clock, cache } = setUp()
    const watch = follow(cache.watch({ resourceVersion: '10' }))
    await clock.settle()
    cache.replace([pod('shop/c', 18)], '20')
    await clock.settle()
    expect(watch).toMatchObject({ events: ['ERROR 410'], ended: true })
    expect(keys(await cache.list({}))).toEqual(['shop/c@18'])
    const next = follow(cache.watch({ resourceVersion: '20' }))
    cache.apply([change('DELETED', pod('shop/unknown', 21))])
    await clock.settle()
    expect(next.events).toEqual([])
  })
})
