// Facts about a full Chromium: the one of the other tests is a headless shell, which has no back/forward cache.

import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ConfigMap } from '../../src/resources/core/v1'
import { FakeApiServer } from '../../src/testing'
import { openBareBrowser } from '../browser/support/bare-tab.ts'
import { ask, caughtUp, serveTabsSite } from '../browser/support/tabs-site.ts'
import { createProfile } from '../support/chromium.ts'

const executable = process.env.KUBEFLECT_CHROMIUM ?? '/usr/bin/chromium'

for (const [mode, query] of [
  ['SharedWorker', ''],
  ['tab that leads', '?leader'],
] as const)
  test(`[tabs/18] a page of Chromium that shares through a ${mode} enters the back/forward cache while events flow, and goes on without a list upstream when it is back`, async () => {
    const server = new FakeApiServer()
    for (const name of ['a', 'b', 'c']) server.create(ConfigMap, { metadata: { name, namespace: 'shop' } })
    await using site = await serveTabsSite(server)
    await using profile = await createProfile()
    await using browser = await openBareBrowser(profile, executable)
    const leaving = await browser.open(site.url + query)
    await caughtUp(server, [leaving])
    const staying = await browser.open(site.url + query)
    await caughtUp(server, [staying])
    let changes = 0
    const churn = setInterval(
      () => server.update(ConfigMap, { metadata: { name: 'a', namespace: 'shop' }, data: { n: String(changes++) } }),
      20,
    )
    try {
      await leaving.goTo(`${site.url}/empty`)
      await expect.poll(async () => (await ask(staying, 'report')).tabs?.tabs).toBe(1)
      server.delete(ConfigMap, { namespace: 'shop', name: 'b' })
      await sleep(1_500)
      await leaving.back()
      await expect.poll(async () => (await ask(leaving, 'report').catch(() => undefined))?.isRestored).toBe(true)
    } finally {
      clearInterval(churn)
    }
    await caughtUp(server, [leaving, staying])
    // The Worker of a tab that leads ends with it, and the next one watches on.
    expect(site.upstream).toEqual(query ? ['stream', 'watch'] : ['stream'])
    const { events, errors, tabs } = await ask(leaving, 'report')
    expect(tabs).toMatchObject({ role: query ? 'follower' : 'shared', tabs: 2, upstream: 1 })
    // The window of the next owner begins where the other tab was, so the page may list from that owner.
    if (!query) expect(events).not.toContain('relist')
    expect(errors).toEqual([])
  })
