// Checks the layout of the playground's table on wide and narrow screens.
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { Pod } from '../../src/resources/core/v1'
import { caughtUp, feedIs } from './support/page.ts'
import { drawnCells, pick, startFake } from './support/playground.ts'

/** The texts of elements whose box leaves the page sideways, and of names that are cut. */
function outOfSight(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const visible = [...document.querySelectorAll<HTMLElement>('h1, button, input, select, dd, #state, th, tr[data-key] > td')].filter(
      (element) => element.checkVisibility(),
    )
    const gone = visible.filter((element) => {
      const { left, right, width } = element.getBoundingClientRect()
      return left < 0 || right > innerWidth || width === 0
    })
    const cut = [...document.querySelectorAll<HTMLElement>('td.name button')].filter(
      ({ scrollWidth, clientWidth }) => scrollWidth > clientWidth,
    )
    const sideways = [document.documentElement, ...document.querySelectorAll('.scroller')].filter(
      ({ scrollWidth, clientWidth }) => scrollWidth > clientWidth,
    )
    return [...gone, ...cut, ...sideways].map((element) => `${element.className} ${element.textContent?.slice(0, 60)}`)
  })
}

test.each([1280, 420])('at %i px no cell leaves the screen, every name is readable, and nothing scrolls sideways', async (width) => {
  await using visit = await startFake()
  const { page, cluster, url, errors } = visit
  await page.setViewportSize({ width, height: 800 })
  await page.goto(url)
  await caughtUp(page, cluster.server)
  expect(await outOfSight(page)).toEqual([])
  for (const plural of ['deployments', 'nodes', 'services']) {
    await pick(page, plural)
    await feedIs(page, { state: 'live', source: 'stream' })
    await expect.poll(async () => (await drawnCells(page)).length).toBeGreaterThan(3)
    expect([plural, await outOfSight(page)]).toEqual([plural, []])
  }
  expect(errors).toEqual([])
})

test('at 420 px the strip shows the state and the version, and two buttons unfold the other figures and the controls', async () => {
  await using visit = await startFake()
  const { page, cluster, url } = visit
  await page.setViewportSize({ width: 420, height: 800 })
  await page.goto(url)
  await caughtUp(page, cluster.server)
  const figures = page.getByRole('button', { name: 'All figures' })
  const controls = page.getByRole('button', { name: 'Controls' })
  const cut = page.getByRole('button', { name: 'Cut connection' })
  expect(await page.locator('dd:visible').allTextContents()).toEqual([cluster.server.resourceVersion])
  expect(await page.locator('#state').textContent()).toBe('Live')
  expect(await cut.isVisible()).toBe(false)
  await figures.click()
  expect(await page.locator('dd:visible').count()).toBe(8)
  await controls.click()
  expect(await cut.isVisible()).toBe(true)
  expect(await outOfSight(page)).toEqual([])
  await controls.press('Enter')
  expect([await controls.getAttribute('aria-expanded'), await cut.isVisible()]).toEqual(['false', false])
})

test('a table that becomes narrow keeps every row and its order, in rows of two lines', async () => {
  await using visit = await startFake()
  const { page, cluster, url } = visit
  await page.goto(url)
  await caughtUp(page, cluster.server)
  const before = (await drawnCells(page)).slice(0, 8)
  const height = () => page.locator('.scroller').evaluate(({ scrollHeight }) => scrollHeight)
  const wide = await height()
  await page.setViewportSize({ width: 420, height: 800 })
  const count = cluster.server.list(Pod).length
  await expect.poll(height).toBeGreaterThan(count * 52)
  expect((await drawnCells(page)).slice(0, 8).map(([name]) => name)).toEqual(before.map(([name]) => name))
  await page.setViewportSize({ width: 1280, height: 800 })
  await expect.poll(height).toBe(wide)
})

test('a table beside the open drawer shows whole names and every column, keeps the first row in sight, and unfolds when the drawer is closed', async () => {
  await using visit = await startFake()
  const { page, cluster, url } = visit
  await page.setViewportSize({ width: 1280, height: 800 })
  await page.goto(url)
  await caughtUp(page, cluster.server)
  const topmost = () =>
    page.locator('.scroller').evaluate((scroller) => {
      const top = scroller.getBoundingClientRect().top + (scroller.querySelector('thead')?.offsetHeight ?? 0)
      return [...scroller.querySelectorAll<HTMLElement>('tr[data-key]')].find((row) => row.getBoundingClientRect().bottom > top + 1)
        ?.dataset.key
    })
  const isFolded = () => page.locator('table.folded').count()
  const first = await topmost()
  await page.locator('.scroller').evaluate((scroller) => scroller.scrollTo(0, 3200))
  // Until the table has drawn the rows of its new place, none is in sight.
  await expect.poll(async () => ![undefined, first].includes(await topmost())).toBe(true)
  const before = await topmost()
  await page.locator(`tr[data-key="${before}"]`).locator('td.name button').press('Enter')
  await expect.poll(isFolded).toBe(1)
  await expect.poll(topmost).toBe(before)
  expect(await outOfSight(page)).toEqual([])
  await page.keyboard.press('Escape')
  await expect.poll(isFolded).toBe(0)
  await expect.poll(topmost).toBe(before)
})
