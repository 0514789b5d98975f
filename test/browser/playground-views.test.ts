// Checks the views of the playground against the server, at both widths and in both colour schemes.
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import type { FakeApiServer } from '../../src/testing'
import { isThorough } from '../support/thorough.ts'
import { violations } from './support/axe.ts'
import { ALL_LOOKS, inLooks, SHOWN_LOOKS } from './support/looks.ts'
import { allRows, caughtUp, expectedRows, feedIs } from './support/page.ts'
import { expectedTwin, twinOf } from './support/pictures.ts'
import { startFake } from './support/playground.ts'
import { shoot } from './support/screenshots.ts'

/** Waits until a rollout and a failed node require no more changes. */
async function settle(server: FakeApiServer): Promise<void> {
  let last = ''
  const isSettled = () => {
    const isSame = last === server.resourceVersion
    last = server.resourceVersion
    return isSame
  }
  await expect.poll(isSettled, { interval: 500, timeout: 40_000 }).toBe(true)
}

/** Returns the elements that leave the page sideways. */
function sideways(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [document.documentElement, ...document.querySelectorAll<HTMLElement>('.scroller, #stage')]
      .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
      .map(({ tagName, id }) => `${tagName} ${id}`),
  )
}

describe.each(['table', 'map', 'nodes', 'events'])('the view %s', (view) => {
  test(`the view ${view} shows what the server has, at both widths and in both colour schemes, and axe finds nothing`, async () => {
    await using visit = await startFake()
    const { page, cluster, url, errors } = visit
    cluster.change(80)
    cluster.rollOut()
    cluster.toggleNode()
    await settle(cluster.server)
    // In CI each width and each scheme is seen once.
    for await (const look of inLooks(page, isThorough ? ALL_LOOKS : SHOWN_LOOKS)) {
      const { width, colorScheme } = look
      await page.goto(`${url}?view=${view}`)
      await feedIs(page, { state: 'live' })
      if (view === 'table') await expect.poll(async () => (await allRows(page)).sort()).toEqual(expectedRows(cluster.server))
      else await expect.poll(() => twinOf(page)).toEqual(expectedTwin(cluster.server, view))
      expect([width, colorScheme, await violations(page), await sideways(page)]).toEqual([width, colorScheme, [], []])
      await shoot(page, `${view}-${width}-${colorScheme}`, { isShown: SHOWN_LOOKS.includes(look) })
    }
    expect(errors).toEqual([])
  })
})

test('the keyboard alone reaches every view, moves through a picture, opens an object and returns', async () => {
  await using visit = await startFake()
  const { page, cluster, url, errors } = visit
  await page.goto(url)
  await caughtUp(page, cluster.server)
  const selected = () => page.locator('.views [aria-selected=true]').textContent()
  await page.keyboard.press('2')
  await expect.poll(selected).toBe('Map')
  await page.getByRole('tab', { name: 'Map' }).focus()
  await page.keyboard.press('ArrowRight')
  expect(await selected()).toBe('Nodes')
  await page.keyboard.press('ArrowLeft')
  expect(await selected()).toBe('Map')
  await expect.poll(() => page.locator('main').getAttribute('data-marks')).not.toBe('0')

  await page.locator('#stage').focus()
  const pointed = () => page.locator('#pointed').textContent()
  await page.keyboard.press('Home')
  expect(await pointed()).toMatch(/^DaemonSet kube-system\/kube-proxy: /)
  await page.keyboard.press('ArrowRight')
  expect(await pointed()).toMatch(/^Pod kube-system\/kube-proxy-/)
  const [, key = ''] = /^Pod ([^:]+)/.exec((await pointed()) ?? '') ?? []
  await page.keyboard.press('Enter')
  expect(await page.locator('#details-title').textContent()).toBe(key)
  await page.keyboard.press('Escape')
  expect(await page.locator('#details').isVisible()).toBe(false)
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('stage')
  await page.keyboard.press('1')
  expect(await selected()).toBe('Table')
  expect(errors).toEqual([])
})

test('the map shows a rollout: pods move from one replica set of a deployment to the next', async () => {
  await using visit = await startFake()
  const { page, cluster, url } = visit
  await page.goto(`${url}?view=map`)
  await caughtUp(page, cluster.server)
  const incident = cluster.rollOut()
  const name = incident?.name.split('/')[1]
  const sets = async () => (await twinOf(page)).filter(([, owner]) => owner === `Deployment ${name}`).map(([, , set]) => set)
  await expect.poll(sets).toHaveLength(2)
  const before = await sets()
  await expect.poll(sets, { timeout: 30_000 }).toHaveLength(1)
  expect(before).toEqual(expect.arrayContaining(await sets()))
})
