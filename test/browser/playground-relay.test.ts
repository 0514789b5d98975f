// Checks what the playground shows of the relay that it runs behind.
import { expect, test } from 'vitest'
import { FakeCluster } from '../../playground/server/fake-cluster.ts'
import { RelayedCluster } from '../../playground/server/relayed-cluster.ts'
import { caughtUp } from './support/page.ts'
import { start } from './support/playground.ts'

const WATCH = 'http://127.0.0.1/api/v1/pods?watch=1&resourceVersion=0&timeoutSeconds=600'

test.each([1280, 420])(
  'behind a relay, at %i px, the page shows the watches served and those held upstream, also after an answer that failed',
  async (width) => {
    using inner = new FakeCluster({ changesPerSecond: 0 })
    await using cluster = new RelayedCluster(inner)
    await expect.poll(() => cluster.relay.upstream).toBe(10)
    await using visit = await start(cluster)
    const { page, url, errors } = visit
    await page.setViewportSize({ width, height: 800 })
    await page.goto(url)
    await caughtUp(page, inner.server)
    const panel = page.locator('#relay')
    await expect.poll(() => panel.textContent()).toBe('relay: 1 watch served, 10 held upstream')
    await page.route('**/playground/', (route) => route.abort())
    await expect.poll(() => page.locator('#churn').textContent()).toBe('no answer')
    await page.unroute('**/playground/')
    const watches = await Promise.all([1, 2].map(() => cluster.fetch(new Request(WATCH))))
    await expect.poll(() => panel.textContent()).toBe('relay: 3 watches served, 10 held upstream')
    const box = await panel.boundingBox()
    expect(box && [box.x >= 0, box.x + box.width <= width]).toEqual([true, true])
    for (const { body } of watches) await body?.cancel()
    await expect.poll(() => panel.textContent()).toBe('relay: 1 watch served, 10 held upstream')
    expect(errors).toEqual([])
  },
)
