import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { Node, Pod } from '../../../src/resources/core/v1'
import { FakeApiServer } from '../../../src/testing'
import { type PageName, visit } from './site.ts'

const FRAMEWORKS: readonly (readonly [name: string, page: PageName])[] = [
  ['Vue', 'vue-nodes.ts'],
  ['Svelte', 'svelte-nodes.ts'],
  ['Solid', 'solid-nodes.tsx'],
]

const pods = (page: Page) => page.getByRole('listitem').allTextContents()
const watches = (server: FakeApiServer) =>
  server.openRequests
    .map(({ url }) => decodeURIComponent(/(nodes|pods)\?.*?(fieldSelector=[^&]*|$)/.exec(url)?.slice(1).join(' ').trim() ?? url))
    .sort()

describe.each(FRAMEWORKS)('the example of a node and its pods in %s', (_name, pageName) => {
  test('shows the pods of the chosen node, and the node itself without a watch of its own', async () => {
    const server = new FakeApiServer()
    const node = (name: string, kubeletVersion: string) =>
      ({ metadata: { name }, status: { nodeInfo: { kubeletVersion } } }) as unknown as Node
    const pod = (name: string, nodeName?: string) =>
      ({ metadata: { name, namespace: 'shop' }, spec: { containers: [], ...(nodeName && { nodeName }) } }) as Pod
    for (const name of ['n1', 'n2']) server.create(Node, node(name, 'v1.36.0'))
    for (const each of [pod('a', 'n1'), pod('b', 'n2'), pod('c', 'n1'), pod('waiting')]) server.create(Pod, each)
    await using visitor = await visit(pageName, server)
    const { page } = visitor
    await page.clock.install()
    await page.goto(visitor.url)
    await expect.poll(() => pods(page)).toEqual(['waiting'])
    await page.getByRole('button', { name: 'n1' }).click()
    await expect.poll(() => pods(page)).toEqual(['a', 'c'])
    await expect.poll(() => page.getByRole('status').textContent()).toBe('v1.36.0')
    expect(await page.getByRole('button', { name: 'n1' }).getAttribute('aria-pressed')).toBe('true')

    server.create(Pod, pod('d', 'n1'))
    server.update(Node, node('n1', 'v1.36.1'))
    await expect.poll(() => pods(page)).toEqual(['a', 'c', 'd'])
    await expect.poll(() => page.getByRole('status').textContent()).toBe('v1.36.1')
    await page.getByRole('button', { name: 'n2' }).click()
    await expect.poll(() => pods(page)).toEqual(['b'])
    server.delete(Node, { name: 'n2' })
    await expect.poll(() => page.getByRole('status').textContent()).toBe('deleted')
    await page.screenshot({ path: `node_modules/.cache/kubeflect/screenshots/nodes-${pageName}.png` })

    await page.clock.fastForward(31_000)
    await expect.poll(() => watches(server)).toEqual(['nodes', 'pods fieldSelector=spec.nodeName=n2'])
    await page.evaluate('unmount()')
    await page.clock.fastForward(31_000)
    await expect.poll(() => server.openRequests.length).toBe(0)
    expect(visitor.complaints).toEqual([])
  })
})
