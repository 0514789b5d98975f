import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { violations } from '../browser/support/axe.ts'
import { feedData, feedIs, stored } from '../browser/support/page.ts'
import { createProfile, launchChromium, type Profile } from '../support/chromium.ts'
import type { HttpServer } from '../support/http.ts'
import { serveSite } from './built-site.ts'

// Checks the playground that the documentation site embeds: its cluster runs in a Worker, and there is no server.

let server: HttpServer
let profile: Profile
let browser: BrowserContext

beforeAll(async () => {
  server = await serveSite()
  profile = await createProfile()
  browser = await launchChromium(profile)
})

afterAll(async () => {
  await browser.close()
  await profile[Symbol.asyncDispose]()
  await server.close()
})

/** Opens the playground in a new tab; returns it with the errors that it reports. */
async function openTab(search = ''): Promise<{ page: Page; errors: string[] }> {
  const page = await browser.newPage()
  // A row that flashes has another colour in each frame.
  await page.emulateMedia({ reducedMotion: 'reduce' })
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  await page.goto(`${server.url}/play/index.html${search}`)
  await feedIs(page, { state: 'live' })
  return { page, errors }
}

test('the playground without a server keeps its rows over a reload, resumes from the stored version and lists nothing', async () => {
  const { page, errors } = await openTab()
  expect(Number((await feedData(page)).rows)).toBeGreaterThan(250)
  for (const rate of [2, 1, 0]) {
    await page.getByRole('button', { name: 'Churn slower' }).click()
    await expect.poll(() => page.locator('#churn').textContent()).toBe(`${rate} changes/s`)
  }
  await stored(page)
  const { resourceVersion } = await feedData(page)
  await page.reload()
  await feedIs(page, { state: 'live' })
  const after = await feedData(page)
  expect(after).toMatchObject({ source: 'persisted', lists: '0' })
  expect(Number(after.resourceVersion)).toBeGreaterThanOrEqual(Number(resourceVersion))
  expect(errors).toEqual([])
  await page.close()
})

test('two tabs of the playground without a server show one cluster', async () => {
  const first = await openTab('?resource=nodes')
  const second = await openTab('?resource=nodes')
  const notReady = ({ page }: { page: Page }) => page.locator('td.badge [data-tone=bad]').count()
  expect([await notReady(first), await notReady(second)]).toEqual([0, 0])
  await first.page.getByRole('button', { name: 'Fail a node' }).click()
  await expect.poll(() => notReady(first)).toBe(1)
  await expect.poll(() => notReady(second)).toBe(1)
  await first.page.getByRole('button', { name: 'Fail a node' }).click()
  await expect.poll(() => notReady(second)).toBe(0)
  expect([...first.errors, ...second.errors]).toEqual([])
  await first.page.close()
  await second.page.close()
})

test('two tabs of the playground without a server read through one owner, and the second goes on when the first is closed', async () => {
  const first = await openTab()
  expect(await feedData(first.page)).toMatchObject({ tabsRole: 'shared', tabs: '1' })
  const second = await openTab()
  await feedIs(first.page, { tabs: '2' })
  // The cluster goes on, and the tabs are read one after the other.
  const rows = async () => (await Promise.all([feedData(first.page), feedData(second.page)])).map((data) => data.rows)
  await expect.poll(async () => new Set(await rows()).size).toBe(1)
  await first.page.close()
  await feedIs(second.page, { tabs: '1' })
  const { resourceVersion } = await feedData(second.page)
  await second.page.getByRole('button', { name: 'Roll out' }).click()
  await expect.poll(async () => (await feedData(second.page)).resourceVersion).not.toBe(resourceVersion)
  expect(await feedData(second.page)).toMatchObject({ state: 'live', lists: '0' })
  expect([...first.errors, ...second.errors]).toEqual([])
  await second.page.close()
})

test('the terminal of a pod works without a server, and says that its shell is a toy in the page', async () => {
  const { page, errors } = await openTab()
  await page.locator('tr[data-key]').filter({ hasText: 'Running' }).first().click()
  await page.getByRole('button', { name: 'Terminal' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('Connected').waitFor()
  const shown = () => dialog.locator('.xterm-rows').textContent()
  await expect.poll(shown).toContain('a toy shell in this page')
  await page.keyboard.type('echo no server')
  await page.keyboard.press('Enter')
  await expect.poll(shown).toMatch(/no server.*no server/)
  expect(errors).toEqual([])
  await page.close()
})

test('[bindings/30] without a server, the drawer applies with a conflict and a takeover, and the time line goes back and returns', async () => {
  const { page, errors } = await openTab('?resource=deployments.apps')
  await page.locator('tr[data-key="shop/cart"]').click()
  const drawer = page.locator('#details-content')
  await page.getByRole('tab', { name: 'Apply' }).click()
  await page.getByRole('button', { name: 'Apply', exact: true }).click()
  await drawer.getByText('kube-controller-manager manages spec.replicas').waitFor()
  await page.getByRole('button', { name: 'Take over' }).click()
  await drawer.getByText('Applied as version').waitFor()
  await page.getByRole('tab', { name: 'Changes' }).click()
  await drawer.locator('.changes code').getByText('spec.replicas').first().waitFor()
  await page.getByRole('slider').focus()
  await page.keyboard.press('Home')
  await page.getByText('You see the past').waitFor()
  await page.keyboard.press('End')
  expect(await page.getByText('You see the past').isVisible()).toBe(false)
  await page.getByRole('button', { name: 'Cut connection' }).click()
  await expect.poll(() => page.locator('#outcome p').textContent(), { timeout: 20_000 }).toMatch(/^Cut connection live again .+ kept$/)
  expect(errors).toEqual([])
  await page.close()
})

test('two tabs in frames without a server share one watch, and go on without a list when the Worker that they share has ended', async () => {
  const page = await browser.newPage()
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  await page.goto(`${server.url}/play/index.html?view=tabs`)
  await page.getByText('Two tabs, one watch at the API server.').waitFor()
  expect(await violations(page)).toEqual([])
  await page.getByRole('button', { name: 'End the shared Worker' }).click()
  await page.getByText(/Tab A went on after [\d,]+ ms with no list, Tab B went on after [\d,]+ ms with no list/).waitFor()
  expect(errors).toEqual([])
  await page.close()
})

test.each(['table', 'map', 'nodes', 'events'])('axe finds nothing in the view %s of the playground without a server', async (view) => {
  const { page, errors } = await openTab(`?view=${view}`)
  expect(await violations(page)).toEqual([])
  expect(errors).toEqual([])
  await page.close()
})
