import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { apply, contract, replace } from './contract'
import { bundle, launch, openPage } from './support/chromium'
import type * as exported from './support/page'

let browser: Browser
let script: string
let context: BrowserContext

beforeAll(async () => {
  script = await bundle(new URL('./support/page.ts', import.meta.url))
  browser = await launch()
}, 60_000)
afterAll(() => browser?.close())
beforeEach(async () => {
  context = await browser.newContext()
  return () => context.close()
})

/** Calls an exported function of the page. */
function call<K extends keyof typeof exported>(
  page: Page,
  name: K,
  ...args: unknown[]
): Promise<Awaited<ReturnType<(typeof exported)[K]>>> {
  return page.evaluate(`page.${name}(${args.map((arg) => JSON.stringify(arg)).join(', ')})`)
}

describe('idbPersister in Chromium', () => {
  for (const { title } of contract)
    test(title, async () => {
      await call(await openPage(context, script), 'runCase', title)
    })

  test('idbPersister in Chromium reports a full disk as quota, and can still store what fits', async () => {
    const page = await openPage(context, script)
    const session = await context.newCDPSession(page)
    await session.send('Storage.overrideQuotaForOrigin', { origin: 'http://localhost', quotaSize: 2_000_000 })
    expect(await call(page, 'fill', 'quota', 50, 400_000)).toBe('quota')
    expect(await call(page, 'read', 'quota')).toBe('nothing')
    await session.send('Storage.overrideQuotaForOrigin', { origin: 'http://localhost' })
    expect(await call(page, 'fill', 'quota', 1, 10)).toBe('stored')
  })

  test('a tab that is killed during its commits leaves one complete state', async () => {
    for (let round = 0; round < 8; round++) {
      const page = await openPage(context, script)
      const database = `kill-${round}`
      let last = -1
      let reach = () => {}
      const reached = new Promise<void>((resolve) => {
        reach = resolve
      })
      await page.exposeFunction('report', (version: number) => {
        last = version
        if (version >= 5 + round) reach()
      })
      // Never ends by itself: the page is closed while it runs.
      void page.evaluate(`page.countUp(${JSON.stringify(database)}, report)`).catch(() => {})
      await reached
      await page.close({ runBeforeUnload: false })
      const [version, ...objects] = await call(await openPage(context, script), 'versions', database)
      expect(objects).toEqual([version])
      expect(Number(version)).toBeGreaterThanOrEqual(last)
    }
  })

  test('a logout in one tab fences the writers of other tabs, and nothing returns', async () => {
    const [writer, other] = [await openPage(context, script), await openPage(context, script)]
    expect(await call(writer, 'commitKept', 'tabs', replace('1', { a: 'a' }))).toBe('stored')
    await call(other, 'clear', 'tabs')
    expect(await call(writer, 'commitKept', 'tabs', replace('2', { b: 'b' }))).toBe('fenced')
    expect(await call(other, 'read', 'tabs')).toBe('nothing')
  })

  test('of two tabs only the one that loaded last stores', async () => {
    const [first, second] = [await openPage(context, script), await openPage(context, script)]
    expect(await call(first, 'commitKept', 'tabs', replace('1', { a: 'a' }))).toBe('stored')
    expect(await call(second, 'read', 'tabs')).toBe('1: a')
    expect(await call(first, 'commitKept', 'tabs', apply('2', { b: 'b' }))).toBe('fenced')
    expect(await call(second, 'read', 'tabs')).toBe('1: a')
  })

  test('another tab can delete the database without being blocked, and no change without a base follows', async () => {
    const [writer, other] = [await openPage(context, script), await openPage(context, script)]
    expect(await call(writer, 'commitKept', 'tabs', replace('1', { a: 'a' }))).toBe('stored')
    expect(await call(other, 'deleteDatabase', 'tabs')).toBe('deleted')
    expect(await call(writer, 'commitKept', 'tabs', apply('2', { b: 'b' }))).toBe('fenced')
    expect(await call(other, 'read', 'tabs')).toBe('nothing')
  })
})
