// Tests for watches over WebSockets against a real API server: in Node, and in Chromium behind `kubectl proxy`.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isApiError } from '../../src/api/errors'
import { defineResource } from '../../src/api/resource'
import { webSocket } from '../../src/connections/web-socket'
import { KubeClient } from '../../src/http/client'
import { createInformer } from '../../src/informer/create-informer'
import { loadKubeconfig } from '../../src/kubeconfig'
import { ConfigMap } from '../../src/resources/core/v1'
import type { ConnectionsPage } from '../browser/pages/connections.ts'
import { bundlePage } from '../browser/support/bundle-page.ts'
import { describeCluster } from '../cluster/suite.ts'
import { createProfile, launchChromium } from '../support/chromium.ts'

const folder = mkdtempSync(join(tmpdir(), 'kubeflect-connections-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describeCluster(
  'watches over WebSockets, with a real API server',
  (cluster) => {
    describe.each(['kubectl proxy', 'TLS and a token'] as const)('through %s', (way) => {
      const client = async () =>
        way === 'kubectl proxy'
          ? new KubeClient({ baseUrl: cluster().proxyUrl, watchOver: webSocket() })
          : new KubeClient({ ...(await loadKubeconfig({ path: cluster().kubeconfig })), watchOver: webSocket() })

      test('an informer follows the server, through a restart of it', async () => {
        const name = way === 'kubectl proxy' ? 'by-proxy' : 'by-tls'
        await using informer = createInformer(await client(), ConfigMap, { namespace: 'default' })
        await informer.whenSynced()
        await cluster().kubectl(['create', 'configmap', name])
        const names = () => informer.objects().map(({ metadata }) => metadata.name)
        await expect.poll(names, { timeout: 10_000 }).toContain(name)
        await cluster().restartApiServer()
        await cluster().kubectl(['create', 'configmap', `${name}-later`])
        await cluster().kubectl(['delete', 'configmap', name])
        await expect.poll(names, { timeout: 30_000 }).toContain(`${name}-later`)
        expect(names()).not.toContain(name)
      })

      test('a resource that does not exist is a 404', async () => {
        const Nothing = defineResource({ version: 'v1', plural: 'nosuch', kind: 'NoSuch' })
        const error = await (await client())
          .watchEntries(Nothing, { resourceVersion: '0' })
          .next()
          .catch((reason: unknown) => reason)
        expect(isApiError(error) && error.status).toBe(404)
      })
    })

    describe('twelve resources in one page of Chromium over HTTP/1.1', () => {
      beforeAll(async () => {
        for (const [path, text] of await bundlePage('connections', { base: '/static/' })) {
          mkdirSync(dirname(join(folder, path)), { recursive: true })
          writeFileSync(join(folder, path), text)
        }
        writeFileSync(join(folder, 'index.html'), '<!doctype html><script type="module" src="/static/page.js"></script>')
      })

      const visit = async (search: string, run: (page: Page) => Promise<void>) => {
        await using profile = await createProfile()
        const browser = await launchChromium(profile)
        try {
          const page = await browser.newPage()
          await page.goto(`${cluster().proxyUrl}/static/index.html?${search}`)
          await run(page)
        } finally {
          await browser.close()
        }
      }
      type Global = typeof globalThis & { page: ConnectionsPage }
      const state = (page: Page) => page.evaluate(() => (globalThis as Global).page.state())
      const get = (page: Page) => page.evaluate(() => (globalThis as Global).page.get())

      test.each([
        ['watchOver=webSocket', 12],
        ['watchOver=beyond', 8],
        // The Worker's sockets cannot be counted here.
        ['watchOver=beyond&worker', 0],
      ])('%s: all are live, and a request beside them is answered', async (way, sockets) => {
        const name = way.replaceAll(/\W/g, '-').toLowerCase()
        await visit(way, async (page) => {
          await expect.poll(async () => (await state(page)).states, { timeout: 30_000 }).toEqual(Array(12).fill('live'))
          expect((await state(page)).sockets).toBeGreaterThanOrEqual(sockets)
          expect(await get(page)).toBeLessThan(Number.POSITIVE_INFINITY)
          await cluster().kubectl(['create', 'configmap', name])
          await cluster().kubectl(['create', 'cronjob', name, '--image=a', '--schedule=1 1 1 1 1'])
          await expect.poll(async () => (await state(page)).configMaps, { timeout: 10_000 }).toContain(name)
          await expect.poll(async () => (await state(page)).cronJobs, { timeout: 10_000 }).toContain(name)
          expect((await state(page)).reports).toEqual([])
        })
      })

      test('watchOver=turns: all follow the server within their turns, and a request beside them is answered', async () => {
        await visit('watchOver=turns', async (page) => {
          await expect.poll(async () => (await state(page)).synced, { timeout: 60_000 }).toBe(12)
          expect(await get(page)).toBeLessThan(Number.POSITIVE_INFINITY)
          await cluster().kubectl(['create', 'configmap', 'in-turn'])
          await expect.poll(async () => (await state(page)).configMaps, { timeout: 60_000 }).toContain('in-turn')
          expect((await state(page)).sockets).toBe(0)
        })
      })

      test('without watchOver, the watches take all connections, and a request beside them waits', async () => {
        await visit('', async (page) => {
          await expect
            .poll(async () => (await state(page)).states.filter((each) => each === 'live').length, { timeout: 30_000 })
            .toBeGreaterThan(3)
          expect(await get(page)).toBe(Number.POSITIVE_INFINITY)
        })
      })
    })
  },
  { proxyFlags: [`--www=${folder}`, '--www-prefix=/static/'] },
)
