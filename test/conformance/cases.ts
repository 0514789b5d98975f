import { expect, test } from 'vitest'
import { type MemoryStorage, memoryPersister } from '../../src/persistence/memory/memory-persister'
import { MAX_SERVER_ERRORS } from '../../src/reflector/state'
import { briefUpdate } from './brief'
import type { Page, PageOptions } from './page'
import { Place, type Target } from './target'
import { endAfter, fromNewest } from './tweaks'

const listing = { initialList: 'list' } as const

/** Everything that can be provoked on any API server. docs/conformance.md lists the cases. */
export function conformance(target: () => Target): void {
  let places = 0
  const place = (...names: string[]) => Place.create(target(), `conformance-${places++}`, names)
  const synced = syncedOn(target)

  test('[list/start-version] lists from "0", then watches from the list’s version', async () => {
    const here = await place('a', 'b')
    await using page = await here.page(listing).open()
    await synced(here, page)
    expect(page.requests[0]).toBe('list ≥0')
    expect(page.requests[1]).toMatch(/^watch \d+$/)
    expect(page.reflector.status.source).toBe('list')
  })

  test('[list/pages] takes the list’s version from the first of three pages, and sends no version or match with continue', async () => {
    const here = await place('a', 'b', 'c', 'd', 'e')
    await using page = await here.page({ ...listing, pageSize: 2, listWatch: { tweakListOptions: fromNewest } }).open()
    await synced(here, page)
    expect(page.requests.slice(0, 3)).toEqual(['list newest limit 2', 'list next limit 2', 'list next limit 2'])
    expect(page.requests).toHaveLength(4)
    expect(page.changes).toHaveLength(1)
  })

  test('[list/start-version] receives a list from "0" in one response, whatever the page size', async () => {
    const here = await place('a', 'b', 'c')
    await using page = await here.page({ ...listing, pageSize: 1 }).open()
    await synced(here, page)
    expect(page.requests).toEqual(['list ≥0 limit 1', expect.stringMatching(/^watch/)])
  })

  test('[stream/initial-state] replaces the store once at the annotated bookmark, and continues the stream as the watch', async () => {
    const here = await place('a', 'b')
    await using page = await here.page().open()
    await synced(here, page)
    expect(page.changes).toHaveLength(1)
    expect(page.reflector.status).toMatchObject({ source: 'stream', hasSynced: true })
    await here.create('c')
    await synced(here, page)
    expect(page.requests).toEqual(['stream newest'])
  })

  test('[watch/progress] a DELETED event carries the deletion’s version, which becomes the last version', async () => {
    const here = await place('a')
    await using page = await here.page().open()
    await synced(here, page)
    const updated = await here.update('a')
    await here.delete('a')
    await synced(here, page)
    const [, update, deletion] = page.updates.filter(({ changes }) => changes.length > 0)
    expect(update && briefUpdate(update)).toBe(`apply ${updated}: ~a@${updated}`)
    expect(deletion?.changes).toMatchObject([{ type: 'deleted', entry: { name: 'a', resourceVersion: deletion?.resourceVersion } }])
    expect(page.reflector.lastSyncResourceVersion).toBe(deletion?.resourceVersion)
    expect(BigInt(deletion?.resourceVersion ?? '')).toBeGreaterThan(BigInt(updated))
  })

  test('[watch/progress] a bookmark advances the versions of reflector and store, and reports no change', async () => {
    const here = await place('a')
    const elsewhere = await place()
    await using page = await here.page({ listWatch: { tweakListOptions: endAfter(5) } }).open()
    await synced(here, page)
    const before = page.reflector.lastSyncResourceVersion
    const newest = await elsewhere.create('x')
    await target().until('a bookmark', () => BigInt(page.reflector.lastSyncResourceVersion) >= BigInt(newest))
    expect(page.store.resourceVersion).toBe(page.reflector.lastSyncResourceVersion)
    expect(page.events).toContainEqual({ type: 'bookmark', resourceVersion: page.store.resourceVersion })
    expect(before).not.toBe(page.store.resourceVersion)
    expect(page.changes).toHaveLength(1)
  })

  test('[watch/closed] [watch/parameters] opens another watch from the last version, without a list, when the server ends one at its timeout', async () => {
    const here = await place('a')
    await using page = await here.page({ ...listing, listWatch: { tweakListOptions: endAfter(2) } }).open()
    await synced(here, page)
    const version = await here.create('b')
    await target().until('three watches', () => page.requests.length >= 4)
    expect(page.requests.slice(2, 4)).toEqual([`watch ${version}`, `watch ${version}`])
    expect(page.errors).toEqual([])
  })

  test('[store/new-uid] reports a delete and an add for an object that was deleted and created again, in a watch and in a relist', async () => {
    const here = await place('a')
    const storage: MemoryStorage = new Map()
    const first = await here.page({ persister: memoryPersister(storage) }).open()
    await synced(here, first)
    await here.delete('a')
    await here.create('a')
    await synced(here, first)
    expect(typesOf(first)).toEqual(['added', 'deleted', 'added'])
    await first.close()

    await here.delete('a')
    await here.create('a')
    await target().expire()
    await using page = await here.page({ ...listing, persister: memoryPersister(storage) }).open()
    await synced(here, page)
    expect(typesOf(page)).toEqual(['added', 'deleted', 'added'])
  })

  test('[store/event-type] deletes an object that leaves the selector, and adds one that enters it', async () => {
    const here = await place()
    await here.create('a', { labels: { app: 'web' } })
    await here.create('b')
    await using page = await here.page({ listWatch: { labelSelector: 'app=web' } }).open()
    await target().until('the list', () => page.state.startsWith('a@'))
    const left = await here.update('a')
    const entered = await here.update('b', { labels: { app: 'web' } })
    await target().until('the changes', () => page.state === `b@${entered}`)
    expect(page.changes.slice(1).join(' ')).toContain(`-a@${left}`)
  })

  test('[resume/hydrate] resumes a persisted state from its version, without a list', async () => {
    const here = await place('a', 'b')
    const storage: MemoryStorage = new Map()
    const first = await here.page({ persister: memoryPersister(storage) }).open()
    await synced(here, first)
    const version = first.store.resourceVersion
    await first.close()
    await here.update('a')
    await here.delete('b')
    await using page = await here.page({ persister: memoryPersister(storage) }).open()
    expect(page.hydration).toBe('persisted')
    await synced(here, page)
    expect(page.requests).toEqual([`watch ${version}`])
    expect(page.reflector.status.source).toBe('persisted')
  })

  for (const options of [{ ...listing, pageSize: 2 }, { initialList: 'stream' }] satisfies PageOptions[]) {
    test(`[watch/410-gone] [list/limit-match] [resume/410-gone] relists (${options.initialList}) at a persisted version that the watch refuses with 410, and deletes what vanished`, async () => {
      const here = await place('a', 'b', 'c')
      const storage: MemoryStorage = new Map()
      const first = await here.page({ persister: memoryPersister(storage) }).open()
      await synced(here, first)
      const version = first.store.resourceVersion
      await first.close()
      await here.delete('b')
      await target().expire()
      await using page = await here.page({ ...options, persister: memoryPersister(storage) }).open()
      await synced(here, page)
      const relist = options.initialList === 'list' ? [`list ≥${version} limit 2`] : [`stream ≥${version}`]
      expect(page.requests.slice(0, relist.length + 1)).toEqual([`watch ${version}`, ...relist])
      expect(page.errors).toMatchObject([{ name: 'WatchError', status: { code: 410 } }])
      expect(page.changes[1]).toMatch(/^replace \d+: -b@\d+$/)
    })
  }

  test('[list/expired-continue] [list/inconsistent-continue] reads the full list, unpaged, at the first page’s version after a 410 to page 2, without the inconsistent token', async () => {
    const here = await place('a', 'b', 'c')
    const version = await here.resourceVersion()
    let expired = false
    await using page = await here
      .page({
        ...listing,
        pageSize: 1,
        listWatch: { tweakListOptions: fromNewest },
        async fetch(request, next) {
          if (request.url.includes('continue=') && !expired) {
            expired = true
            await target().expire()
          }
          return next(request)
        },
      })
      .open()
    await synced(here, page)
    expect(page.requests.slice(0, 3)).toEqual(['list newest limit 1', 'list next limit 1', expect.stringMatching(/^list ≥\d+$/)])
    expect(BigInt(page.requests[2]?.slice('list ≥'.length) ?? '')).toBeGreaterThanOrEqual(BigInt(version))
    expect(page.changes).toHaveLength(1)
  })

  test('[resume/future-version] detects a hydrated version from the future by a small list sent beside the watch', async () => {
    const here = await place('a')
    const future = await beyond(here)
    await using page = await here.page().hydrate([], future).open()
    await synced(here, page)
    expect(page.requests).toEqual([`watch ${future}`, 'stream newest'])
    expect(page.probes[0]).toBe(`list ${future} (Exact) limit 1`)
    expect(page.errors).toMatchObject([{ status: 504 }])
    expect(BigInt(page.reflector.lastSyncResourceVersion)).toBeLessThan(BigInt(future))
  })

  test('misses nothing when the server restarts during changes', async () => {
    const here = await place('a', 'b', 'c')
    await using page = await here.page().open()
    await synced(here, page)
    await here.update('a')
    await here.delete('b')
    await target().restart()
    await here.create('d')
    await here.update('c')
    await synced(here, page)
    // Whatever the way there said, it was no hot loop.
    expect(page.requests.length).toBeLessThan(40 + MAX_SERVER_ERRORS)
  })

  test('[feed/abort] abort at any stage resolves run(), reports no error and leaves no request', async () => {
    const here = await place('a', 'b', 'c')
    const stages: ((page: Page) => boolean)[] = [
      () => true,
      ({ requests }) => requests.length >= 1,
      ({ requests }) => requests.length >= 2,
      ({ events }) => events.some(({ type }) => type === 'bytes'),
      ({ reflector }) => reflector.state === 'live',
      ({ reflector }) => reflector.state === 'backoff',
    ]
    for (const options of [{}, listing, { ...listing, pageSize: 1 }] satisfies PageOptions[]) {
      for (const stage of stages) {
        const look = () => void (stage(page) && page.close())
        const page: Page = here.page({
          ...options,
          listWatch: { tweakListOptions: endAfter(1) },
          onEvent: look,
          fetch: (request, next) => {
            const response = next(request)
            look()
            return response
          },
        })
        page.reflector.subscribe(look)
        await page.open()
        await target().until('the stage, and the end', () => page.reflector.state === 'stopped')
        await page.close()
        expect(page.errors).toEqual([])
      }
    }
    await target().expectNothingLeft()
  })
}

/** The cases of a server that can refuse streamed lists. A relay serves them whatever the server behind it does. */
export function refusedStreamConformance(target: () => Target): void {
  const synced = syncedOn(target)
  test('[stream/refused] lists in the same cycle when the server refuses streamed lists, and remembers it', async () => {
    const here = await Place.create(target(), 'conformance-refused', ['a'])
    await target().restart({ watchList: 'refused' })
    await using page = await here.page().open()
    await synced(here, page)
    expect(page.requests.slice(0, 2)).toEqual(['stream newest', 'list ≥0'])
    await target().restart({ watchList: 'supported' })
    await here.create('b')
    await synced(here, page)
    expect(page.requests.filter((request) => request.startsWith('stream'))).toHaveLength(1)
  })
}

/** Waits until a page is live and shows what the server has. */
const syncedOn =
  (target: () => Target) =>
  async (here: Place, page: Page): Promise<void> => {
    await target().until('the store to be as the server', async () => page.reflector.state === 'live' && (await here.isSame(page)))
    expect(
      page.store
        .list()
        .map(({ object }) => object)
        .sort(byName),
    ).toEqual((await here.objects()).sort(byName))
  }

/** A version that no server is at. Clients must not do arithmetic with versions; a test that knows them to be numbers may. */
async function beyond(here: Place): Promise<string> {
  return String(Number(await here.resourceVersion()) + 1_000_000)
}

const typesOf = (page: Page): string[] => page.updates.flatMap(({ changes }) => changes.map(({ type }) => type))

const byName = (a: { metadata: { name?: string } }, b: { metadata: { name?: string } }): number =>
  (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1
