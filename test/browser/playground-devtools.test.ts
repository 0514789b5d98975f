// Checks the dock of the devtools in the playground.
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { violations } from './support/axe.ts'
import { caughtUp } from './support/page.ts'
import { startFake } from './support/playground.ts'
import { shoot } from './support/screenshots.ts'

const dock = (page: Page) => page.getByRole('region', { name: 'Devtools' })
const handle = (page: Page) => dock(page).getByRole('separator')
const sizeOf = async (page: Page) => Number(await handle(page).getAttribute('aria-valuenow'))
/** The rows of the panel Feeds, in words. */
const feedRows = (page: Page) => dock(page).getByRole('tabpanel').getByRole('row').allTextContents()

test('the devtools load when they are opened, show the feeds of the page, and are remembered', async () => {
  await using visit = await startFake()
  const { page, cluster, url, errors } = visit
  const loaded: string[] = []
  page.on('request', (request) => loaded.push(new URL(request.url()).pathname))
  const isLoaded = () => loaded.some((path) => path.endsWith('/src/devtools.ts'))
  await page.goto(url)
  await caughtUp(page, cluster.server)
  expect([isLoaded(), await dock(page).isVisible()]).toEqual([false, false])

  await page.keyboard.press('~')
  await expect.poll(() => feedRows(page)).toHaveLength(2)
  expect((await feedRows(page))[1]).toMatch(/^pods.*live300/)
  expect(isLoaded()).toBe(true)
  cluster.change(20)
  await expect.poll(async () => (await feedRows(page))[1]).toContain(cluster.server.resourceVersion)
  await page.keyboard.press('2')
  await expect.poll(async () => (await feedRows(page)).join('\n')).toMatch(/deployments/)
  await page.keyboard.press('1')

  await page.reload()
  await caughtUp(page, cluster.server)
  await expect.poll(() => feedRows(page)).toHaveLength(2)
  await dock(page).getByRole('button', { name: 'Close' }).click()
  await expect.poll(() => dock(page).isVisible()).toBe(false)
  expect(await page.locator('#dock-toggle').getAttribute('aria-pressed')).toBe('false')
  await page.locator('#dock-toggle').click()
  await expect.poll(() => feedRows(page)).toHaveLength(2)
  expect(errors).toEqual([])
})

test('the devtools are resized by keyboard and by pointer, move to the side, and keep their size', async () => {
  await using visit = await startFake({ pods: 20 })
  const { page, cluster, url, errors } = visit
  await page.setViewportSize({ width: 1280, height: 800 })
  await page.goto(url)
  await caughtUp(page, cluster.server)
  await page.locator('#dock-toggle').click()
  await handle(page).focus()
  const before = await sizeOf(page)
  await page.keyboard.press('ArrowUp')
  expect(await sizeOf(page)).toBe(before + 24)
  expect((await dock(page).boundingBox())?.height).toBe(before + 24)
  await page.keyboard.press('Home')
  expect(await sizeOf(page)).toBe(120)

  const { x = 0, y = 0, width = 0 } = (await handle(page).boundingBox()) ?? {}
  await page.mouse.move(x + width / 2, y + 4)
  await page.mouse.down()
  await page.mouse.move(x + width / 2, 450)
  await page.mouse.up()
  expect(await sizeOf(page)).toBe(350)
  await page.mouse.move(600, 300)
  expect(await sizeOf(page)).toBe(350)

  await page.keyboard.press('Control+k')
  await page.keyboard.type('at the side')
  await page.keyboard.press('Enter')
  await handle(page).focus()
  expect(await handle(page).getAttribute('aria-orientation')).toBe('vertical')
  await page.keyboard.press('ArrowLeft')
  expect([await sizeOf(page), (await dock(page).boundingBox())?.height]).toEqual([504, 800])
  await page.reload()
  await expect.poll(() => sizeOf(page)).toBe(504)
  await page.setViewportSize({ width: 420, height: 800 })
  await expect.poll(() => handle(page).getAttribute('aria-orientation')).toBe('horizontal')
  expect(await sizeOf(page)).toBe(350)
  expect(errors).toEqual([])
})

test('the devtools are accessible at the bottom and at the side, at both widths', async () => {
  await using visit = await startFake()
  const { page, cluster, url, errors } = visit
  await page.setViewportSize({ width: 1280, height: 800 })
  await page.goto(url)
  await caughtUp(page, cluster.server)
  await page.locator('#dock-toggle').click()
  await expect.poll(() => feedRows(page)).toHaveLength(2)
  for (const [name, width, colorScheme] of [
    ['bottom', 1280, 'light'],
    ['side', 1280, 'dark'],
    ['bottom', 420, 'dark'],
  ] as const) {
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize({ width, height: 800 })
    if (name === 'side') {
      await page.keyboard.press('Control+k')
      await page.keyboard.type('at the side')
      await page.keyboard.press('Enter')
    }
    await shoot(page, `devtools-${name}-${width}-${colorScheme}`)
    expect([name, width, await violations(page)]).toEqual([name, width, []])
  }
  expect(errors).toEqual([])
})
