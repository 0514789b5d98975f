// Pages that freeze, sleep, vanish, or enter the back/forward cache, in virtual time.

import { expect, test } from 'vitest'
import { briefState } from '../conformance/brief'
import { FakeBrowser } from './fake-browser'

async function opened(count: number, options: ConstructorParameters<typeof FakeBrowser>[1] = {}) {
  const browser = new FakeBrowser(['a', 'b', 'c'], options)
  const tabs = Array.from({ length: count }, () => browser.open())
  const informers = tabs.map((tab) => tab.inform())
  await browser.caughtUp(...informers)
  browser.upstream.length = 0
  return { browser, tabs, informers }
}

test('[tabs/15] a frozen tab costs the owner one parcel, however many events follow, and lists locally after the thaw', async () => {
  const { browser, tabs, informers } = await opened(2)
  const [frozen] = tabs
  frozen?.realm.freeze()
  for (let i = 0; i < 10_000; i++) {
    browser.world.update('a')
    if (i % 500 === 0) await browser.world.advance(50)
  }
  await browser.world.advance(1_000)
  expect(briefState(informers[1]?.indexer.list() ?? [])).toBe(browser.world.state)
  // A parcel, and the messages of an owner that lives: its counts and pings.
  expect(frozen?.realm.waiting).toBeLessThan(10)
  const sent = browser.sent
  browser.world.update('b')
  await browser.world.advance(100)
  // The update reaches one tab only.
  expect(browser.sent - sent).toBeLessThan(5)
  frozen?.realm.thaw()
  frozen?.wake('resume')
  await browser.world.advance(1_000)
  expect(briefState(informers[0]?.indexer.list() ?? [])).toBe(browser.world.state)
  expect(browser.upstream).toEqual([])
})

test('[tabs/16] while all tabs are frozen the feed goes on, and nothing is lost at the thaw', async () => {
  const { browser, tabs, informers } = await opened(3)
  for (const { realm } of tabs) realm.freeze()
  browser.world.update('a')
  browser.world.delete('b')
  await browser.world.advance(60_000)
  expect(browser.world.server.openRequests).toHaveLength(1)
  for (const tab of tabs) {
    tab.realm.thaw()
    tab.wake('resume')
  }
  await browser.caughtUp(...informers)
  expect(browser.upstream).toEqual([])
})

test('[tabs/18] a page in the back/forward cache has no connection and waits for no lock, and watches on when it is back', async () => {
  const { browser, tabs, informers } = await opened(2)
  const [cached] = tabs
  cached?.page('hidden')
  expect(browser.waiters(cached)).toBe(0)
  await browser.world.advance(100)
  expect(informers[1]?.status.tabs?.tabs).toBe(1)
  const sent = cached?.realm.received
  cached?.realm.freeze()
  browser.world.update('a')
  browser.world.delete('b')
  await browser.world.advance(5_000)
  expect(cached?.realm.received).toBe(sent)
  cached?.realm.thaw()
  cached?.page('shown')
  cached?.wake('resume')
  await browser.caughtUp(...informers)
  expect(browser.upstream).toEqual([])
  expect(cached?.events).not.toContain('relist')
})

test('[tabs/18] a page that was cached for longer than the window lists from the owner', async () => {
  const { browser, tabs, informers } = await opened(2)
  const [cached] = tabs
  cached?.page('hidden')
  cached?.realm.freeze()
  for (let i = 0; i < 11_000; i++) {
    browser.world.update('a')
    if (i % 500 === 0) await browser.world.advance(50)
  }
  cached?.realm.thaw()
  cached?.page('shown')
  await browser.world.advance(1_000)
  expect(briefState(informers[0]?.indexer.list() ?? [])).toBe(browser.world.state)
  expect(cached?.events).toContain('relist')
  expect(browser.upstream).toEqual([])
})

test('[tabs/33] the calls of a tab that vanished are gone within two minutes, and hold up no other tab', async () => {
  const { browser, tabs, informers } = await opened(2)
  const [vanishing, staying] = tabs
  vanishing?.inform({ namespace: 'other' })
  await browser.world.advance(1_000)
  expect(browser.world.server.openRequests).toHaveLength(2)
  if (vanishing) browser.crash(vanishing)
  browser.world.update('a')
  const [, informer] = informers
  if (informer) await browser.caughtUp(informer)
  await browser.world.advance(130_000)
  expect(informer?.status.tabs).toMatchObject({ tabs: 1, upstream: 1 })
  expect(browser.world.server.openRequests).toHaveLength(1)
  expect(staying?.errors).toEqual([])
})

test('[tabs/33] a tab that was frozen for so long that the owner dropped it connects again after the thaw', async () => {
  const { browser, tabs, informers } = await opened(2)
  tabs[0]?.realm.freeze()
  await browser.world.advance(150_000)
  expect(informers[1]?.status.tabs?.tabs).toBe(1)
  browser.world.update('a')
  tabs[0]?.realm.thaw()
  tabs[0]?.wake('resume')
  await browser.caughtUp(...informers)
  expect(browser.upstream).toEqual([])
})
