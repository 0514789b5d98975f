// Two tabs of the playground share one feed of each collection.

import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import type { FakeApiServer } from '../../src/testing'
import { allRows, caughtUp, expectedRows, feedData, feedIs } from './support/page.ts'
import { startFake } from './support/playground.ts'

/** The open watches of pods. */
const watchesOf = (server: FakeApiServer) => server.openRequests.filter(({ url }) => new URL(url).pathname === '/api/v1/pods')

/** The lists of pods, streamed or not, without the checks of one object. */
const listsOf = (server: FakeApiServer) =>
  server.requests.filter(
    ({ verb, url, resource }) => resource === 'pods' && !url.includes('limit=1') && (verb === 'list' || url.includes('sendInitialEvents')),
  )

const roleOf = async (page: Page) => {
  const { tabsRole, tabs, upstreamWatches } = await feedData(page)
  return { tabsRole, tabs, upstreamWatches }
}

test('two tabs of the playground have one watch upstream, and the second goes on without a list when the first is closed', async () => {
  await using visit = await startFake({ shares: true })
  const { page, cluster, url, errors } = visit
  const { server } = cluster
  await page.goto(url)
  await caughtUp(page, server)
  expect(await roleOf(page)).toEqual({ tabsRole: 'shared', tabs: '1', upstreamWatches: '1' })
  const opening = page.waitForEvent('popup')
  await page.getByRole('button', { name: 'Second tab' }).click()
  const second = await opening
  await caughtUp(second, server)
  await expect
    .poll(() => Promise.all([page, second].map(roleOf)))
    .toEqual(Array(2).fill({ tabsRole: 'shared', tabs: '2', upstreamWatches: '1' }))
  expect(await second.locator('#tabs').textContent()).toBe('2 tabs · 1 watch')
  expect((await allRows(second)).sort()).toEqual(expectedRows(server))
  expect(watchesOf(server)).toHaveLength(1)
  expect(listsOf(server)).toHaveLength(1)

  await page.close()
  cluster.change(60)
  await caughtUp(second, server)
  expect((await allRows(second)).sort()).toEqual(expectedRows(server))
  await expect.poll(() => roleOf(second)).toEqual({ tabsRole: 'shared', tabs: '1', upstreamWatches: '1' })
  expect(watchesOf(server)).toHaveLength(1)
  expect(listsOf(server)).toHaveLength(1)
  expect(errors).toEqual([])
})

test('a tab of the playground reads for itself after Share was switched off, and shares again after it was switched on', async () => {
  await using visit = await startFake({ shares: true })
  const { page, cluster, url } = visit
  await page.goto(url)
  await caughtUp(page, cluster.server)
  await page.getByRole('button', { name: 'Share' }).click()
  await feedIs(page, { state: 'live', tabsRole: 'alone' })
  expect(await page.locator('#tabs').textContent()).toBe('alone · 1 tab')
  await page.getByRole('button', { name: 'Share' }).click()
  await feedIs(page, { state: 'live', tabsRole: 'shared' })
})

test('forgetting what is stored in one tab of the playground lets every tab start over', async () => {
  await using visit = await startFake({ shares: true })
  const { page, cluster, url } = visit
  const { server } = cluster
  await page.goto(url)
  await caughtUp(page, server)
  const second = await page.context().newPage()
  await second.goto(url)
  await caughtUp(second, server)
  await Promise.all([second.waitForEvent('load'), page.getByRole('button', { name: 'Forget cache' }).click()])
  await caughtUp(page, server)
  await caughtUp(second, server)
  expect(listsOf(server)).toHaveLength(2)
})
