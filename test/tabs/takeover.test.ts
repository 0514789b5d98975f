// Tabs whose owner is killed, hangs, or is restarted silently, in virtual time.

import { afterEach, expect, test, vi } from 'vitest'
import type { SharedInformer } from '../../src/informer/shared-informer'
import type { ConfigMap } from '../../src/resources/core/v1'
import { briefState } from '../conformance/brief'
import { FakeBrowser, type FakeTab } from './fake-browser'

afterEach(() => vi.unstubAllGlobals())

/** Opens tabs that are live and have every object; what reached the server until then is forgotten. */
async function opened(count: number, options: ConstructorParameters<typeof FakeBrowser>[1] = {}) {
  const browser = new FakeBrowser(['a', 'b', 'c'], options)
  const tabs = Array.from({ length: count }, () => browser.open())
  const informers = tabs.map((tab) => tab.inform())
  await browser.caughtUp(...informers)
  browser.upstream.length = 0
  return { browser, tabs, informers }
}

const ownerEvents = (tab: FakeTab | undefined) => tab?.events.filter((type) => type.startsWith('owner'))

test('[tabs/05] when the owner is killed every tab continues at its version: one watch upstream and no list', async () => {
  const { browser, tabs, informers } = await opened(4)
  browser.kill()
  browser.world.update('a')
  browser.world.delete('b')
  await browser.caughtUp(...informers)
  expect(browser.upstream).toEqual(['watch'])
  expect(tabs.flatMap(({ errors }) => errors)).toEqual([])
  for (const tab of tabs) expect(ownerEvents(tab)).toEqual(['owner joined', 'owner lost', 'owner joined'])
})

test('[tabs/06] fifty kills in one life of the page lose no object, leave no ghost, and never go back to an older version', async () => {
  const { browser, tabs, informers } = await opened(3)
  const versions = informers.map(() => 0)
  const unsubscribe = informers.map((informer, i) =>
    informer.indexer.subscribe(({ resourceVersion }) => {
      expect(Number(resourceVersion)).toBeGreaterThanOrEqual(versions[i] ?? 0)
      versions[i] = Number(resourceVersion)
    }),
  )
  const takenMs: number[] = []
  for (let round = 0; round < 50; round++) {
    browser.kill()
    browser.world.create(`new-${round}`)
    if (round > 0) browser.world.delete(`new-${round - 1}`)
    const before = browser.world.clock.now()
    await browser.caughtUp(...informers)
    takenMs.push(browser.world.clock.now() - before)
    // At different moments of the feed's life; more than two losses within ten seconds would let the reflectors wait.
    await browser.world.advance(5_000 + ((round * 97) % 1_000))
  }
  expect(browser.upstream.filter((request) => request !== 'watch')).toEqual([])
  expect(Math.max(...takenMs)).toBeLessThanOrEqual(150)
  expect(tabs.flatMap(({ errors }) => errors)).toEqual([])
  for (const stop of unsubscribe) stop()
}, 30_000)

test('[tabs/06] kills that follow each other at once let the tabs wait, and cost no list', async () => {
  const { browser, informers } = await opened(3)
  for (let round = 0; round < 10; round++) {
    browser.kill()
    browser.world.update('a')
    // Before, during and after the choice of the version, and the fill.
    await browser.world.advance((round * 53) % 250)
  }
  await browser.caughtUp(...informers)
  expect(browser.upstream.filter((request) => request !== 'watch')).toEqual([])
})

test('[tabs/07] a new owner resumes at the lowest version of the tabs, and none of them lists', async () => {
  const { browser, tabs, informers } = await opened(3)
  // The second tab hangs, and misses three changes that the others have.
  tabs[1]?.realm.freeze()
  for (const name of ['a', 'b', 'c']) browser.world.update(name)
  await browser.caughtUp(...without(informers, 1))
  tabs[1]?.realm.drop()
  browser.kill()
  tabs[1]?.realm.thaw()
  expect(informers[1]?.indexer.resourceVersion).not.toBe(informers[0]?.indexer.resourceVersion)
  await browser.caughtUp(...informers)
  expect(browser.upstream).toEqual(['watch'])
  for (const { events } of tabs) expect(events).not.toContain('relist')
})

test('[tabs/08] when the server has compacted meanwhile one list serves all tabs, and what vanished leaves them', async () => {
  const { browser, tabs, informers } = await opened(3)
  const deleted: string[] = []
  informers[0]?.addEventHandler({ onDelete: ({ metadata }) => void deleted.push(metadata.name ?? '') })
  browser.kill()
  browser.world.delete('b')
  browser.world.expire()
  await browser.caughtUp(...informers)
  expect(browser.upstream).toEqual(['watch', 'stream'])
  expect(deleted).toEqual(['b'])
  expect(tabs.flatMap(({ errors }) => errors)).toEqual([])
})

test('[tabs/10] a new owner gets its objects from a tab, so that a new tab costs nothing upstream', async () => {
  const { browser } = await opened(2)
  browser.kill()
  await browser.world.advance(1_000)
  await browser.caughtUp(browser.open().inform())
  expect(browser.upstream).toEqual(['watch'])
})

test('[tabs/10] a tab that does not answer for half a second is passed over, and without any answer one list serves all', async () => {
  const { browser, tabs, informers } = await opened(2)
  browser.kill()
  browser.world.update('a')
  await browser.caughtUp(...informers)
  tabs[0]?.realm.freeze()
  await browser.world.advance(700)
  await browser.caughtUp(browser.open().inform())
  expect(browser.upstream).toEqual(['watch'])

  const alone = await opened(1)
  alone.browser.kill()
  alone.browser.world.update('a')
  await alone.browser.caughtUp(...alone.informers)
  alone.tabs[0]?.realm.freeze()
  const late = [alone.browser.open().inform(), alone.browser.open().inform()]
  await alone.browser.caughtUp(...late)
  expect(alone.browser.upstream.map((request) => request.replace(/\?.*/, ''))).toEqual(['watch', 'list'])
})

test('[tabs/11] a tab that is closed while it gives its objects is replaced by the next one, from the beginning', async () => {
  const large = { data: { text: 'x'.repeat(200_000) } }
  const browser = new FakeBrowser([])
  for (let i = 0; i < 10; i++) browser.world.create(`large-${i}`, large)
  const tabs = [browser.open(), browser.open()]
  const informers = tabs.map((tab) => tab.inform())
  await browser.caughtUp(...informers)
  browser.upstream.length = 0
  browser.kill()
  const [giver, next] = tabs as [FakeTab, FakeTab]
  browser.onParcel = (tab) => tab === giver && browser.crash(giver)
  await browser.world.advance(1_000)
  expect(giver.realm.isDead).toBe(true)
  expect(next.given).toBe(5)
  await browser.caughtUp(browser.open().inform())
  expect(browser.upstream).toEqual(['watch'])
})

test('[tabs/12] a second greeting on the same port, as after a silent restart in WebKit, is the loss of the first owner', async () => {
  const { browser, tabs, informers } = await opened(3, { hasLocks: false })
  browser.restart()
  browser.world.update('a')
  browser.world.delete('b')
  await browser.caughtUp(...informers)
  expect(browser.upstream).toEqual(['watch'])
  for (const tab of tabs) expect(ownerEvents(tab)).toEqual(['owner joined', 'owner lost', 'owner joined'])
})

test('[tabs/13] without Web Locks the loss of an owner is found within 4 s after a wake-up', async () => {
  const { browser, tabs, informers } = await opened(2, { hasLocks: false })
  browser.kill()
  browser.world.update('a')
  for (const tab of tabs) tab.wake('visible')
  await browser.world.advance(4_000)
  for (const { indexer } of informers) expect(briefState(indexer.list())).toBe(browser.world.state)
})

test('[tabs/13] without Web Locks and without a wake-up the loss of an owner is found within 15 s', async () => {
  const { browser, informers } = await opened(2, { hasLocks: false })
  browser.kill()
  browser.world.update('a')
  await browser.world.advance(15_000)
  for (const { indexer } of informers) expect(briefState(indexer.list())).toBe(browser.world.state)
})

test('[tabs/14] no tab leaves an owner that is busy for 1.5 s', async () => {
  const { browser, tabs, informers } = await opened(3)
  const { realm } = browser.owner
  realm.freeze()
  await browser.world.advance(1_500)
  realm.thaw()
  browser.world.update('a')
  await browser.caughtUp(...informers)
  for (const tab of tabs) expect(ownerEvents(tab)).toEqual(['owner joined'])
})

test('[tabs/14] all tabs leave an owner that hangs for one next name, and it ends itself when it is back', async () => {
  const { browser, informers } = await opened(3)
  const hung = browser.owner
  hung.realm.freeze()
  browser.world.update('a')
  await browser.caughtUp(...informers)
  expect(new Set(informers.map(({ status }) => status.tabs?.owner))).toEqual(new Set(['owner-2']))
  expect(browser.owners.map(({ name }) => name.slice(-2))).toEqual(['/0', '/1'])
  hung.realm.thaw()
  await browser.world.advance(1_000)
  expect(hung.realm.isDead).toBe(true)
  expect(browser.world.server.openRequests).toHaveLength(1)
})

test('[tabs/14] tabs leave three owners that hang, and make their own requests then', async () => {
  const { browser, informers } = await opened(2)
  vi.stubGlobal('fetch', browser.world.fetch)
  browser.startsFrozen = true
  browser.owner.realm.freeze()
  browser.world.update('a')
  await browser.caughtUp(...informers)
  expect(browser.owners).toHaveLength(4)
  for (const { status } of informers) expect(status.tabs).toMatchObject({ role: 'alone', why: '4 owners in a row did not respond' })
})

function without(informers: readonly SharedInformer<ConfigMap>[], index: number): SharedInformer<ConfigMap>[] {
  return informers.filter((_, i) => i !== index)
}
