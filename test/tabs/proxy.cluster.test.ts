// Four tabs of Chromium that share a feed of a real API server through `kubectl proxy`.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { RealCluster } from '../../playground/server/real-cluster.ts'
import type { ConfigMap } from '../../src/resources/core/v1'
import { ask, serveTabsSite } from '../browser/support/tabs-site.ts'
import { describeCluster } from '../cluster/suite.ts'
import { createProfile, killSharedWorker, launchChromium } from '../support/chromium.ts'

const COUNT = 200

describeCluster('tabs that share a feed, with a real API server', (cluster) => {
  test('[tabs/08] a killed owner, a restarted server and a compacted etcd cost four tabs one list in all, and leave no tab blank', async () => {
    const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { text: 'x'.repeat(500) } })
    const create = (names: readonly string[]) =>
      cluster().kubectl(['create', '--filename=-'], {
        input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: names.map(configMap) }),
      })
    const remove = (names: readonly string[]) => cluster().kubectl(['delete', 'configmap', '--wait=false', ...names])
    const stored = async () => {
      const { items } = JSON.parse(await cluster().kubectl(['get', '--raw', '/api/v1/configmaps'])) as { items: ConfigMap[] }
      return items.map(({ metadata: { namespace, name, resourceVersion } }) => `${namespace}/${name} ${resourceVersion}`).sort()
    }
    await create(Array.from({ length: COUNT }, (_, n) => `object-${n}`))

    const real = new RealCluster(cluster().proxyUrl)
    /** The lists and watches that the server has accepted. */
    const accepted: string[] = []
    let isDown = false
    const counting = async (request: Request): Promise<Response> => {
      if (isDown) return new Response('the proxy is down', { status: 502 })
      const response = await real.fetch(request)
      const { searchParams } = new URL(request.url)
      const isList = !searchParams.has('watch') || searchParams.has('sendInitialEvents')
      // The check of the server's history asks for one object.
      if (response.ok && searchParams.get('limit') !== '1') accepted.push(isList ? 'list' : 'watch')
      return response
    }
    await using site = await serveTabsSite({ fetch: counting as typeof fetch })
    await using profile = await createProfile()
    const context = await launchChromium(profile)
    const open = async (): Promise<Page> => {
      const page = await context.newPage()
      await page.goto(site.url)
      return page
    }
    const allHave = async (pages: readonly Page[]) => {
      const objects = await stored()
      for (const page of pages) await expect.poll(() => ask(page, 'state'), { timeout: 60_000 }).toEqual({ state: 'live', objects })
    }
    try {
      let pages = await Promise.all(Array.from({ length: 4 }, open))
      /** Kills the owner, and with it the pages of its process. */
      const killOwner = async () => {
        const left: Page[] = []
        for (const page of pages) page.once('crash', () => left.push(page))
        killSharedWorker(profile)
        await expect.poll(() => left.length).toBeGreaterThan(0)
        pages = pages.filter((page) => !left.includes(page))
      }
      const reopen = async () => {
        pages.push(...(await Promise.all(Array.from({ length: 4 - pages.length }, open))))
      }
      await allHave(pages)
      expect(accepted).toEqual(['list'])

      // The tabs of an owner that dies continue with a watch.
      await killOwner()
      await remove(['object-0'])
      await create(['after-the-kill'])
      await allHave(pages)
      await reopen()
      await allHave(pages)
      expect(accepted).toEqual(['list', 'watch'])

      // The history that the tabs need is gone, and so is their owner: one list serves all of them.
      isDown = true
      real.cut()
      await remove(['object-1', 'object-2'])
      await cluster().compact()
      await cluster().restartApiServer()
      await killOwner()
      await create(['after-the-compaction'])
      isDown = false
      await allHave(pages)
      await reopen()
      await allHave(pages)
      await sleep(1_000)
      expect(accepted.filter((kind) => kind === 'list')).toHaveLength(2)
      const reports = await Promise.all(pages.map((page) => ask(page, 'report')))
      expect(new Set(reports.map(({ tabs }) => tabs?.owner)).size).toBe(1)
      expect(Math.min(...reports.map(({ fewest }) => fewest))).toBeGreaterThanOrEqual(COUNT - 3)
    } finally {
      await context.close()
    }
  })
})
