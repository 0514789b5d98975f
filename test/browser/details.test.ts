import { expect, test } from 'vitest'
import { Pod, Secret } from '../../src/resources/core/v1'
import { caughtUp, feedIs } from './support/page.ts'
import { pick, startFake } from './support/playground.ts'

test('a row is opened with the keyboard, follows its object and is closed with Escape', async () => {
  await using visit = await startFake()
  const { page, cluster, url, errors } = visit
  await page.goto(url)
  await caughtUp(page, cluster.server)
  const button = page.locator('tr[data-key] td.name button').first()
  await button.focus()
  await page.keyboard.press('Enter')
  const details = page.locator('#details')
  await details.waitFor()
  const [namespace = '', name = ''] = ((await page.locator('#details-title').textContent()) ?? '').split('/')
  const pod = cluster.server.get(Pod, { namespace, name })
  if (!pod) throw new Error(`the fake cluster has no pod ${namespace}/${name}`)
  cluster.server.update(Pod, { ...pod, metadata: { ...pod.metadata, annotations: { 'example.com/changed': 'while it is open' } } })
  await details.getByText('while it is open').waitFor()
  cluster.server.update(Pod, { ...pod, metadata: { ...pod.metadata, resourceVersion: '', finalizers: [] } })
  cluster.server.delete(Pod, { namespace, name })
  await page.locator('#details-state').getByText('deleted').waitFor()
  await page.keyboard.press('Escape')
  await details.waitFor({ state: 'hidden' })
  await page.locator('tr[data-key]').first().click()
  await details.waitFor()
  await page.getByRole('button', { name: 'Close details' }).click()
  await details.waitFor({ state: 'hidden' })
  expect(errors).toEqual([])
})

test('the details of a Secret show no value', async () => {
  await using visit = await startFake()
  const { page, cluster, url } = visit
  cluster.server.create(Secret, { metadata: { name: 'token', namespace: 'shop' }, data: { password: 'aHVudGVyMg==' } })
  await page.goto(url)
  await caughtUp(page, cluster.server)
  await pick(page, 'secrets')
  await feedIs(page, { state: 'live', rows: '1' })
  await page.getByRole('button', { name: 'token' }).click()
  await page.locator('#details').getByText('password').waitFor()
  expect(await page.locator('#details-text').textContent()).not.toContain('aHVudGVyMg==')
})
