import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Pod } from '../../src/resources/core/v1'
import { FakeApiServer, podFixture } from '../../src/testing'
import { createProfile, launchChromium } from '../support/chromium.ts'
import type { HttpServer } from '../support/http.ts'
import type { WorkerPage } from './pages/worker.ts'
import { serveWorkerSite } from './support/worker-site.ts'

const PODS = 500
const CHANGES_PER_SECOND = 2_000

const server = new FakeApiServer({ windowSize: 100_000 })
const pods = Array.from({ length: PODS }, (_, number) => server.create(Pod, podFixture(number)))
let site: HttpServer

beforeAll(async () => {
  site = await serveWorkerSite(server)
})
afterAll(() => site?.close())

/** A page of a browser of its own. */
async function visit() {
  const profile = await createProfile()
  const context = await launchChromium(profile)
  const page = context.pages()[0] ?? (await context.newPage())
  return {
    page,
    async [Symbol.asyncDispose]() {
      await context.close()
      await profile[Symbol.asyncDispose]()
    },
  }
}

/** Calls a function of the page. */
function call<K extends keyof WorkerPage>(
  page: Page,
  name: K,
  ...args: Parameters<WorkerPage[K]>
): Promise<Awaited<ReturnType<WorkerPage[K]>>> {
  return page.evaluate(`page.${name}(${args.map((arg) => JSON.stringify(arg)).join(', ')})`)
}

/** Waits until the page has what the server has; says of what else it knows. */
async function caughtUp(page: Page) {
  const expected = server
    .list(Pod)
    .map(({ metadata }) => `${metadata.namespace}/${metadata.name} ${metadata.resourceVersion}`)
    .sort()
  await expect.poll(async () => (await call(page, 'state')).objects.join(), { timeout: 30_000 }).toBe(expected.join())
  const { objects: _, ...rest } = await call(page, 'state')
  return rest
}

let changes = 0
/** Changes one pod after the other. */
function change(): void {
  const pod = pods[changes++ % PODS] as Pod
  const { resourceVersion: _, ...metadata } = pod.metadata
  server.update(Pod, { ...pod, metadata: { ...metadata, annotations: { change: String(changes) } } })
}

describe('a real Worker', () => {
  test('a real Worker makes the requests and stores, under a policy that allows no scripts but files; a reload resumes without a list', async () => {
    await using visitor = await visit()
    const { page } = visitor
    await page.goto(site.url)
    expect(await caughtUp(page)).toMatchObject({ source: 'stream', state: 'live', storing: 'active', reports: [], requests: [] })
    change()
    expect(await caughtUp(page)).toMatchObject({ requests: [] })
    expect(page.workers()).toHaveLength(1)
    await call(page, 'flush')

    const lists = listsOf(server)
    await page.reload()
    const { arrived, ...resumed } = await caughtUp(page)
    expect(resumed).toMatchObject({ source: 'persisted', reports: [], requests: [] })
    expect(arrived).toMatchObject({ objects: PODS, inStore: 0 })
    expect(arrived.parts).toBeGreaterThan(1)
    expect(listsOf(server)).toBe(lists)
    change()
    expect(await caughtUp(page)).toMatchObject({ requests: [] })
  })

  for (const [how, script] of Object.entries({ 'ends without a word': 'close()', 'hangs in a loop': 'for (;;) {}' })) {
    test(`a real Worker that ${how} is noticed: the page is live again on the main thread within 10 s, and stores`, async () => {
      await using visitor = await visit()
      const { page } = visitor
      await page.goto(site.url)
      await caughtUp(page)
      // A loop without an end never answers.
      void page
        .workers()[0]
        ?.evaluate(script)
        .catch(() => undefined)
      const diedAt = performance.now()
      await expect.poll(async () => (await call(page, 'state')).requests.length, { timeout: 15_000, interval: 100 }).toBeGreaterThan(0)
      change()
      expect(await caughtUp(page)).toMatchObject({
        state: 'live',
        reports: expect.arrayContaining([expect.stringMatching(/falling back to the main thread: .* did not respond/)]),
      })
      // On a machine that is busy timers are late: what it takes in virtual time is tested elsewhere.
      expect(performance.now() - diedAt).toBeLessThan(20_000)
      await expect.poll(async () => (await call(page, 'state')).storing, { timeout: 10_000 }).toBe('active')
      await call(page, 'flush')
      await page.reload()
      expect(await caughtUp(page)).toMatchObject({ source: 'persisted' })
    })
  }

  test('a page works without a Worker where the policy forbids it', async () => {
    await using visitor = await visit()
    await visitor.page.goto(`${site.url}/strict`)
    const { reports, requests, ...rest } = await caughtUp(visitor.page)
    expect(rest).toMatchObject({ source: 'stream', state: 'live', storing: 'active' })
    expect(reports).toEqual([expect.stringContaining('falling back to the main thread')])
    expect(requests).toHaveLength(1)
  })

  for (const where of ['main', 'worker']) {
    test(`the page stays responsive at ${CHANGES_PER_SECOND} changes a second, read on the ${where} thread`, async ({ annotate }) => {
      await using visitor = await visit()
      await visitor.page.goto(where === 'main' ? `${site.url}/?main` : site.url)
      await caughtUp(visitor.page)
      // On a machine that is busy they are fewer: the annotation says how many.
      const churn = setInterval(() => {
        for (let count = 0; count < CHANGES_PER_SECOND / 100; count++) change()
      }, 10)
      try {
        const { longest, changes } = await call(visitor.page, 'longestPause', 4_000)
        expect(changes).toBeGreaterThan(0)
        await annotate(`${where}: longest pause ${longest.toFixed(1)} ms, ${changes} changes applied in 4 s`)
      } finally {
        clearInterval(churn)
      }
      await caughtUp(visitor.page)
    })
  }
})

/** How often the whole state was asked for. */
function listsOf({ requests }: FakeApiServer): number {
  return requests.filter(({ url }) => !url.includes('limit=1') && (!url.includes('watch=true') || url.includes('sendInitialEvents'))).length
}
