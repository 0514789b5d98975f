// Browsers without a SharedWorker: one of the tabs leads, in virtual time.

import { afterEach, expect, test, vi } from 'vitest'
import { briefState } from '../conformance/brief'
import { FakeBrowser } from './fake-browser'

afterEach(() => vi.unstubAllGlobals())

async function opened(count: number) {
  const browser = new FakeBrowser(['a', 'b', 'c'])
  browser.refusal = 'this browser has no SharedWorker'
  const tabs = Array.from({ length: count }, () => browser.open())
  const informers = tabs.map((tab) => tab.inform())
  await browser.caughtUp(...informers)
  const leads = () => informers.filter(({ status }) => status.tabs?.role === 'leader')
  return { browser, tabs, informers, leads }
}

test('[tabs/36] without a SharedWorker one tab leads, and ten tabs cause one streamed list upstream', async () => {
  const { browser, informers } = await opened(10)
  expect(browser.upstream).toEqual(['stream'])
  const [leader, ...followers] = informers.map(({ status }) => status.tabs?.role).sort((a) => (a === 'leader' ? -1 : 1))
  expect([leader, new Set(followers)]).toEqual(['leader', new Set(['follower'])])
  expect(informers[0]?.status.tabs).toMatchObject({ tabs: 10, upstream: 1, why: 'this browser has no SharedWorker' })
})

test('[tabs/36] when the tab that leads is closed or crashes the next one leads without a list', async () => {
  const { browser, tabs, informers, leads } = await opened(4)
  browser.upstream.length = 0
  for (const end of ['close', 'crash'] as const) {
    const [leader] = leads() as [(typeof informers)[number]]
    const at = informers.indexOf(leader)
    const [tab] = tabs.splice(at, 1)
    informers.splice(at, 1)
    if (end === 'close') await leader.close()
    else if (tab) browser.crash(tab)
    browser.world.update('a')
    await browser.caughtUp(...informers)
    expect(leads()).toHaveLength(1)
  }
  expect(browser.upstream).toEqual(['watch', 'watch'])
  expect(tabs.flatMap(({ errors }) => errors)).toEqual([])
})

test('[tabs/36] a tab that leads gives up the lead when it is frozen, and follows after the thaw', async () => {
  const { browser, tabs, informers, leads } = await opened(3)
  browser.upstream.length = 0
  const [leading] = leads() as [(typeof informers)[number]]
  const at = informers.indexOf(leading)
  const [frozen] = tabs.splice(at, 1)
  const [leader] = informers.splice(at, 1)
  frozen?.page('frozen')
  frozen?.realm.freeze()
  const frozenAt = browser.world.clock.now()
  browser.world.update('a')
  await browser.caughtUp(...informers)
  expect(browser.world.clock.now() - frozenAt).toBeLessThan(5_500)
  frozen?.realm.thaw()
  frozen?.page('shown')
  if (leader) await browser.caughtUp(leader)
  expect(leader?.status.tabs?.role).toBe('follower')
  expect(browser.upstream).toEqual(['watch'])
})

test('[tabs/36] a tab that leads and hangs is left for the next name, and ends its owner before it posts anything', async () => {
  const { browser, tabs, informers, leads } = await opened(3)
  const [hung] = leads() as [(typeof informers)[number]]
  const at = informers.indexOf(hung)
  tabs[at]?.realm.freeze()
  browser.world.update('a')
  const others = informers.filter((each) => each !== hung)
  await browser.caughtUp(...others)
  expect(new Set(others.map(({ status }) => status.tabs?.owner))).toEqual(new Set(['owner-2']))
  tabs[at]?.realm.thaw()
  browser.world.update('b')
  await browser.world.advance(6_000)
  await browser.caughtUp(...informers)
  expect(informers.map(({ status }) => status.tabs?.owner)).toEqual(Array(3).fill('owner-2'))
  expect(browser.world.server.openRequests).toHaveLength(1)
})

test('[tabs/37] a tab whose link is broken takes the lead from no other tab', async () => {
  const { browser, tabs, informers } = await opened(3)
  const [leader, broken, follower] = informers
  expect(leader?.status.tabs?.role).toBe('leader')
  const others = [leader, follower].flatMap((informer) => informer ?? [])
  tabs[1]?.loseChannels()
  vi.stubGlobal('fetch', browser.world.fetch)
  browser.world.update('a')
  await browser.world.advance(60_000)
  for (const { indexer, status } of others) {
    expect(briefState(indexer.list())).toBe(browser.world.state)
    expect(status.tabs?.owner).toBe('owner-1')
  }
  await browser.world.advance(60_000)
  expect(briefState(broken?.indexer.list() ?? [])).toBe(browser.world.state)
})

test('[tabs/37] a browser without Web Locks leaves each tab alone, with both reasons', async () => {
  const browser = new FakeBrowser(['a'], { hasLocks: false })
  vi.stubGlobal('fetch', browser.world.fetch)
  browser.refusal = 'this browser has no SharedWorker'
  const informer = browser.open().inform()
  await browser.caughtUp(informer)
  expect(informer.status.tabs).toMatchObject({ role: 'alone', why: 'this browser has no SharedWorker; this page has no Web Locks' })
})
