// Tabs of Chromium that share a feed while one of them is frozen.

import { afterEach, beforeEach, expect, test } from 'vitest'
import { ConfigMap } from '../../src/resources/core/v1'
import { FakeApiServer } from '../../src/testing'
import { createProfile, type Profile } from '../support/chromium.ts'
import { type BareBrowser, type BareTab, openBareBrowser } from './support/bare-tab.ts'
import { ask, caughtUp, serveTabsSite, type TabsSite } from './support/tabs-site.ts'

let server: FakeApiServer
let site: TabsSite
let profile: Profile
let browser: BareBrowser

beforeEach(async () => {
  server = new FakeApiServer()
  for (const name of ['a', 'b', 'c']) server.create(ConfigMap, { metadata: { name, namespace: 'shop' } })
  site = await serveTabsSite(server)
  profile = await createProfile()
  browser = await openBareBrowser(profile)
})
afterEach(async () => {
  await browser[Symbol.asyncDispose]()
  await profile[Symbol.asyncDispose]()
  await site[Symbol.asyncDispose]()
})

const open = (count: number, query = ''): Promise<BareTab[]> =>
  Promise.all(Array.from({ length: count }, () => browser.open(site.url + query)))

const rolesOf = (tabs: readonly BareTab[]) => Promise.all(tabs.map(async (tab) => (await ask(tab, 'report')).tabs?.role))

test('[tabs/36] when the tab of Chromium that leads is frozen another one leads within 5.5 s and without a list, and it follows after the thaw', async () => {
  const tabs = await open(3, '?leader')
  await caughtUp(server, tabs)
  const leader = tabs[(await rolesOf(tabs)).indexOf('leader')] as BareTab
  const others = tabs.filter((tab) => tab !== leader)
  const frozenAt = Date.now()
  await leader.freeze()
  server.create(ConfigMap, { metadata: { name: 'after-freeze', namespace: 'shop' } })
  await caughtUp(server, others)
  expect(Date.now() - frozenAt).toBeLessThan(5_500)
  expect((await rolesOf(others)).sort()).toEqual(['follower', 'leader'])
  await leader.thaw()
  server.create(ConfigMap, { metadata: { name: 'after-thaw', namespace: 'shop' } })
  await caughtUp(server, tabs)
  expect(await rolesOf([leader])).toEqual(['follower'])
  expect(site.upstream).toEqual(['stream', 'watch'])
})
