// Tests the time line of the playground in Chromium: every view goes back, and the cluster goes on meanwhile.
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { Pod } from '../../src/resources/core/v1'
import { type FakeApiServer, podFixture } from '../../src/testing'
import { violations } from './support/axe.ts'
import { inLooks, SHOWN_LOOKS } from './support/looks.ts'
import { caughtUp, drawnRows, expectedRows, feedData, feedIs } from './support/page.ts'
import { expectedTwin, twinOf } from './support/pictures.ts'
import { startFake } from './support/playground.ts'
import { shoot } from './support/screenshots.ts'

const handle = (page: Page) => page.getByRole('slider', { name: 'Moment that the views show' })
const momentOf = (page: Page) => page.locator('main').getAttribute('data-moment')

/** Changes single pods of the server; returns the rows after each change by its version. */
function changePods(server: FakeApiServer, times: number): Map<string, string[]> {
  const states = new Map<string, string[]>()
  for (let time = 0; time < times; time++) {
    const pods = server.list(Pod)
    const pod = pods[(time * 7) % pods.length]
    if (!pod?.status) throw new Error('the cluster has no pods')
    const { namespace, name = '' } = pod.metadata
    if (time % 5 === 1) server.create(Pod, podFixture(Number(server.resourceVersion) % 100_000, { namespace: 'shop' }))
    else if (time % 5 === 3 && !pod.metadata.finalizers?.length) server.delete(Pod, { namespace, name })
    else server.update(Pod, { ...pod, status: { ...pod.status, phase: time % 2 ? 'Pending' : 'Failed', reason: `Step${time}` } })
    states.set(server.resourceVersion, expectedRows(server))
  }
  return states
}

describe('the time line', () => {
  test('[bindings/27] at each tick of the time line the table equals the server at that version, and the present loses nothing', async () => {
    await using visit = await startFake({ pods: 12 })
    const { page, cluster, url, errors } = visit
    const { server } = cluster
    await page.setViewportSize({ width: 1280, height: 1600 })
    await page.goto(url)
    await caughtUp(page, server)
    const before = expectedRows(server)
    const states = changePods(server, 30)
    await caughtUp(page, server)
    await handle(page).focus()
    await page.keyboard.press('Home')
    expect(await momentOf(page)).toBe('first')
    await expect.poll(async () => (await drawnRows(page)).sort()).toEqual(before)
    for (const [version, rows] of states) {
      if (version === server.resourceVersion) break
      await page.keyboard.press('ArrowRight')
      expect(await momentOf(page)).toBe(version)
      await expect.poll(async () => (await drawnRows(page)).sort(), { message: `at version ${version}` }).toEqual(rows)
    }
    await page.keyboard.press('ArrowLeft')
    const shown = states.get((await momentOf(page)) ?? '')
    await expect.poll(async () => (await drawnRows(page)).sort()).toEqual(shown)
    changePods(server, 9)
    await caughtUp(page, server)
    expect((await drawnRows(page)).sort()).toEqual(shown)
    await expect.poll(() => page.locator('#past').textContent()).toMatch(/^You see the past: .+, version \d+The .+, 11 changes ahead/)
    await page.keyboard.press('End')
    await expect.poll(async () => (await drawnRows(page)).sort()).toEqual(expectedRows(server))
    expect([await page.locator('#past').isVisible(), (await feedData(page)).lists]).toEqual([false, '1'])
    expect(errors).toEqual([])
  })

  test.each(['map', 'nodes', 'events'])('[bindings/27] the view %s goes back to what the cluster was, and returns', async (view) => {
    await using visit = await startFake({ pods: 60 })
    const { page, cluster, url, errors } = visit
    cluster.change(30)
    await page.goto(`${url}?view=${view}`)
    const first = expectedTwin(cluster.server, view)
    await expect.poll(() => twinOf(page)).toEqual(first)
    cluster.changesPerSecond = 100
    await handle(page).focus()
    await expect.poll(() => page.locator('#time-label').textContent()).toMatch(/^\d\d+ changes/)
    cluster.changesPerSecond = 0
    await page.keyboard.press('Home')
    await expect.poll(() => twinOf(page)).toEqual(first)
    expect(await page.locator('#past').isVisible()).toBe(true)
    await page.keyboard.press('Escape')
    expect(await page.locator('#past').isVisible()).toBe(false)
    await expect.poll(() => twinOf(page), { timeout: 20_000 }).toEqual(expectedTwin(cluster.server, view))
    expect(errors).toEqual([])
  })

  test('Page Down goes to a relist and says so; a pointer drags the moment, and playing returns to the present', async () => {
    await using visit = await startFake({ pods: 12 })
    const { page, cluster, url, errors } = visit
    await page.goto(url)
    await caughtUp(page, cluster.server)
    changePods(cluster.server, 5)
    cluster.expire()
    changePods(cluster.server, 5)
    await feedIs(page, { state: 'live', lists: '2' })
    changePods(cluster.server, 3)
    await caughtUp(page, cluster.server)
    await handle(page).focus()
    expect(await handle(page).getAttribute('aria-valuetext')).toBe('Live')
    await page.keyboard.press('PageDown')
    expect(await handle(page).getAttribute('aria-valuetext')).toMatch(/, a list changed \d+ objects$/)
    await page.keyboard.press('Escape')
    expect(await handle(page).getAttribute('aria-valuetext')).toBe('Live')

    const track = page.locator('#time-track')
    const { x, y, width, height } = (await track.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 }
    await page.mouse.move(x + width / 2, y + height / 2)
    await page.mouse.down()
    await page.mouse.move(x + 2, y + height / 2)
    await page.mouse.up()
    await expect.poll(() => momentOf(page)).toBe('first')
    await page.getByLabel('Speed').selectOption('10×')
    await page.getByRole('button', { name: 'Play the past' }).click()
    await expect.poll(() => momentOf(page)).toBe('')
    expect(errors).toEqual([])
  })

  test('axe finds nothing in the past, at both widths and in both colour schemes', async () => {
    await using visit = await startFake({ pods: 150, changesPerSecond: 30 })
    const { page, cluster, url, errors } = visit
    await page.goto(url)
    await feedIs(page, { state: 'live' })
    const known = async () => Number.parseInt((await page.locator('#time-label').textContent()) ?? '', 10)
    await expect.poll(known).toBeGreaterThan(60)
    await page.getByRole('button', { name: 'Cut connection' }).click()
    await expect.poll(known).toBeGreaterThan(120)
    await page.getByRole('button', { name: 'Close what came of it' }).click()
    cluster.changesPerSecond = 0
    await handle(page).focus()
    for (let step = 0; step < 50; step++) await page.keyboard.press('ArrowLeft')
    for await (const { width, colorScheme } of inLooks(page, SHOWN_LOOKS, { reducedMotion: 'reduce' })) {
      expect(await violations(page)).toEqual([])
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
      await shoot(page, `time-${width}-${colorScheme}`, { isShown: true })
    }
    expect(errors).toEqual([])
  })
})
