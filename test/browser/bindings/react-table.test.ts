import { expect, test } from 'vitest'
import { Pod } from '../../../src/resources/core/v1'
import { FakeApiServer, podFixture } from '../../../src/testing'
import { visit } from './site.ts'

test('the example with TanStack Table and Virtual scrolls through 5,000 pods with the rows of a window, sorts, searches and follows', async () => {
  const server = new FakeApiServer()
  for (let i = 0; i < 5_000; i++) server.create(Pod, podFixture(i))
  const names = server
    .list(Pod)
    .map(({ metadata }) => metadata.name ?? '')
    .sort()
  await using visitor = await visit('react-table.tsx', server)
  const { page } = visitor
  await page.goto(visitor.url)
  const row = (index: number) =>
    page
      .locator(`tr[aria-rowindex="${index + 2}"] td`)
      .first()
      .textContent({ timeout: 5_000 })
  const counts = () => page.locator('output').textContent()
  await expect.poll(counts).toBe('5000 pods, live')
  expect(await row(0)).toBe(names[0])
  await page.screenshot({ path: 'node_modules/.cache/kubeflect/screenshots/react-table.png' })

  const scrollTo = (top: number) => page.evaluate((to) => document.querySelector('section > div')?.scrollTo(0, to), top)
  await scrollTo(2_500 * 28)
  expect(await row(2_505)).toBe(names[2_505])
  await scrollTo(1e9)
  expect(await row(4_999)).toBe(names[4_999])
  expect(await page.locator('tbody tr[aria-rowindex]').count()).toBeLessThan(150)

  await scrollTo(0)
  await page.getByRole('button', { name: 'Name', exact: true }).click()
  await expect.poll(() => row(0)).toBe(names.at(-1))
  await page.getByRole('searchbox').fill(names[7] ?? '')
  await expect.poll(counts).toBe('1 pods, live')
  server.delete(Pod, { name: names[7] ?? '', namespace: 'default' })
  await expect.poll(counts).toBe('0 pods, live')
  expect(visitor.complaints).toEqual([])
})
