import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { Pod } from '../../../src/resources/core/v1'
import { FakeApiServer, podFixture } from '../../../src/testing'
import { type BuildOptions, type PageName, pageOf, visit } from './site.ts'
import { installVersions, REACT_18, REACT_COMPILER, SOLID_2, VUE_3_6 } from './versions.ts'

// The reference task: a live, sorted, searchable table of pods with state and error, in each framework.

const EXAMPLES = [
  ['React', 'react.tsx'],
  ['Vue', 'PodsTable.vue'],
  ['Svelte', 'PodsTable.svelte'],
  ['Solid', 'solid.tsx'],
] as const

/** The versions, and what the script of each page has in it. */
const VERSIONS: readonly { version: string; page: PageName; variant?: BuildOptions; has: string }[] = [
  { version: 'React 19', page: 'react.tsx', has: '19.3.' },
  { version: 'React 18', page: 'react-18.tsx', variant: REACT_18, has: '18.3.' },
  { version: "React 19 with React's compiler", page: 'react.tsx', variant: REACT_COMPILER, has: 'react.memo_cache_sentinel' },
  { version: 'Vue 3.5', page: 'vue.ts', has: '3.5.' },
  { version: 'Vue 3.6', page: 'vue.ts', variant: VUE_3_6, has: '3.6.0-' },
  { version: 'Svelte 5', page: 'svelte.ts', has: 'svelte' },
  { version: 'Solid 1', page: 'solid.tsx', has: 'solid-js/dist/' },
  { version: 'Solid 2', page: 'solid-2.tsx', variant: SOLID_2, has: 'versions/node_modules/solid-js/' },
]

beforeAll(installVersions)

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

describe.each(EXAMPLES)('the example of a table in %s', (_name, source) => {
  test('[bindings/34] has at most 25 lines', () => {
    const lines = readFileSync(new URL(`../../../examples/pods-table/${source}`, import.meta.url), 'utf8').split('\n')
    expect(lines.filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(25)
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(150)
  })
})

describe.each(VERSIONS)('the table in $version', ({ version, page: pageName, variant, has }) => {
  test('has the code of its version', async () => {
    expect((await pageOf(pageName, variant)).get('/page.js')).toContain(has)
  })

  test('[bindings/1] [bindings/19] shows, sorts, searches and follows the server with one watch, and leaves nothing behind', async () => {
    const server = new FakeApiServer()
    for (let i = 0; i < 120; i++) server.create(Pod, podFixture(i))
    await using visitor = await visit(pageName, server, { variant })
    const { page } = visitor
    await page.clock.install()
    await page.goto(visitor.url)
    const shown = async () => (await cells(page)).map(([name]) => name)
    await expect.poll(shown).toEqual(expected(server, ({ metadata }) => metadata.name))
    await expect.poll(() => page.getByRole('status').textContent()).toBe('120 pods, live')
    expect(server.openRequests).toHaveLength(1)
    await page.screenshot({ path: `node_modules/.cache/kubeflect/screenshots/table-${version}.png` })

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

  test('[bindings/5] [bindings/19] commits at most once a frame under 1,000 changes a second, and ends with the last state', async () => {
    const server = new FakeApiServer({ windowSize: 100_000 })
    for (let i = 0; i < 200; i++) server.create(Pod, podFixture(i))
    await using visitor = await visit(pageName, server, { variant })
    const { page } = visitor
    await page.goto(visitor.url)
    await expect.poll(() => page.getByRole('status').textContent()).toBe('200 pods, live')
    await page.evaluate(() => {
      const counts = { commits: 0, frames: 0 }
      // The changes of one task are one commit.
      new MutationObserver(() => counts.commits++).observe(document.body, { subtree: true, childList: true, characterData: true })
      const frame = () => {
        counts.frames++
        requestAnimationFrame(frame)
      }
      requestAnimationFrame(frame)
      Object.assign(globalThis, { counts })
    })
    const pods = server.list(Pod)
    let changes = 0
    const churn = setInterval(() => {
      for (let i = 0; i < 10; i++) {
        const { metadata, spec, ...rest } = pods[changes % pods.length] as Pod
        const { resourceVersion: _, ...others } = metadata
        server.update(Pod, { ...rest, metadata: others, spec: { ...spec, nodeName: `node-${changes++}` } } as Pod)
      }
    }, 10)
    await page.waitForTimeout(1_500)
    clearInterval(churn)
    const nodes = async () => (await cells(page)).map((row) => row[3])
    const nodesOf = expected(server, ({ metadata }) => metadata.name).map(
      (each) => server.list(Pod).find(({ metadata }) => metadata.name === each)?.spec?.nodeName,
    )
    await expect.poll(nodes).toEqual(nodesOf)
    const { commits, frames } = await page.evaluate(() => (globalThis as unknown as { counts: { commits: number; frames: number } }).counts)
    expect(commits).toBeGreaterThan(5)
    expect(commits).toBeLessThanOrEqual(frames)
    expect(visitor.complaints).toEqual([])
  })

  test('[bindings/16] shows the error of a server that denies access', async () => {
    const server = new FakeApiServer()
    server.faults.add({ match: { resource: 'pods' }, times: 100, fault: { type: 'status', status: 403, reason: 'Forbidden', text: 'no' } })
    await using visitor = await visit(pageName, server, { variant })
    await visitor.page.goto(visitor.url)
    await expect.poll(() => visitor.page.getByRole('status').textContent()).toMatch(/^denied: .*403/)
  })
})
