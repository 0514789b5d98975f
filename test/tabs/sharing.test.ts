// Tabs that share one list and one watch through an owner, in virtual time.

import { afterEach, expect, test, vi } from 'vitest'
import { KubeClient } from '../../src/http/client'
import { createInformer } from '../../src/informer/create-informer'
import { SharedInformerFactory } from '../../src/informer/factory'
import { metadata } from '../../src/informer/sources/metadata'
import { ConfigMap } from '../../src/resources/core/v1'
import { sharedByTabs } from '../../src/tabs/shared-by-tabs'
import { briefState } from '../conformance/brief'
import { FakeBrowser } from './fake-browser'

afterEach(() => vi.unstubAllGlobals())

test('[tabs/01] ten tabs that open at once cause one streamed list upstream, and all have every object', async () => {
  const browser = new FakeBrowser(['a', 'b', 'c'])
  const informers = Array.from({ length: 10 }, () => browser.open().inform())
  await browser.caughtUp(...informers)
  expect(browser.upstream).toEqual(['stream'])
  browser.world.update('a')
  browser.world.delete('b')
  await browser.caughtUp(...informers)
  expect(browser.upstream).toEqual(['stream'])
  expect(informers.map(({ status }) => status.tabs)).toEqual(
    Array(10).fill({ role: 'shared', owner: 'owner-1', tabs: 10, upstream: 1, why: undefined }),
  )
})

test('[tabs/01] a server without streamed lists gets one list and one watch from ten tabs', async () => {
  const browser = new FakeBrowser(['a', 'b', 'c'])
  browser.world.server.watchList = 'refused'
  const informers = Array.from({ length: 10 }, () => browser.open().inform())
  await browser.caughtUp(...informers)
  expect(browser.upstream.map((request) => request.replace(/\?.*/, ''))).toEqual(['stream', 'list', 'watch'])
})

test('[tabs/02] an eleventh tab has every object within 50 ms and causes no request upstream', async () => {
  const browser = new FakeBrowser(['a', 'b', 'c'])
  await browser.caughtUp(browser.open().inform())
  browser.upstream.length = 0
  const eleventh = browser.open().inform()
  await browser.world.advance(50)
  expect(briefState(eleventh.indexer.list())).toBe(browser.world.state)
  expect(browser.upstream).toEqual([])
})

test('[tabs/03] scopes that differ in any field have feeds of their own, and equal scopes of one page share a feed', async () => {
  const browser = new FakeBrowser(['a', 'b', 'c'])
  const tab = browser.open()
  const differing = [
    {},
    { namespace: 'shop' },
    { labelSelector: 'app=web' },
    { fieldSelector: 'metadata.name=a' },
    { managedFields: 'keep' },
  ] as const
  const informers = differing.flatMap((options) => [tab.inform(options), tab.inform(options)])
  const objects = createInformer(tab.client, ConfigMap, { ...tab.sharing(), source: metadata() })
  await browser.until(
    () => 'every informer live',
    () => [...informers, objects].every(({ state }) => state === 'live'),
  )
  expect(browser.upstream).toEqual(Array(6).fill('stream'))
  expect(informers[0]?.status.tabs).toMatchObject({ tabs: 1, upstream: 6 })
})

test('[tabs/03] a factory shares all of its feeds', async () => {
  const browser = new FakeBrowser(['a'])
  const tabs = [browser.open(), browser.open()]
  const factories = tabs.map((tab) => new SharedInformerFactory(tab.client, tab.sharing()))
  const informers = factories.map((factory) => factory.informer(ConfigMap))
  for (const factory of factories) factory.start()
  await browser.caughtUp(...informers)
  expect(browser.upstream).toEqual(['stream'])
  await Promise.all(factories.map((factory) => factory.close()))
})

test('[tabs/04] nothing happens to the other tabs when the one that started the owner is closed, or crashes', async () => {
  const browser = new FakeBrowser(['a'])
  const [first, second, third] = [browser.open(), browser.open(), browser.open()]
  const [starter, crashing, staying] = [first.inform(), second.inform(), third.inform()]
  await browser.caughtUp(starter, crashing, staying)
  await starter.close()
  browser.crash(second)
  browser.world.update('a')
  await browser.caughtUp(staying)
  expect(browser.upstream).toEqual(['stream'])
  expect(third.events.filter((type) => type.startsWith('owner'))).toEqual(['owner joined'])
})

test('[tabs/20] every tab shows the backoff of the owner with its error, all are live again together, and one tab that is online hurries it', async () => {
  const browser = new FakeBrowser(['a'])
  const tabs = [browser.open(), browser.open()]
  const informers = tabs.map((tab) => tab.inform())
  await browser.caughtUp(...informers)
  const { server } = browser.world
  const restore = server.faults.add({ fault: { type: 'status', status: 503 }, times: 1_000 })
  server.disconnect()
  await browser.until(
    () => 'backoff in every tab',
    () => informers.every(({ state }) => state === 'backoff'),
  )
  await browser.world.advance(60_000)
  for (const { status } of informers) expect(status.error).toMatchObject({ status: 503 })
  restore()
  browser.world.update('a')
  tabs[1]?.wake('online')
  await browser.world.advance(1_000)
  expect(informers.map(({ state, indexer }) => [state, briefState(indexer.list())])).toEqual(Array(2).fill(['live', browser.world.state]))
})

test('[tabs/21] a forbidden scope is denied in every tab with the error of the server, and all recover together', async () => {
  const browser = new FakeBrowser(['a'])
  const allow = browser.world.server.access.deny({ resource: 'configmaps' })
  const informers = [browser.open().inform(), browser.open().inform()]
  await browser.until(
    () => 'denied in every tab',
    () => informers.every(({ state }) => state === 'denied'),
  )
  for (const { status } of informers) expect(status.error).toMatchObject({ name: 'ApiError', status: 403 })
  allow()
  await browser.caughtUp(...informers)
})

test('[tabs/21] a resource that the server does not have is gone in every tab', async () => {
  const browser = new FakeBrowser([])
  browser.world.server.unregister(ConfigMap)
  const informers = [browser.open().inform(), browser.open().inform()]
  await browser.until(
    () => 'gone in every tab',
    () => informers.every(({ state }) => state === 'gone'),
  )
  for (const { status } of informers) expect(status.error).toMatchObject({ status: 404 })
})

test('[tabs/23] tabs of two users have two owners, and neither shows what the other may read', async () => {
  const browser = new FakeBrowser(['a'])
  const { access } = browser.world.server
  access.tokens.set('token-a', { username: 'alice' }).set('token-b', { username: 'bob' })
  access.deny({ username: 'bob', resource: 'configmaps' })
  const alice = browser.open({ token: async () => 'token-a' }).inform({ as: 'alice' })
  const bob = browser.open({ token: async () => 'token-b' }).inform({ as: 'bob' })
  await browser.caughtUp(alice)
  await browser.until(
    () => 'bob denied',
    () => bob.state === 'denied',
  )
  expect(browser.owners.map(({ name }) => name)).toHaveLength(2)
  expect(bob.indexer.list()).toEqual([])
  expect(alice.status.tabs?.owner).not.toBe(bob.status.tabs?.owner)
})

test('[tabs/24] sharing without a user is refused by the compiler and with a TypeError', () => {
  // @ts-expect-error `user` is required.
  expect(() => sharedByTabs({})).toThrow(
    new TypeError(
      'sharedByTabs: expected the name of the user, got undefined: tabs share with tabs of the same user only; give the empty string when there is only one user',
    ),
  )
})

test('[tabs/24] the storage of another user, or a Worker, is refused beside a shared feed', () => {
  const browser = new FakeBrowser([])
  const tab = browser.open()
  expect(() => tab.inform({ persist: { to: browser.persister(), user: 'bob' } })).toThrow('`persist.user` is another user')
  expect(() => tab.inform({ worker: { offThread: () => ({}) as never } })).toThrow('leave out `worker`')
})

test('[tabs/25] an informer that cannot be sent to another thread is alone and says why, once', async () => {
  const browser = new FakeBrowser(['a'])
  const tab = browser.open()
  const ownFetch = new KubeClient({ baseUrl: browser.world.baseUrl, fetch: browser.world.fetch })
  const told: unknown[] = []
  const informer = createInformer(ownFetch, ConfigMap, { ...tab.sharing(), onEvent: (event) => event.type === 'alone' && told.push(event) })
  await browser.caughtUp(informer)
  expect(told).toEqual([{ type: 'alone', why: expect.stringContaining('own fetch or hooks') }])
  expect(informer.status.tabs).toMatchObject({ role: 'alone', tabs: 1, why: expect.stringContaining('own fetch or hooks') })
  const tweaked = createInformer(ownFetch, ConfigMap, { ...tab.sharing(), tweakListOptions: (options) => options })
  expect(tweaked.status.tabs?.why).toContain('tweakListOptions')
  expect(browser.owners).toEqual([])
})

test('[tabs/32] the watch upstream ends ten seconds after its last use, and goes on when the scope is used within that time', async () => {
  const browser = new FakeBrowser(['a'])
  const tab = browser.open()
  const staying = browser.open().inform({ namespace: 'other' })
  const first = tab.inform({ namespace: 'shop' })
  await browser.caughtUp(first)
  await first.close()
  await browser.world.advance(9_000)
  const second = tab.inform({ namespace: 'shop' })
  await browser.caughtUp(second)
  await browser.world.advance(20_000)
  expect(browser.upstream).toEqual(['stream', 'stream'])
  expect(staying.status.tabs?.upstream).toBe(2)
  await second.close()
  await browser.world.advance(10_500)
  expect(browser.world.server.openRequests).toHaveLength(1)
  expect(staying.status.tabs?.upstream).toBe(1)
})

test('[tabs/34] a tab that waits for the version of its write gets it as soon as the owner has it', async () => {
  const browser = new FakeBrowser(['a'])
  const informer = browser.open().inform()
  await browser.caughtUp(informer)
  const { metadata } = browser.world.update('a')
  const waiting = informer.waitForResourceVersion(metadata.resourceVersion ?? '')
  await browser.world.advance(100)
  await expect(waiting).resolves.toBeUndefined()
})

test('[tabs/35] a tab whose SharedWorker is forbidden makes its own requests and says why', async () => {
  const browser = new FakeBrowser(['a'], { hasLocks: false })
  vi.stubGlobal('fetch', browser.world.fetch)
  browser.refusal = 'the SharedWorker failed: forbidden'
  const tab = browser.open()
  const informer = tab.inform()
  await browser.caughtUp(informer)
  expect(informer.status.tabs).toEqual({
    role: 'alone',
    owner: undefined,
    tabs: 1,
    upstream: undefined,
    why: expect.stringContaining(browser.refusal),
  })
  expect(tab.events.filter((type) => type === 'alone')).toHaveLength(1)
})

test('[tabs/35] a SharedWorker that does not greet within ten seconds leaves the tab alone', async () => {
  const browser = new FakeBrowser(['a'], { hasLocks: false })
  vi.stubGlobal('fetch', browser.world.fetch)
  browser.isSilent = true
  const informer = browser.open().inform()
  await browser.world.advance(9_900)
  expect(informer.status.tabs).toMatchObject({ role: 'shared', owner: undefined })
  await browser.caughtUp(informer)
  expect(informer.status.tabs).toMatchObject({
    role: 'alone',
    why: expect.stringMatching(/^the owner of the feeds did not respond for 10 s; /),
  })
})

test('[tabs/40] fallback namespaces share one feed for each namespace, and versions never cross them', async () => {
  const browser = new FakeBrowser(['a'])
  browser.world.server.access.deny({ resource: 'configmaps', namespace: '' })
  browser.world.server.access.deny({ resource: 'namespaces' })
  const { eachAllowed } = await import('../../src/informer/namespaces/each-allowed')
  const informers = [browser.open(), browser.open()].map((tab) => tab.inform({ namespaces: eachAllowed(['shop', 'other']) }))
  await browser.until(
    () => `two live informers rather than ${informers.map(({ state }) => state)}`,
    () => informers.every(({ status, indexer }) => status.hasSynced && briefState(indexer.list()) === browser.world.state),
  )
  browser.world.update('a')
  await browser.world.advance(1_000)
  for (const { indexer } of informers) expect(briefState(indexer.list())).toBe(browser.world.state)
  expect(browser.world.server.openRequests.map(({ url }) => new URL(url).pathname.split('/')[4]).sort()).toEqual(['other', 'shop'])
})
