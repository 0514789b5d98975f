// Checks the command palette of the playground: by keyboard alone, at both widths and in both colour schemes.
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { Deployment } from '../../src/resources/apps/v1'
import { violations } from './support/axe.ts'
import { caughtUp, feedIs } from './support/page.ts'
import { openPicker, startFake } from './support/playground.ts'
import { shoot } from './support/screenshots.ts'

/** Opens the palette, types, and runs the first command. */
async function run(page: Page, text: string): Promise<void> {
  await page.keyboard.press('Control+k')
  await page.keyboard.type(text)
  await page.keyboard.press('Enter')
  expect(await page.locator('#palette').isVisible()).toBe(false)
}

const focused = (page: Page) => page.evaluate(() => document.activeElement?.id)

test('the palette leads to a view, a namespace, a resource and an object, and presses buttons, by keyboard alone', async () => {
  await using visit = await startFake()
  const { page, cluster, url, errors } = visit
  await page.goto(url)
  await caughtUp(page, cluster.server)
  // The resources and the namespaces are known.
  await openPicker(page)
  await page.keyboard.press('Escape')
  await page.locator('#namespace option[value=shop]').waitFor({ state: 'attached' })
  const parameter = (name: string) => new URL(page.url()).searchParams.get(name)

  await run(page, 'map')
  expect(parameter('view')).toBe('map')
  await run(page, 'deploy')
  await feedIs(page, { state: 'live', rows: String(cluster.server.list(Deployment).length) })
  expect([parameter('view'), parameter('resource')]).toEqual([null, 'deployments.apps'])
  await run(page, 'shop')
  expect(parameter('namespace')).toBe('shop')
  await feedIs(page, { state: 'live' })
  const key = await page.locator('tr[data-key]').first().getAttribute('data-key')
  await run(page, key ?? '')
  expect(await page.locator('#details-title').textContent()).toBe(key)
  await page.keyboard.press('Escape')
  expect(await page.locator('#details').isVisible()).toBe(false)

  await run(page, '20 changes')
  await page.getByText('20 changes/s', { exact: true }).waitFor()
  expect(cluster.changesPerSecond).toBe(20)
  await run(page, 'fail a node')
  await page.locator('#node[aria-pressed=true]').waitFor()
  expect(cluster.failedNode).toBeDefined()
  expect(errors).toEqual([])
})

test('the palette moves with the arrow keys, says how many commands match, and returns the focus when Escape closes it', async () => {
  await using visit = await startFake({ pods: 5 })
  const { page, cluster, url, errors } = visit
  await page.goto(url)
  await caughtUp(page, cluster.server)
  await page.locator('#filter').focus()
  await page.keyboard.press('Control+k')
  expect(await focused(page)).toBe('command')
  const active = page.locator('#commands [aria-selected=true]')
  const title = () => active.locator('span').textContent()
  expect(await title()).toBe('Table')
  await page.keyboard.press('ArrowDown')
  expect(await title()).toBe('Map')
  expect(await page.locator('#command').getAttribute('aria-activedescendant')).toBe(await active.getAttribute('id'))
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('ArrowUp')
  expect(await page.locator('#commands [role=option]').last().getAttribute('aria-selected')).toBe('true')
  await page.keyboard.type('no such command')
  expect(await page.locator('#commands-count').textContent()).toBe('No command matches.')
  await page.keyboard.press('Enter')
  expect(await page.locator('#palette').isVisible()).toBe(true)
  await page.keyboard.press('Escape')
  expect([await page.locator('#palette').isVisible(), await focused(page)]).toEqual([false, 'filter'])
  await page.keyboard.press('Control+k')
  await page.keyboard.press('Control+k')
  expect(await page.locator('#palette').isVisible()).toBe(false)
  expect(errors).toEqual([])
})

test('the palette is accessible at both widths, and its command for the colours is remembered', async () => {
  await using visit = await startFake()
  const { page, cluster, url, errors } = visit
  await page.goto(url)
  await caughtUp(page, cluster.server)
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  const light = await background()
  for (const [width, scheme] of [
    [1280, 'light'],
    [420, 'dark'],
  ] as const) {
    await page.setViewportSize({ width, height: 800 })
    if (scheme === 'dark') await run(page, 'dark colours')
    await page.getByRole('button', { name: 'Commands' }).click()
    await page.keyboard.type('ca')
    expect([width, await violations(page)]).toEqual([width, []])
    const { left = 0, right = 0 } = await page.locator('#palette').evaluate((element) => element.getBoundingClientRect().toJSON())
    expect([left >= 0, right <= width]).toEqual([true, true])
    await shoot(page, `palette-${width}-${scheme}`)
    await page.keyboard.press('Escape')
  }
  expect(await background()).not.toBe(light)
  await page.reload()
  await feedIs(page, { state: 'live' })
  expect(await background()).not.toBe(light)
  expect(errors).toEqual([])
})
