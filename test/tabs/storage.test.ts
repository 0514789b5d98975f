// The owner stores, in virtual time.

import { afterEach, expect, test, vi } from 'vitest'
import { PersistenceError } from '../../src/api/errors'
import type { SharedInformer } from '../../src/informer/shared-informer'
import { ConfigMap } from '../../src/resources/core/v1'
import { briefRecords, FakeBrowser, type FakeTab } from './fake-browser'

afterEach(() => vi.unstubAllGlobals())

const storing = (browser: FakeBrowser, tab: FakeTab): SharedInformer<ConfigMap> =>
  tab.inform({ persist: { to: browser.persister(tab.realm) } })

async function opened(count: number) {
  const browser = new FakeBrowser(['a', 'b'])
  const tabs = Array.from({ length: count }, () => browser.open())
  const informers = tabs.map((tab) => storing(browser, tab))
  await browser.caughtUp(...informers)
  await browser.world.advance(1_000)
  browser.upstream.length = 0
  return { browser, tabs, informers }
}

test('[tabs/19] when the only tab reloads and its owner lives on, nothing is requested upstream', async () => {
  const { browser, tabs } = await opened(1)
  if (tabs[0]) browser.crash(tabs[0])
  await browser.caughtUp(storing(browser, browser.open()))
  expect(browser.upstream).toEqual([])
})

test('[tabs/19] when the only tab reloads and its owner ends with it, the next one resumes from storage without a list', async () => {
  const { browser, tabs } = await opened(1)
  if (tabs[0]) browser.crash(tabs[0])
  browser.kill()
  browser.world.update('a')
  browser.world.delete('b')
  const informer = storing(browser, browser.open())
  await browser.caughtUp(informer)
  expect(browser.upstream).toEqual(['watch'])
})

test('[tabs/28] two builds have two owners and two feeds, both are right, and the earlier one stores no more', async () => {
  const { browser, informers } = await opened(1)
  const later = browser.open({}, 'https://cdn.test/next-build.js')
  const informer = storing(browser, later)
  await browser.caughtUp(informer)
  browser.world.update('a')
  await browser.caughtUp(...informers, informer)
  expect(informer.status.tabs?.owner).not.toBe(informers[0]?.status.tabs?.owner)
  await browser.world.advance(1_000)
  browser.world.update('b')
  await browser.world.advance(1_000)
  await browser.caughtUp(...informers, informer)
  expect([informers[0]?.persistence?.status, informer.persistence?.status]).toEqual(['fenced', 'active'])
  expect(browser.storedStates().map(({ resourceVersion }) => resourceVersion)).toEqual([browser.world.server.resourceVersion])
})

test('[tabs/29] an owner whose commit is fenced goes on without storing, and its tabs say so', async () => {
  const { browser, informers } = await opened(2)
  // Another writer has taken over the scope.
  const [id] = [...browser.storage.keys()]
  const record = browser.storage.get(id ?? '')
  if (id && record) browser.storage.set(id, { ...record, writer: 'another' })
  browser.world.update('a')
  await browser.caughtUp(...informers)
  await browser.world.advance(2_000)
  browser.world.update('b')
  await browser.caughtUp(...informers)
  await browser.world.advance(2_000)
  expect(informers.map(({ persistence }) => persistence?.status)).toEqual(['fenced', 'fenced'])
  expect(browser.upstream).toEqual([])
})

test('[tabs/30] a kill between relay and commit leaves an older true state in storage, and the next owner replays', async () => {
  const { browser, informers } = await opened(2)
  const [before] = browser.storedStates()
  browser.world.update('a')
  await browser.caughtUp(...informers)
  browser.kill()
  expect(browser.storedStates()[0]?.resourceVersion).toBe(before?.resourceVersion)
  browser.world.update('b')
  await browser.caughtUp(...informers)
  await browser.world.advance(2_000)
  expect(browser.storedStates()[0]?.resourceVersion).toBe(browser.world.server.resourceVersion)
  expect(browser.upstream).toEqual(['watch'])
})

test('an informer that is closed while its tab connects takes no storage from the owner', async () => {
  const browser = new FakeBrowser(['a'], { delay: () => 20 })
  const staying = storing(browser, browser.open())
  await browser.caughtUp(staying)
  await browser.world.advance(1_000)
  const closing = storing(browser, browser.open())
  await browser.world.advance(10)
  await closing.close()
  await browser.world.advance(1_000)
  browser.world.update('a')
  await browser.world.advance(2_000)
  expect(staying.persistence?.status).toBe('active')
  expect(browser.storedStates()[0]?.resourceVersion).toBe(browser.world.server.resourceVersion)
})

test('[tabs/31] a quota that is exceeded in the owner lets it go on from memory, and every tab says so', async () => {
  const { browser, informers } = await opened(2)
  browser.storageError = new PersistenceError('quota', 'the disk is full')
  browser.world.update('a')
  await browser.caughtUp(...informers)
  await browser.world.advance(2_000)
  browser.world.update('b')
  await browser.caughtUp(...informers)
  await browser.world.advance(2_000)
  for (const { persistence } of informers) {
    expect(persistence?.status).toBe('failed')
    expect(persistence?.error).toMatchObject({ code: 'quota' })
  }
  expect(browser.upstream).toEqual([])
})

test('[tabs/39] ten tabs that reload at once, ten times, cause at most two lists upstream and leave no tab stuck', async () => {
  const { browser, tabs } = await opened(10)
  let open = tabs
  for (let round = 0; round < 10; round++) {
    for (const tab of open) browser.crash(tab)
    // The browser ends a SharedWorker that no page uses.
    browser.kill()
    browser.world.update('a')
    open = open.map(() => browser.open())
    await browser.caughtUp(...open.map((tab) => storing(browser, tab)))
    await browser.world.advance((round * 137) % 500)
  }
  expect(browser.upstream.filter((request) => request !== 'watch').length).toBeLessThanOrEqual(2)
})

test('[tabs/40] a tab that is left alone with two namespaces becomes the writer of each of them', async () => {
  const browser = new FakeBrowser(['a'], { hasLocks: false })
  browser.world.server.access.deny({ resource: 'configmaps', namespace: '' })
  browser.world.server.access.deny({ resource: 'namespaces' })
  vi.stubGlobal('fetch', browser.world.fetch)
  const { eachAllowed } = await import('../../src/informer/namespaces/each-allowed')
  const tab = browser.open()
  const informer = tab.inform({ persist: { to: browser.persister(tab.realm) }, namespaces: eachAllowed(['shop', 'other']) })
  await browser.until(
    () => 'both namespaces',
    () => informer.status.hasSynced,
  )
  await browser.world.advance(1_000)
  // The next owner cannot be started.
  browser.refusal = 'the SharedWorker failed'
  browser.kill()
  tab.wake('online')
  await browser.until(
    () => `a tab that is alone rather than ${informer.status.tabs?.role}`,
    () => informer.status.tabs?.role === 'alone',
  )
  await browser.world.advance(60_000)
  for (let round = 0; round < 2; round++) {
    browser.world.update('a')
    browser.world.server.create(ConfigMap, { metadata: { name: `b-${round}`, namespace: 'other' } })
    await browser.world.advance(10_000)
  }
  expect(tab.errors.map(String)).toEqual(Array(2).fill(expect.stringContaining('the owner that stored this snapshot is gone')))
  const stored = browser.storedStates().map(({ records }) => briefRecords(records))
  expect(stored.join(' ').split(' ').sort()).toEqual(browser.world.state.split(' ').sort())
})
