// Tests the drawer of the playground against the server: managers, differences, Events, logs, owners, and apply with its conflicts.
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { diff, ownersOf } from '../../src/live'
import { Deployment } from '../../src/resources/apps/v1'
import { Event, Pod } from '../../src/resources/core/v1'
import { violations } from './support/axe.ts'
import { inLooks, SHOWN_LOOKS } from './support/looks.ts'
import { caughtUp, feedIs } from './support/page.ts'
import { pick, startFake } from './support/playground.ts'
import { shoot } from './support/screenshots.ts'

const tab = (page: Page, name: string) => page.getByRole('tablist', { name: 'Object' }).getByRole('tab', { name, exact: true })
const content = (page: Page) => page.locator('#details-content')

/** Opens the first deployment of the table; returns its name and its namespace. */
async function openDeployment(page: Page): Promise<{ name: string; namespace: string }> {
  await pick(page, 'deployments')
  await feedIs(page, { state: 'live' })
  await page.locator('tr[data-key="shop/cart"]').click()
  return { namespace: 'shop', name: 'cart' }
}

describe('the drawer', () => {
  test('[bindings/28] the drawer tints each field by its manager, and lists what changed, as the server has it', async () => {
    await using visit = await startFake({ pods: 40 })
    const { page, cluster, url, errors } = visit
    const { server } = cluster
    await page.goto(url)
    await caughtUp(page, server)
    await page.locator('tr[data-key]').filter({ hasText: 'Running' }).first().click()
    const [namespace = '', name = ''] = ((await page.locator('#details-title').textContent()) ?? '').split('/')
    const before = server.get(Pod, { namespace, name })
    if (!before?.status) throw new Error(`the server has no pod ${namespace}/${name}`)
    const owners = ownersOf(before)
    const shown = () =>
      page.evaluate(() =>
        [...document.querySelectorAll<HTMLElement>('#details-text [data-manager]')].map(
          ({ title }) => title.split(': managed by ') as [string, string],
        ),
      )
    await expect.poll(async () => (await shown()).length).toBeGreaterThan(10)
    for (const [path, manager] of await shown()) {
      let at = path
      while (!owners.has(at) && at !== '') at = at.replace(/(^|\.)[^.[\]]+$|\[[^\]]*\]$/, '')
      expect([path, owners.get(at)?.map((owner) => owner.manager)]).toEqual([path, expect.arrayContaining([manager])])
    }
    server.update(Pod, { ...before, status: { ...before.status, phase: 'Failed', reason: 'Evicted' } })
    const after = server.get(Pod, { namespace, name })
    await tab(page, 'Changes').click()
    const paths = () => content(page).locator('.changes > li').first().locator('code').allTextContents()
    const expected = diff(before, after)
      .map(({ path }) => path)
      .filter((path) => !/resourceVersion|managedFields|generation/.test(path))
    await expect.poll(paths).toEqual(expected)
    expect(await content(page).locator('.changes h2').first().textContent()).toContain(`version ${after?.metadata.resourceVersion}`)
    expect(errors).toEqual([])
  })

  test('[bindings/28] an apply with a conflict names the manager and the field in words, changes nothing, and can take over', async () => {
    await using visit = await startFake({ pods: 40 })
    const { page, cluster, url, errors } = visit
    const { server } = cluster
    await page.goto(url)
    await caughtUp(page, server)
    const cart = await openDeployment(page)
    const before = server.get(Deployment, cart)
    const replicas = before?.spec?.replicas ?? 0
    await tab(page, 'Apply').click()
    await page.getByRole('button', { name: 'Dry run' }).click()
    await content(page).getByText('kube-controller-manager manages spec.replicas').waitFor()
    await page.getByRole('button', { name: 'Apply', exact: true }).click()
    await content(page).getByText('Nothing was changed').waitFor()
    expect(server.get(Deployment, cart)).toEqual(before)
    await page.getByRole('button', { name: 'Take over' }).click()
    await content(page).getByText('Applied as version').waitFor()
    expect(await content(page).locator('.differences li').allTextContents()).toEqual([`spec.replicas ${replicas} → ${replicas + 1}`])
    expect(server.get(Deployment, cart)?.spec?.replicas).toBe(replicas + 1)
    const managers = server.get(Deployment, cart)?.metadata.managedFields?.map(({ manager, operation }) => `${manager} ${operation}`)
    expect(managers).toContain('kubeflect-playground Apply')
    await page.getByRole('textbox', { name: 'The fields that' }).fill('{ "spec": ')
    await page.getByRole('button', { name: 'Dry run' }).click()
    await content(page).getByText('The text is not JSON').waitFor()
    const pods = () => server.list(Pod).filter(({ metadata }) => metadata.labels?.app === 'cart' && !metadata.deletionTimestamp).length
    await expect.poll(pods, { timeout: 20_000 }).toBe(replicas + 1)
    expect(errors).toEqual([])
  })

  test('the drawer shows Events and the log of a pod, climbs to its owners by keyboard, and shows the past with the views', async () => {
    await using visit = await startFake({ pods: 40 })
    const { page, cluster, url, errors } = visit
    const { server } = cluster
    await page.goto(url)
    await caughtUp(page, server)
    const row = page.locator('tr[data-key^="shop/cart"]').filter({ hasText: 'Running' }).first()
    await row.getByRole('button').press('Enter')
    const [namespace = '', name = ''] = ((await page.locator('#details-title').textContent()) ?? '').split('/')
    const pod = server.get(Pod, { namespace, name })
    if (!pod?.status) throw new Error(`the server has no pod ${namespace}/${name}`)
    server.create(Event, {
      metadata: { name: `${name}.1`, namespace },
      involvedObject: { kind: 'Pod', apiVersion: 'v1', name, namespace, uid: pod.metadata.uid },
      type: 'Warning',
      reason: 'BackOff',
      message: 'Back-off restarting failed container',
      lastTimestamp: new Date().toISOString(),
    } as Event)
    await tab(page, 'YAML').focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    await content(page).getByText('Back-off restarting failed container').waitFor()
    await page.keyboard.press('ArrowRight')
    await content(page).getByText('listening on :8080').waitFor()
    await content(page)
      .getByText(/^GET \//)
      .first()
      .waitFor()
    server.update(Pod, { ...pod, status: { ...pod.status, phase: 'Failed' } })
    await tab(page, 'YAML').click()
    await content(page).getByText('phase: Failed').waitFor()
    await page.getByRole('slider').focus()
    await page.keyboard.press('Home')
    await content(page).getByText('phase: Running').waitFor()
    expect(await page.locator('.managers').textContent()).toBe('The managers of the past are not known.')
    await page.keyboard.press('End')
    await content(page).getByText('phase: Failed').waitFor()
    await tab(page, 'Owners').click()
    const chain = () => content(page).locator('.chain li').allTextContents()
    await expect.poll(chain).toHaveLength(3)
    expect((await chain())[0]).toBe('Deployment shop/cart')
    await content(page).getByRole('button', { name: 'Deployment shop/cart' }).press('Enter')
    await page.locator('#details-title').getByText('shop/cart', { exact: true }).waitFor()
    expect(await tab(page, 'Logs').isVisible()).toBe(false)
    await page.keyboard.press('Escape')
    expect(await page.locator('#details').isVisible()).toBe(false)
    expect(errors).toEqual([])
  })

  test('axe finds nothing in any tab of the drawer, which is a sheet over the whole page at 420 px', async () => {
    await using visit = await startFake({ pods: 40 })
    const { page, cluster, url, errors } = visit
    await page.goto(url)
    await caughtUp(page, cluster.server)
    cluster.change(30)
    await caughtUp(page, cluster.server)
    for await (const { width, colorScheme } of inLooks(page, SHOWN_LOOKS, { reducedMotion: 'reduce' })) {
      await page.locator('tr[data-key^="shop/"]').filter({ hasText: 'Running' }).first().click()
      for (const name of ['Changes', 'Events', 'Logs', 'Owners', 'Apply', 'YAML']) {
        await tab(page, name).click()
        await expect.poll(() => content(page).textContent()).not.toBe('')
        expect([width, name, await violations(page)]).toEqual([width, name, []])
      }
      await page.locator('.managers [data-letter]').first().waitFor()
      await page.evaluate(() =>
        [...document.querySelectorAll('#details-text span')]
          .find(({ textContent }) => textContent === 'status:\n')
          ?.scrollIntoView({ block: 'center' }),
      )
      await shoot(page, `drawer-${width}-${colorScheme}`, { isShown: width === 1280 })
      const box = await page.locator('#details').boundingBox()
      if (width === 420) expect(box).toEqual({ x: 0, y: 0, width: 420, height: 800 })
      await page.keyboard.press('Escape')
    }
    expect(errors).toEqual([])
  })
})
