// Checks the playground's view of two tabs: one watch at the server for both, and each part that goes away leaves the other going on.
import type { Frame, Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { Pod } from '../../src/resources/core/v1'
import { type FakeApiServer, podFixture } from '../../src/testing'
import { isThorough } from '../support/thorough.ts'
import { violations } from './support/axe.ts'
import { ALL_LOOKS, inLooks, SHOWN_LOOKS } from './support/looks.ts'
import { startFake } from './support/playground.ts'
import { shoot } from './support/screenshots.ts'

/** The lists and watches of pods that the server was asked for, without checks of one object. */
const asked = (server: FakeApiServer) =>
  server.requests
    .filter(({ resource, url }) => resource === 'pods' && !url.includes('limit=1'))
    .map(({ verb, url }) => (verb === 'watch' && url.includes('sendInitialEvents') ? 'stream' : verb))
/** As {@link asked}, without lists: an owner that starts reads once where no tab gives its objects in time, as on a busy machine. */
const watched = (server: FakeApiServer) => asked(server).filter((verb) => verb !== 'list')
const watches = (server: FakeApiServer) => server.openRequests.filter(({ resource }) => resource === 'pods').length

const frames = (page: Page): Frame[] => page.frames().filter((frame) => frame !== page.mainFrame())
const summary = (page: Page) => page.locator('.tabs-summary').textContent()
const result = (page: Page) => page.locator('.tabs-result').textContent()

/** Waits until as many tabs show what the server has. */
async function tabsCaughtUp(page: Page, server: FakeApiServer, count: number): Promise<void> {
  const state = () =>
    Promise.all(
      frames(page).map((frame) =>
        frame.evaluate(() => {
          const { state, rows, resourceVersion } = document.querySelector('main')?.dataset ?? {}
          return [state, rows, resourceVersion]
        }),
      ),
    )
  const expected = ['live', String(server.list(Pod).length), server.resourceVersion]
  await expect.poll(() => state().catch(() => 'a frame is loading'), { timeout: 30_000 }).toEqual(Array(count).fill(expected))
}

test('two tabs show one feed: one watch at the server, and both go on without a list of their own when the Worker, a tab or a page goes away', async () => {
  await using visit = await startFake({ shares: true })
  const { page, cluster, url, errors } = visit
  const { server } = cluster
  await page.goto(url)
  await page.keyboard.press('5')
  expect(new URL(page.url()).searchParams.get('view')).toBe('tabs')
  await tabsCaughtUp(page, server, 2)
  await expect.poll(() => summary(page)).toBe('Two tabs, one watch at the API server.')
  expect([watches(server), asked(server)]).toEqual([1, ['stream']])

  await page.getByRole('button', { name: 'End the shared Worker' }).click()
  await expect
    .poll(() => result(page))
    .toMatch(/^The shared Worker has ended\. Tab A went on after [\d,]+ ms with no list, Tab B went on after [\d,]+ ms with no list\.$/)
  server.create(Pod, podFixture(1, { namespace: 'shop' }))
  await tabsCaughtUp(page, server, 2)
  expect([watches(server), watched(server)]).toEqual([1, ['stream', 'watch']])

  const tabA = page.getByRole('region', { name: 'Tab A' })
  await tabA.getByRole('button', { name: 'Reload' }).click()
  await expect.poll(() => result(page)).toMatch(/^Tab A was reloaded\. Tab A went on after [\d,]+ ms with no list, Tab B went on/)
  await tabA.getByRole('button', { name: 'Close' }).click()
  await expect.poll(() => summary(page)).toBe('One tab, one watch at the API server.')
  expect(await result(page)).toMatch(/^Tab A is closed\. Tab B went on after \d+ ms with no list\.$/)
  cluster.change(20)
  await tabsCaughtUp(page, server, 1)
  await tabA.getByRole('button', { name: 'Open' }).click()
  await tabsCaughtUp(page, server, 2)
  expect([watches(server), watched(server)]).toEqual([1, ['stream', 'watch']])

  await page.keyboard.press('1')
  await expect.poll(() => frames(page)).toHaveLength(0)
  await page.locator('main[data-state=live]').waitFor()
  expect(watched(server)).toEqual(['stream', 'watch'])
  expect(errors).toEqual([])
})

test('two tabs that do not share say that each has its own watch', async () => {
  await using visit = await startFake()
  const { page, cluster, url } = visit
  await page.goto(`${url}?view=tabs`)
  await tabsCaughtUp(page, cluster.server, 2)
  expect(await summary(page)).toBe('Two tabs, and each has its own list and its own watch at the API server: switch on Share.')
  expect(watches(cluster.server)).toBe(2)
  expect(await page.getByRole('button', { name: 'End the shared Worker' }).isDisabled()).toBe(true)
})

test('[playground/26] the view of two tabs shows what the server has, at both widths and in both colour schemes, and axe finds nothing', async () => {
  await using visit = await startFake({ shares: true })
  const { page, cluster, url, errors } = visit
  await page.goto(`${url}?view=tabs`)
  await tabsCaughtUp(page, cluster.server, 2)
  // In CI each width and each scheme is seen once.
  for await (const look of inLooks(page, isThorough ? ALL_LOOKS : SHOWN_LOOKS)) {
    const { width, colorScheme } = look
    cluster.change(5)
    await tabsCaughtUp(page, cluster.server, 2)
    await page.getByRole('button', { name: 'End the shared Worker' }).click()
    await expect.poll(() => result(page)).toMatch(/Tab A went on after .*Tab B went on after/)
    expect([width, colorScheme, await violations(page)]).toEqual([width, colorScheme, []])
    const isWide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)
    expect([width, isWide]).toEqual([width, false])
    await shoot(page, `tabs-${width}-${colorScheme}`, { isShown: SHOWN_LOOKS.includes(look) })
  }
  expect(errors).toEqual([])
})
