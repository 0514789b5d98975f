import { expect, it, vi } from 'vitest'
import type { KubeObject } from '../../src/api/object'
import type { Entry } from '../../src/codec/entry'
import { VirtualClock } from '../../src/testing/virtual-clock'
import { createFetchHandler } from '../../src/watch-cache/fetch-handler'
import { WatchCache } from '../../src/watch-cache/watch-cache'
import { change, follow, Pod, pod } from './pods'

function setUp(options: Partial<ConstructorParameters<typeof WatchCache>[0]> = {}) {
  const clock = new VirtualClock()
  const cache = new WatchCache({ resource: Pod, clock, ...options })
  cache.replace([], '10')
  const handler = createFetchHandler(() => cache)
  const watch = (query: string) => handler(new Request(`http://relay.test/api/v1/pods?watch=1&resourceVersion=10&${query}`))
  return { clock, cache, watch }
}

/** Counts how often the labels and the text of an entry are read. */
function counted(entry: Entry<KubeObject>): { entry: Entry<KubeObject>; labels: number; texts: number } {
  const { text } = entry
  const labels = { app: 'web' }
  const counts = { entry, labels: 0, texts: 0 }
  const count = (member: 'text' | 'labels', counter: 'texts' | 'labels', value: unknown) =>
    Object.defineProperty(entry, member, {
      get() {
        counts[counter]++
        return value
      },
    })
  count('text', 'texts', text)
  count('labels', 'labels', labels)
  return counts
}

it('an event is matched, converted and encoded once for all watchers of a class, which get the same bytes', async () => {
  const { clock, cache, watch } = setUp()
  const readers = await Promise.all(
    Array.from({ length: 200 }, async () => (await watch('labelSelector=app%3Dweb')).body?.getReader() as ReadableStreamDefaultReader),
  )
  const reads = readers.map((reader) => reader.read())
  await clock.settle()
  expect([cache.watchers, cache.watchClasses]).toEqual([200, 1])
  const counts = counted(pod('shop/a', 11, { app: 'web' }))
  cache.apply([change('ADDED', counts.entry)])
  const chunks = new Set((await Promise.all(reads)).map(({ value }) => value))
  expect(chunks.size).toBe(1)
  // The text is also measured: in the window, and in the backlog.
  expect(counts).toMatchObject({ labels: 1, texts: expect.any(Number) })
  expect(counts.texts).toBeLessThanOrEqual(3)
  await Promise.all(readers.map((reader) => reader.cancel()))
  expect([cache.watchers, cache.watchClasses]).toEqual([0, 0])
})

it('watchers with other selectors, namespaces or forms are in classes of their own', async () => {
  const { cache, clock } = setUp()
  const all = follow(cache.watch({ resourceVersion: '10', timeoutSeconds: 60 }))
  const shop = follow(cache.watch({ resourceVersion: '10', namespace: 'shop', timeoutSeconds: 60 }))
  const web = follow(cache.watch({ resourceVersion: '10', labelSelector: 'app=web', timeoutSeconds: 60 }))
  await clock.settle()
  expect(cache.watchClasses).toBe(3)
  cache.apply([change('ADDED', pod('zoo/a', 11)), change('ADDED', pod('shop/b', 12, { app: 'web' }))])
  await clock.settle()
  expect(all.events).toEqual(['ADDED zoo/a@11', 'ADDED shop/b@12'])
  expect(shop.events).toEqual(['ADDED shop/b@12'])
  expect(web.events).toEqual(['ADDED shop/b@12'])
  await clock.advance(60_000)
  expect(cache.watchClasses).toBe(0)
})

it('a watcher is not woken by events that it does not select, and does not fall behind because of them', async () => {
  const { cache, clock } = setUp({ capacity: 5 })
  const web = follow(cache.watch({ resourceVersion: '10', labelSelector: 'app=web', timeoutSeconds: 60 }))
  await clock.settle()
  for (let version = 11; version <= 40; version++) cache.apply([change('ADDED', pod(`shop/p${version}`, version))])
  cache.apply([change('ADDED', pod('shop/web', 41, { app: 'web' }))])
  await clock.settle()
  expect(web).toMatchObject({ events: ['ADDED shop/web@41'], batches: 2, ended: false })
})

it('a watcher that does not read delays no other, holds a bounded backlog, and is ended without an error', async () => {
  const onSlowWatcher = vi.fn()
  const { cache, clock, watch } = setUp({ maxBacklogLength: 2000, onSlowWatcher })
  const stalled = await watch('timeoutSeconds=600')
  const reading = follow(cache.watch({ resourceVersion: '10', timeoutSeconds: 600 }))
  await clock.settle()
  for (let version = 11; version <= 60; version++) {
    cache.apply([change('ADDED', pod(`shop/p${version}`, version))])
    await clock.settle()
  }
  expect(reading.events).toHaveLength(50)
  expect(onSlowWatcher).toHaveBeenCalledTimes(1)
  expect(cache.watchers).toBe(1)
  expect(await stalled.text()).not.toContain('ERROR')
})

it('a version that is proven is shown by lists, while watches still get the events up to it', async () => {
  const { cache, clock } = setUp()
  cache.apply([change('ADDED', pod('shop/a', 11))])
  cache.prove('20')
  const list = await cache.list({})
  expect(list).toMatchObject({ resourceVersion: '20', entries: [{ key: 'shop/a' }] })
  const open = follow(cache.watch({ resourceVersion: '11', timeoutSeconds: 60 }))
  const fresh = follow(cache.watch({ resourceVersion: '20', timeoutSeconds: 60 }))
  const streamed = follow(
    cache.watch({ sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: true, timeoutSeconds: 60 }),
  )
  await clock.settle()
  cache.apply([change('ADDED', pod('shop/brief', 15))])
  expect((await cache.list({})).entries).toHaveLength(1)
  cache.apply([change('DELETED', pod('shop/brief', 16))])
  cache.apply([change('ADDED', pod('shop/c', 21))])
  await clock.settle()
  expect(open.events).toEqual(['ADDED shop/brief@15', 'DELETED shop/brief@16', 'ADDED shop/c@21'])
  expect(fresh.events).toEqual(['ADDED shop/c@21'])
  expect(streamed.events).toEqual(['ADDED shop/a@11', 'BOOKMARK 20 end', 'ADDED shop/c@21'])
  expect(await cache.list({})).toMatchObject({ resourceVersion: '21', entries: [{ key: 'shop/a' }, { key: 'shop/c' }] })
})

it('items of built-in kinds have no kind and apiVersion in lists, and have them in watches and as single objects', async () => {
  const { cache } = setUp({ itemTypes: 'omit' })
  const handler = createFetchHandler(() => cache)
  cache.apply([change('ADDED', pod('shop/a', 11))])
  const get = async (path: string) => (await handler(new Request(`http://relay.test${path}`))).json()
  expect((await get('/api/v1/pods')).items).toEqual([{ metadata: expect.objectContaining({ name: 'a' }) }])
  expect(await get('/api/v1/namespaces/shop/pods/a')).toMatchObject({ kind: 'Pod', apiVersion: 'v1' })
  expect(await get('/api/v1/pods?watch=1&resourceVersion=10&timeoutSeconds=-1')).toMatchObject({ type: 'ADDED', object: { kind: 'Pod' } })
})
