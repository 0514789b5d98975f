// Tabs of a real browser that share a feed through a SharedWorker.

import { setTimeout as sleep } from 'node:timers/promises'
import type { BrowserContext, Page } from 'playwright-core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ConfigMap } from '../../src/resources/core/v1'
import { FakeApiServer } from '../../src/testing'
import { createProfile, killSharedWorker, launchChromium, type Profile } from '../support/chromium.ts'
import { ask, caughtUp, serveTabsSite, type TabsSite } from './support/tabs-site.ts'

/**
 * The number of kills in one life of the browser; 50 were run once. After the third loss within 10 s the tabs wait for a second, and one may
 * then read the state from the owner again.
 */
const KILLS = Number(process.env.KUBEFLECT_KILLS ?? 2)

let server: FakeApiServer
let site: TabsSite
let profile: Profile
let context: BrowserContext

beforeEach(async () => {
  server = new FakeApiServer()
  for (let i = 0; i < 500; i++)
    server.create(ConfigMap, { metadata: { name: `object-${i}`, namespace: 'shop' }, data: { text: 'x'.repeat(500) } })
  for (let i = 0; i < KILLS; i++) server.create(ConfigMap, { metadata: { name: `deleted-${i}`, namespace: 'shop' } })
  site = await serveTabsSite(server)
  profile = await createProfile()
  context = await launchChromium(profile)
})
afterEach(async () => {
  await context.close()
  await profile[Symbol.asyncDispose]()
  await site[Symbol.asyncDispose]()
})

async function open(query = ''): Promise<Page> {
  const page = await context.newPage()
  await page.goto(site.url + query)
  return page
}

test('[tabs/01] ten tabs of Chromium that open at once cause one list and one watch upstream', async () => {
  const pages = await Promise.all(Array.from({ length: 10 }, () => open()))
  await caughtUp(server, pages)
  expect(site.upstream).toEqual(['stream'])
  server.delete(ConfigMap, { namespace: 'shop', name: 'object-1' })
  server.create(ConfigMap, { metadata: { name: 'later', namespace: 'shop' } })
  await caughtUp(server, pages)
  expect(site.upstream).toEqual(['stream'])
  const reports = await Promise.all(pages.map((page) => ask(page, 'report')))
  expect(new Set(reports.map(({ tabs }) => tabs?.owner)).size).toBe(1)
  expect(reports.map(({ tabs }) => [tabs?.role, tabs?.tabs, tabs?.upstream])).toEqual(Array(10).fill(['shared', 10, 1]))
  expect(reports.flatMap(({ errors }) => errors)).toEqual([])
})

test('[tabs/06] when the process of the owner is killed the tabs of Chromium continue without a list, and lose nothing', async () => {
  let pages = await Promise.all(Array.from({ length: 4 }, () => open()))
  await caughtUp(server, pages)
  let changes = 0
  const churn = setInterval(() => server.update(ConfigMap, { metadata: { name: `object-${changes++ % 500}`, namespace: 'shop' } }), 5)
  const firstMs: number[] = []
  try {
    for (let round = 0; round < KILLS; round++) {
      const left: Page[] = []
      for (const page of pages) page.once('crash', () => left.push(page))
      await sleep((KILLS > 2 ? 3_500 : 500) + ((round * 137) % 1_500))
      site.upstream.length = 0
      const killedAt = Date.now()
      killSharedWorker(profile)
      server.delete(ConfigMap, { namespace: 'shop', name: `deleted-${round}` })
      await expect.poll(() => left.length, { timeout: 5_000 }).toBeGreaterThan(0)
      pages = pages.filter((page) => !left.includes(page))
      // Events that had arrived before the kill are read within these milliseconds.
      const first = async (page: Page) => (await ask(page, 'firstChangeAfter', killedAt + 30)) ?? Number.POSITIVE_INFINITY
      await expect.poll(async () => Math.max(...(await Promise.all(pages.map(first)))), { timeout: 10_000 }).toBeLessThan(killedAt + 10_000)
      firstMs.push(Math.max(...(await Promise.all(pages.map(first)))) - killedAt)
      expect(site.upstream).toEqual(['watch'])
      const opened = await Promise.all(left.map(() => open()))
      // A first state that is lost with the next owner would be listed again.
      for (const page of opened) await expect.poll(async () => (await ask(page, 'state').catch(() => undefined))?.state).toBe('live')
      pages.push(...opened)
    }
  } finally {
    clearInterval(churn)
  }
  await caughtUp(server, pages)
  firstMs.sort((a, b) => a - b)
  console.log(`first event in the slowest tab after ${firstMs[KILLS >> 1]} ms (median of ${KILLS}; ${firstMs[0]} to ${firstMs.at(-1)})`)
  const reports = await Promise.all(pages.map((page) => ask(page, 'report')))
  expect(reports.flatMap(({ errors }) => errors)).toEqual([])
  expect(reports.flatMap(({ events }) => events)).not.toContain('relist')
}, 600_000)

test('[tabs/36] without a SharedWorker one tab of Chromium leads, and the next one leads without a list when it closes or is about to be frozen', async () => {
  let pages = await Promise.all(Array.from({ length: 4 }, () => open('?leader')))
  await caughtUp(server, pages)
  expect(site.upstream).toEqual(['stream'])
  const roles = () => Promise.all(pages.map(async (page) => (await ask(page, 'report')).tabs?.role))
  const leaderOf = async () => pages[(await roles()).indexOf('leader')] as Page
  expect((await roles()).sort()).toEqual(['follower', 'follower', 'follower', 'leader'])

  const closed = await leaderOf()
  pages = pages.filter((page) => page !== closed)
  await closed.close()
  server.create(ConfigMap, { metadata: { name: 'after-close', namespace: 'shop' } })
  await caughtUp(server, pages)
  expect(site.upstream).toEqual(['stream', 'watch'])

  const frozen = await leaderOf()
  pages = pages.filter((page) => page !== frozen)
  // Playwright keeps pages visible, and a visible page is not frozen: only its event is sent.
  await frozen.evaluate(() => document.dispatchEvent(new Event('freeze')))
  const frozenAt = Date.now()
  server.create(ConfigMap, { metadata: { name: 'after-freeze', namespace: 'shop' } })
  await caughtUp(server, pages)
  expect(Date.now() - frozenAt).toBeLessThan(5_500)
  await frozen.evaluate(() => document.dispatchEvent(new Event('resume')))
  pages.push(frozen)
  await caughtUp(server, pages)
  expect(site.upstream).toEqual(['stream', 'watch', 'watch'])
  expect((await roles()).sort()).toEqual(['follower', 'follower', 'leader'])
}, 60_000)

/** Reloads a page from inside, and waits only for the next document: the protocol refuses to reload a page that is being replaced. */
async function reload(page: Page): Promise<void> {
  await Promise.all([page.waitForEvent('framenavigated'), page.evaluate(() => void setTimeout(() => location.reload()))])
}

test('[tabs/39] ten tabs of Chromium that reload at once, ten times, cause at most two lists upstream, and none is stuck', async () => {
  const pages = await Promise.all(Array.from({ length: 10 }, () => open('?persist')))
  await caughtUp(server, pages)
  for (let round = 0; round < 10; round++) {
    server.update(ConfigMap, { metadata: { name: 'object-1', namespace: 'shop' }, data: { round: String(round) } })
    await Promise.all(pages.map(reload))
  }
  await caughtUp(server, pages)
  expect(site.upstream.filter((kind) => kind !== 'watch').length).toBeLessThanOrEqual(2)
  const reports = await Promise.all(pages.map((page) => ask(page, 'report')))
  expect(reports.flatMap(({ errors }) => errors)).toEqual([])
}, 120_000)

test('[tabs/26] a logout empties and stops every tab of Chromium, and no request follows', async () => {
  const pages = await Promise.all(Array.from({ length: 3 }, () => open('?persist')))
  await caughtUp(server, pages)
  const bob = await open('?persist&user=bob')
  await caughtUp(server, [bob])
  await ask(pages[0] as Page, 'forget')
  for (const page of pages) await expect.poll(() => ask(page, 'state')).toEqual({ state: 'stopped', objects: [] })
  for (const page of pages) expect((await ask(page, 'report')).error).toContain('logged out')
  const { length } = site.upstream
  server.create(ConfigMap, { metadata: { name: 'after-logout', namespace: 'shop' } })
  await caughtUp(server, [bob])
  expect(site.upstream).toHaveLength(length)
})
