import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { Pod } from '../../../src/resources/core/v1'
import { FakeApiServer, podFixture } from '../../../src/testing'
import { isThorough } from '../../support/thorough.ts'
import { type BuildOptions, visit } from './site.ts'
import { installVersions, REACT_18 } from './versions.ts'

// Hooks in React, in strict mode, in Chromium. `paints` is what each commit has shown.

function serverWith(count: number): FakeApiServer {
  const server = new FakeApiServer({ windowSize: 100_000 })
  for (let i = 0; i < count; i++) server.create(Pod, podFixture(i))
  return server
}

/** Opens a case of the page. */
async function open(
  server: FakeApiServer,
  name: string,
  { search = '', variant }: { search?: string; variant?: BuildOptions | undefined } = {},
) {
  const visitor = await visit('react-cases.tsx', server, { variant })
  await visitor.page.goto(`${visitor.url}/${search}#${name}`)
  return visitor
}

const paints = (page: Page): Promise<string[]> => page.evaluate(() => [...(globalThis as unknown as { paints: string[] }).paints])
const last = async (page: Page) => (await paints(page)).at(-1)
const watches = (server: FakeApiServer) =>
  server.openRequests.map(({ url }) => new URL(url, 'http://k').searchParams.get('fieldSelector') ?? 'all')
const lists = ({ requests }: FakeApiServer) =>
  requests.filter(({ url }) => !url.includes('limit=1') && (!url.includes('watch=true') || url.includes('sendInitialEvents'))).length

const VERSIONS: readonly { version: string; variant?: BuildOptions }[] = [
  { version: 'React 19' },
  { version: 'React 18', variant: REACT_18 },
]

beforeAll(installVersions)

describe.each(VERSIONS)('$version', ({ variant }) => {
  describe('useList', () => {
    test('[bindings/6] has one watch for two components with equal requests and different views', async () => {
      const server = serverWith(60)
      await using visitor = await open(server, 'two', { variant })
      await expect.poll(() => paints(visitor.page)).toEqual(expect.arrayContaining(['a live 50/60', 'b live 3/60']))
      expect([watches(server), lists(server)]).toEqual([['all'], 1])
      expect(visitor.complaints).toEqual([])
    })

    test('[bindings/7] has its rows at the first paint when a component comes back within the linger, without a request', async () => {
      const server = serverWith(20)
      await using visitor = await open(server, 'toggle', { variant })
      const { page } = visitor
      await expect.poll(() => last(page)).toBe('live 20/20')
      await page.evaluate('show(false)')
      server.create(Pod, podFixture(20))
      const before = server.requests.length
      await page.evaluate('paints.length = 0')
      await page.waitForTimeout(200)
      await page.evaluate('show(true)')
      await expect.poll(async () => (await paints(page)).length).toBeGreaterThan(0)
      expect(new Set(await paints(page))).toEqual(new Set(['live 21/21']))
      expect(server.requests.length).toBe(before)
      expect(visitor.complaints).toEqual([])
    })

    test('[bindings/1] leaves no watch when the page has left the table for longer than the linger', async () => {
      const server = serverWith(20)
      await using visitor = await open(server, 'toggle', { search: '?linger=100', variant })
      await expect.poll(() => last(visitor.page)).toBe('live 20/20')
      await visitor.page.evaluate('show(false)')
      await expect.poll(() => watches(server)).toEqual([])
    })

    test('[bindings/9] never paints the rows of one search under the text of another', async () => {
      const server = serverWith(3_000)
      await using visitor = await open(server, 'search', { variant })
      const { page } = visitor
      await expect.poll(() => last(page)).toBe(' 50 right')
      await page.getByRole('searchbox').pressSequentially('default/billing', { delay: 5 })
      await expect.poll(() => last(page)).toBe('default/billing 50 right')
      await page.getByRole('searchbox').fill('nothing-has-this')
      await expect.poll(() => last(page)).toBe('nothing-has-this 0 right')
      expect((await paints(page)).filter((paint) => paint.endsWith('wrong'))).toEqual([])
      expect(visitor.complaints).toEqual([])
    })

    test('[bindings/10] prints one warning for a function that is another one in each render', async () => {
      const server = serverWith(3)
      await using visitor = await open(server, 'inline', { search: '?loose', variant })
      await expect.poll(() => visitor.page.getByText('0 3').isVisible()).toBe(true)
      for (let i = 1; i <= 6; i++) await visitor.page.evaluate(`setCount(${i})`)
      await expect
        .poll(() => visitor.complaints)
        .toEqual([expect.stringMatching(/^kubeflect: a function of the view's query .* keyed\('name'/)])
    })
  })

  describe('useSuspenseList', () => {
    test('[bindings/8] shows the fallback, then rows, and never the fallback or an empty table again', async () => {
      const server = serverWith(20)
      server.faults.add({ match: { resource: 'pods' }, fault: { type: 'expire', afterMs: 1_000 } })
      await using visitor = await open(server, 'suspense', { variant })
      const { page } = visitor
      await expect.poll(() => page.getByRole('status').textContent()).toBe('20 live')
      // The watch is cut, and its version is too old by then: the list is read again.
      server.faults.add({ match: { resource: 'pods' }, fault: { type: 'refuse' } })
      server.create(Pod, podFixture(20))
      await expect.poll(async () => (await paints(page)).some((paint) => paint.endsWith('stale'))).toBe(true)
      server.create(Pod, podFixture(21))
      server.compact()
      await expect.poll(() => page.getByRole('status').textContent(), { timeout: 20_000 }).toBe('22 live')
      const seen = await paints(page)
      const first = seen.findIndex((paint) => paint !== 'fallback')
      expect(first).toBeGreaterThan(0)
      expect(seen.slice(first).filter((paint) => paint === 'fallback' || paint.startsWith('0/'))).toEqual([])
      expect(visitor.complaints.filter((text) => !/net::ERR|status of 410|kubeflect: /.test(text))).toEqual([])
    })

    test('[bindings/8] gives the error of a server that denies access to the boundary', async () => {
      const server = serverWith(0)
      server.faults.add({
        match: { resource: 'pods' },
        times: 100,
        fault: { type: 'status', status: 403, reason: 'Forbidden', text: 'no' },
      })
      await using visitor = await open(server, 'suspense', { variant })
      await expect.poll(() => visitor.page.getByRole('alert').textContent()).toMatch(/403/)
    })
  })

  describe('useObject', () => {
    const one = (uid: string) => ({ metadata: { name: 'one', namespace: 'default', uid } }) as Pod

    test('[bindings/11] watches an object alone where no list has it, and shows that it is gone and created again', async () => {
      const server = serverWith(5)
      const { metadata } = server.create(Pod, one(''))
      await using visitor = await open(server, 'object', { search: '?loose', variant })
      const { page } = visitor
      await expect.poll(() => last(page)).toBe(metadata.uid)
      expect(watches(server)).toEqual(['metadata.name=one'])
      await page.evaluate('paints.length = 0')
      server.delete(Pod, { name: 'one', namespace: 'default' })
      await expect.poll(() => last(page)).toBe('missing')
      const again = server.create(Pod, one(''))
      await expect.poll(() => last(page)).toBe(again.metadata.uid)
      expect(await paints(page)).toEqual(['missing', again.metadata.uid])
    })

    test('[bindings/11] needs no watch beside a list of its kind, and requests nothing without a name', async () => {
      const server = serverWith(5)
      const { metadata } = server.create(Pod, one(''))
      await using visitor = await open(server, 'objectInList', { variant })
      await expect.poll(() => paints(visitor.page)).toContain(metadata.uid)
      expect(watches(server)).toEqual(['all'])
      await visitor.page.goto('about:blank')
      const before = server.requests.length
      await visitor.page.goto(`${visitor.url}/#noObject`)
      await expect.poll(() => last(visitor.page)).toBe('-')
      expect(server.requests.length).toBe(before)
    })
  })

  test('[bindings/17] useRelated shows what an owner owns, and useAccess what the user may do', async () => {
    const server = serverWith(3)
    const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'owner', uid: 'owner-1' }]
    for (const name of ['x', 'y']) server.create(Pod, { metadata: { name, namespace: 'default', ownerReferences } } as Pod)
    await using visitor = await open(server, 'related', { variant })
    await expect.poll(() => visitor.page.getByRole('status').textContent()).toBe('x y true')
    expect(server.requests.filter(({ url }) => url.includes('selfsubject'))).toHaveLength(1)
    expect(visitor.complaints).toEqual([])
  })
})

test('[bindings/4] a component neither renders nor listens while its Activity is hidden, and is right at the first paint when it is shown', async () => {
  const server = serverWith(20)
  await using visitor = await open(server, 'activity')
  const { page } = visitor
  await expect.poll(() => last(page)).toBe('live 20/20')
  await page.evaluate('setMode("hidden")')
  await expect.poll(() => page.locator('table').isVisible()).toBe(false)
  await page.evaluate('paints.length = 0; counts.renders = 0')
  for (let i = 20; i < 40; i++) server.create(Pod, podFixture(i))
  await page.waitForTimeout(300)
  expect(await page.evaluate('counts.renders')).toBe(0)
  await page.evaluate('setMode("visible")')
  await expect.poll(async () => (await paints(page)).length).toBeGreaterThan(0)
  expect(new Set(await paints(page))).toEqual(new Set(['live 40/40']))
  expect(visitor.complaints).toEqual([])
})

test('[bindings/5] 2,000 changes a second of 10,000 pods cost at most one commit a frame, and a row renders only when its version has changed', async ({
  annotate,
}) => {
  const server = serverWith(10_000)
  await using visitor = await open(server, 'table', { search: '?loose' })
  const { page } = visitor
  await expect.poll(() => last(page), { timeout: 30_000 }).toBe('live 50/10000')
  const pods = server.list(Pod)
  await page.evaluate('Object.assign(counts, { renders: 0, rowRenders: 0, wrongRows: 0, commits: 0, frames: 0, longestTask: 0 })')
  const seconds = isThorough ? 10 : 3
  let changes = 0
  const churn = setInterval(() => {
    for (let i = 0; i < 20; i++) {
      const pod = pods[(changes * 7919) % pods.length] as Pod
      const { resourceVersion: _, ...metadata } = pod.metadata
      server.update(Pod, { ...pod, metadata: { ...metadata, annotations: { change: String(changes++) } } })
    }
  }, 10)
  await page.waitForTimeout(seconds * 1_000)
  clearInterval(churn)
  type Counts = { renders: number; rowRenders: number; wrongRows: number; commits: number; frames: number; longestTask: number }
  const counts = await page.evaluate(() => ({ ...(globalThis as unknown as { counts: Counts }).counts }))
  await annotate(`${changes} changes in ${seconds} s: ${JSON.stringify(counts)}`)
  expect(counts.commits).toBeLessThanOrEqual(counts.frames)
  expect(counts.wrongRows).toBe(0)
  const wanted = server
    .list(Pod)
    .sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))
    .slice(0, 50)
    .map(({ metadata }) => metadata.resourceVersion)
  const versions = () => page.evaluate(() => [...document.querySelectorAll('td:last-child')].map(({ textContent }) => textContent))
  await expect.poll(versions).toEqual(wanted)
})
