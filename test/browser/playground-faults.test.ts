// Tests that each button says beforehand what it will do, and shows with counts what came of it.
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { Pod } from '../../src/resources/core/v1'
import { violations } from './support/axe.ts'
import { inLooks, SHOWN_LOOKS } from './support/looks.ts'
import { caughtUp, stored } from './support/page.ts'
import { startFake } from './support/playground.ts'
import { shoot } from './support/screenshots.ts'

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
const forecast = (page: Page) => page.locator('#forecast').textContent()
const outcome = (page: Page) => page.locator('#outcome p').textContent()

/** Returns the outcome once it is final: while figures change, the title ends with an ellipsis. */
async function finalOutcome(page: Page, label: string): Promise<string> {
  const ended = new RegExp(`^${label}[^…]*$`)
  await expect.poll(() => outcome(page), { timeout: 40_000 }).toMatch(ended)
  return (await outcome(page)) ?? ''
}

describe('the fault buttons', () => {
  test('a cut connection and an expired version say beforehand whether there is a list, and afterwards how many there were', async () => {
    await using visit = await startFake({ pods: 60 })
    const { page, cluster, url, errors } = visit
    await page.goto(url)
    await caughtUp(page, cluster.server)
    await expect.poll(() => button(page, 'Cut connection').getAttribute('data-forecast')).toContain(`at ${cluster.server.resourceVersion}`)
    await button(page, 'Cut connection').hover()
    expect(await forecast(page)).toBe(
      `Cut connection: Every connection breaks. No list: the watch resumes at ${cluster.server.resourceVersion}. The 60 pods stay.`,
    )
    const lists = cluster.served.lists
    await button(page, 'Cut connection').click()
    expect(await finalOutcome(page, 'Cut connection')).toMatch(
      /^Cut connection live again after [\d,]+ ms · 0 lists · \d watch(es)? · 0 events · 60 of 60 pods kept$/,
    )
    expect(cluster.served.lists).toBe(lists)
    await button(page, 'Expire RV').focus()
    expect(await forecast(page)).toMatch(/^Expire RV: .+ a 410, then one list of 60 pods\. They stay meanwhile\.$/)
    await page.keyboard.press('Enter')
    expect(await finalOutcome(page, 'Expire RV')).toMatch(/ms · \d lists? · \d watch(es)? · \d+ events · 60 of 60 pods kept$/)
    expect(cluster.served.lists).toBeGreaterThan(lists)
    await page.getByRole('slider').focus()
    cluster.change(5)
    await caughtUp(page, cluster.server)
    await page.keyboard.press('PageDown')
    expect(await page.getByRole('slider').getAttribute('aria-valuetext')).toMatch(/(Expire RV|Cut connection)/)
    expect(errors).toEqual([])
  })

  test('a rollout and a failed node name what they concern, and count the pods that were kept', async () => {
    await using visit = await startFake({ pods: 60 })
    const { page, cluster, url, errors } = visit
    await page.goto(url)
    await caughtUp(page, cluster.server)
    const { lists } = cluster.served
    await button(page, 'Roll out').click()
    const [, pods = '', kept = ''] =
      /^Roll out, \w+\/[\w-]+, (\d+) pods.+ · (\d+) of 60 pods kept$/.exec(await finalOutcome(page, 'Roll out')) ?? []
    expect([Number(pods) > 0, Number(kept)]).toEqual([true, 60 - Number(pods)])
    await button(page, 'Fail a node').click()
    const text = await finalOutcome(page, 'Fail a node')
    expect(text).toMatch(/^Fail a node, worker-\w+, \d+ pods 0 lists · 0 watches · \d+ events/)
    expect(await button(page, 'Fail a node').getAttribute('aria-pressed')).toBe('true')
    await expect.poll(() => button(page, 'Fail a node').getAttribute('title')).toMatch(/^worker-\w+ becomes ready again/)
    expect(cluster.served.lists).toBe(lists)
    expect(cluster.server.list(Pod).length).toBeGreaterThan(50)
    expect(errors).toEqual([])
  })

  test('a reload says that nothing is listed, and afterwards when the rows were there', async () => {
    await using visit = await startFake({ pods: 60 })
    const { page, cluster, url, errors } = visit
    await page.goto(url)
    await caughtUp(page, cluster.server)
    await stored(page)
    await expect.poll(() => button(page, 'Reload').getAttribute('title')).toMatch(/^The page loads again and shows 60 pods from IndexedDB/)
    const loaded = page.waitForEvent('load')
    await button(page, 'Reload').click()
    await loaded
    await expect
      .poll(() => outcome(page))
      .toMatch(/^Reload rows from IndexedDB after [\d,]+ ms · live after [\d,]+ ms · 0 lists · 60 pods, 60 before$/)
    await page.getByRole('button', { name: 'Close what came of it' }).click()
    expect(await page.locator('#outcome').isVisible()).toBe(false)
    expect(errors).toEqual([])
  })

  test('axe finds nothing in forecasts and outcomes; at 420 px each button says below its name what it will do', async () => {
    await using visit = await startFake({ pods: 60 })
    const { page, cluster, url, errors } = visit
    await page.goto(url)
    await caughtUp(page, cluster.server)
    await button(page, 'Cut connection').click()
    await finalOutcome(page, 'Cut connection')
    for await (const { width, colorScheme } of inLooks(page, SHOWN_LOOKS, { reducedMotion: 'reduce' })) {
      if (width === 420) await button(page, 'Controls').click()
      await button(page, 'Cut connection').focus()
      const below = await button(page, 'Cut connection').evaluate((element) => getComputedStyle(element, '::after').content)
      expect(below.includes('Every connection breaks')).toBe(width === 420)
      expect([width, await violations(page)]).toEqual([width, []])
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
      await shoot(page, `faults-${width}-${colorScheme}`)
    }
    expect(errors).toEqual([])
  })
})
