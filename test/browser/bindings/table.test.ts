import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { Pod } from '../../../src/resources/core/v1'
import { FakeApiServer, podFixture } from '../../../src/testing'
import { type PageName, visit } from './site.ts'

// The reference task: a live, sorted, searchable table of pods with state and error, in each framework.

const FRAMEWORKS: readonly (readonly [name: string, page: PageName, source: string])[] = [
  ['React 19', 'react.tsx', 'react.tsx'],
  ['Vue 3', 'vue.ts', 'PodsTable.vue'],
  ['Svelte 5', 'svelte.ts', 'PodsTable.svelte'],
  ['Solid 1', 'solid.tsx', 'solid.tsx'],
]

const cells = (page: Page): Promise<string[][]> =>
  page.evaluate(() =>
    [...document.querySelectorAll('tbody tr')].map((row) => [...row.querySelectorAll('td')].map(({ textContent }) => textContent ?? '')),
  )

/** The first 50 rows of the server, sorted by a column. */
function expected(server: FakeApiServer, by: (pod: Pod) => string | undefined): string[] {
  const keyOf = ({ metadata }: Pod) => `${metadata.namespace}/${metadata.name}`
  const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
  return server
    .list(Pod)
    .sort((a, b) => order(by(a) ?? '\uffff', by(b) ?? '\uffff') || order(keyOf(a), keyOf(b)))
    .slice(0, 50)
    .map(({ metadata }) => metadata.name ?? '')
}

describe.each(FRAMEWORKS)('the table in %s', (_name, pageName, source) => {
  test('[bindings/34] has at most 25 lines', () => {
    const lines = readFileSync(new URL(`../../../examples/pods-table/${source}`, import.meta.url), 'utf8').split('\n')
    expect(lines.filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(25)
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(150)
  })

  test('[bindings/1] shows, sorts, searches and follows the server with one watch, and leaves nothing behind', async () => {
    const server = new FakeApiServer()
    for (let i = 0; i < 120; i++) server.create(Pod, podFixture(i))
    await using visitor = await visit(pageName, server)
    const { page } = visitor
    await page.clock.install()
    await page.goto(visitor.url)
    const shown = async () => (await cells(page)).map(([name]) => name)
    await expect.poll(shown).toEqual(expected(server, ({ metadata }) => metadata.name))
    await expect.poll(() => page.getByRole('status').textContent()).toBe('120 pods, live')
    expect(server.openRequests).toHaveLength(1)
    await page.screenshot({ path: `node_modules/.cache/kubeflect/screenshots/table-${pageName}.png` })

    await page.getByText('status.phase').click()
    await expect.poll(shown).toEqual(expected(server, ({ status }) => status?.phase))

    const [first] = server.list(Pod)
    const { name = '', namespace = '' } = first?.metadata ?? {}
    await page.getByRole('searchbox').fill(`${namespace}/${name}`)
    await expect.poll(shown).toContain(name)
    await expect.poll(() => page.getByRole('status').textContent()).toMatch(/^\d+ pods, live$/)
    server.update(Pod, { ...(first as Pod), spec: { ...first?.spec, nodeName: 'another-node' } as NonNullable<Pod['spec']> })
    await expect.poll(async () => (await cells(page)).find((row) => row[0] === name)?.[3]).toBe('another-node')

    server.delete(Pod, { name, namespace })
    await expect.poll(shown).not.toContain(name)
    expect(server.openRequests).toHaveLength(1)

    await page.evaluate('unmount()')
    await page.clock.fastForward(29_000)
    expect(server.openRequests).toHaveLength(1)
    await page.clock.fastForward(2_000)
    await expect.poll(() => server.openRequests.length).toBe(0)
    expect(visitor.complaints).toEqual([])
  })

  test('[bindings/16] shows the error of a server that denies access', async () => {
    const server = new FakeApiServer()
    server.faults.add({ match: { resource: 'pods' }, times: 100, fault: { type: 'status', status: 403, reason: 'Forbidden', text: 'no' } })
    await using visitor = await visit(pageName, server)
    await visitor.page.goto(visitor.url)
    await expect.poll(() => visitor.page.getByRole('status').textContent()).toMatch(/^denied: .*403/)
  })
})
