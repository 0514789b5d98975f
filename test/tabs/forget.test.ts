// A logout reaches every tab, in virtual time.

import { expect, test } from 'vitest'
import { isClearedError } from '../../src/tabs/cleared-error'
import { FakeBrowser } from './fake-browser'

async function opened(count: number) {
  const browser = new FakeBrowser(['a', 'b'])
  const tabs = Array.from({ length: count }, () => browser.open())
  const informers = tabs.map((tab) => tab.inform({ persist: { to: browser.persister() } }))
  await browser.caughtUp(...informers)
  await browser.world.advance(1_000)
  return { browser, tabs, informers }
}

type Opened = Awaited<ReturnType<typeof opened>>

/** Expects that nothing of the user is left: shown, stored or requested. */
async function expectForgotten({ browser, informers }: Pick<Opened, 'browser' | 'informers'>): Promise<void> {
  await browser.world.advance(15_000)
  for (const { status, indexer } of informers) {
    expect(isClearedError(status.error)).toBe(true)
    expect([status.state, indexer.list()]).toEqual(['stopped', []])
  }
  expect([...browser.storage.values()].filter((stored) => stored.resourceVersion !== undefined)).toEqual([])
  expect(browser.world.server.openRequests).toEqual([])
  // A SharedWorker that no tab uses is ended by the browser.
  expect(browser.owners.every(({ realm, owner }) => realm.isDead || owner.tabs === 0)).toBe(true)
}

test('[tabs/26] forget empties and stops every tab, removes what was stored, and no request of the user follows', async () => {
  const opening = await opened(3)
  const { browser, tabs } = opening
  // A frozen page takes part, and so does one in the back/forward cache.
  tabs[1]?.realm.freeze()
  tabs[2]?.page('hidden')
  await tabs[0]?.forget()
  const { length } = browser.upstream
  await expectForgotten(opening)
  browser.world.update('a')
  tabs[1]?.realm.thaw()
  tabs[2]?.page('shown')
  await expectForgotten(opening)
  expect(browser.upstream).toHaveLength(length)
})

test('[tabs/26] forget leaves the tabs of another user alone', async () => {
  const { browser, tabs, informers } = await opened(1)
  const bob = browser.open().inform({ as: 'bob' })
  await browser.caughtUp(bob)
  await tabs[0]?.forget()
  await browser.world.advance(1_000)
  browser.world.update('a')
  await browser.caughtUp(bob)
  expect(informers[0]?.state).toBe('stopped')
})

test('[tabs/27] forget during a takeover, a load or a commit leaves nothing behind', async () => {
  const takeover = await opened(2)
  takeover.browser.kill()
  await takeover.tabs[0]?.forget()
  await expectForgotten(takeover)

  const commit = await opened(2)
  commit.browser.world.update('a')
  // The owner has the change, and stores it within 250 ms.
  await commit.browser.world.advance(100)
  await commit.tabs[0]?.forget()
  await expectForgotten(commit)

  const load = await opened(1)
  const late = load.browser.open().inform({ persist: { to: load.browser.persister() } })
  await load.tabs[0]?.forget()
  await expectForgotten({ browser: load.browser, informers: [...load.informers, late] })
})

test('[tabs/26] an informer that starts after a logout starts over', async () => {
  const { browser, tabs } = await opened(2)
  await tabs[0]?.forget()
  await browser.world.advance(1_000)
  const informer = tabs[0]?.inform()
  if (informer) await browser.caughtUp(informer)
  expect(informer?.state).toBe('live')
})
