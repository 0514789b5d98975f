import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ConfigMap } from '../../src/resources/core/v1'
import { FakeApiServer } from '../../src/testing'
import { createProfile } from '../support/chromium.ts'
import type { HttpServer } from '../support/http.ts'
import type { FrozenPage } from './pages/frozen.ts'
import { type BareTab, openBareBrowser } from './support/bare-tab.ts'
import { serveWorkerSite } from './support/worker-site.ts'

/** How long a page may take after it was thawed. */
const THAW_MS = 6_000

const server = new FakeApiServer()
const put = (name: string) => server.create(ConfigMap, { metadata: { name, namespace: 'shop' } })
let site: HttpServer

beforeAll(async () => {
  put('a')
  put('b')
  site = await serveWorkerSite(server, 'frozen')
})
afterAll(() => site?.close())

const stateOf = (tab: BareTab) => tab.evaluate<ReturnType<FrozenPage['state']>>('page.state()')

const expected = () => ({
  state: 'live',
  objects: server
    .list(ConfigMap)
    .map(({ metadata }) => `${metadata.namespace}/${metadata.name} ${metadata.resourceVersion}`)
    .sort(),
})

for (const where of ['main', 'worker'] as const) {
  for (const frozenMs of [1_000, 8_000]) {
    test(`a page that was frozen for ${frozenMs / 1000} s is live with all changes within 6 s (requests on the ${where} thread)`, async () => {
      await using profile = await createProfile()
      await using browser = await openBareBrowser(profile)
      const tab = await browser.open(where === 'worker' ? `${site.url}/?worker` : site.url)
      await expect.poll(() => stateOf(tab).catch(() => undefined), { timeout: 15_000 }).toMatchObject(expected())
      const { plain } = await stateOf(tab)

      await tab.freeze()
      put(`${where}-${frozenMs}`)
      server.delete(ConfigMap, { namespace: 'shop', name: 'a' })
      put('a')
      await sleep(frozenMs)
      await tab.thaw()
      await expect.poll(() => stateOf(tab), { timeout: THAW_MS, interval: 100 }).toMatchObject(expected())
      put(`${where}-${frozenMs}-later`)
      await expect.poll(() => stateOf(tab), { timeout: THAW_MS, interval: 100 }).toMatchObject(expected())
      // Chromium (153) goes on reading no stream that was open in a frozen page, and says nothing of it: the watch that the page reads without the
      // library brings neither what came meanwhile nor what comes now, and does not end. The same holds for streams of the page's Worker.
      const { plain: stillPlain, states } = await stateOf(tab)
      expect(stillPlain).toEqual(plain)
      expect(states.filter((state) => state === 'stale')).toHaveLength(1)
    })
  }
}
