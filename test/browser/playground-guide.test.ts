// Leads a first visitor through the playground's guided minute, with a screenshot of each step.
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { violations } from './support/axe.ts'
import { feedIs, stored } from './support/page.ts'
import { startFake } from './support/playground.ts'
import { shoot } from './support/screenshots.ts'

const card = (page: Page) => page.getByRole('region', { name: 'Guided first minute' })
const button = (page: Page, name: string) => card(page).getByRole('button', { name })
const result = (page: Page) => card(page).getByRole('status').textContent()

test('the guide leads through the first minute: each step does what it says, and sees that it happened', async () => {
  await using visit = await startFake({ shares: true, isGuided: true })
  const { page, cluster, url, errors } = visit
  await page.setViewportSize({ width: 1280, height: 800 })
  await page.goto(url)
  await feedIs(page, { state: 'live' })
  await card(page).waitFor()
  expect(await violations(page)).toEqual([])
  await stored(page)

  const steps = [
    ['Reload the page', /^[\d,]+ rows, [\d,]+ ms after the script began\. No list was needed\.$/],
    ['Make 2,000 changes/s', /^The cluster made [\d,]+ changes\/s, [\d,]+ of them in this table, at \d+ frames\/s\.$/],
    ['Cut the connection', /^Live again after [\d,]+ ms\. No list was needed\.$/],
    ['Go back', /^The table is the one of [\d:.]+, .+ ago\. “Back to live” returns\.$/],
    ['Roll out', /^[a-z]+\/[a-z-]+ has a new replica set/],
    ['Show two tabs', /^Both tabs are live\./],
  ] as const
  for (const [at, [action, expected]] of steps.entries()) {
    expect(await card(page).locator('#guide-place').textContent()).toBe(`${at + 1} of 6`)
    await button(page, action).click()
    await expect.poll(() => result(page), { timeout: 20_000 }).toMatch(expected)
    await shoot(page, `minute-${at + 1}`)
    await button(page, at < 5 ? 'Next' : 'Done').click()
  }
  expect(cluster.changesPerSecond).toBe(20)
  expect(await card(page).isVisible()).toBe(false)

  await page.reload()
  await page.locator('.tabs-summary').getByText('Two tabs, ').waitFor()
  expect(await card(page).isVisible()).toBe(false)
  await page.keyboard.press('Control+k')
  await page.keyboard.type('guided')
  await page.keyboard.press('Enter')
  expect(await card(page).locator('#guide-place').textContent()).toBe('1 of 6')
  expect(errors).toEqual([])
}, 120_000)

test('the guide fits into a narrow page, does not move where motion is unwanted, and is not shown again once it is dismissed', async () => {
  await using visit = await startFake({ isGuided: true })
  const { page, url, errors } = visit
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' })
  await page.setViewportSize({ width: 420, height: 800 })
  await page.goto(url)
  await feedIs(page, { state: 'live' })
  await card(page).waitFor()
  expect(await card(page).evaluate((element) => element.getAnimations().length)).toBe(0)
  const { x = -1, width = 0 } = (await card(page).boundingBox()) ?? {}
  expect([x >= 0, x + width <= 420]).toEqual([true, true])
  expect(await violations(page)).toEqual([])
  await shoot(page, 'guide-420-dark')
  await button(page, 'Dismiss the guide').click()
  expect(await card(page).isVisible()).toBe(false)
  await page.reload()
  await feedIs(page, { state: 'live' })
  await page.locator('#churn').getByText('0 changes/s').waitFor({ state: 'attached' })
  expect(await card(page).isVisible()).toBe(false)
  expect(errors).toEqual([])
})
