import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { Pod } from '../../src/resources/core/v1'
import { FakeApiServer } from '../../src/testing'
import { briefList, readWatch } from '../relay/world'
import { type HttpServer, serve } from '../support/http'
import { config, example, Workerd } from './workerd'

describe('the example for Cloudflare in workerd', { timeout: 60_000 }, () => {
  const api = new FakeApiServer()
  let upstream: HttpServer
  let workerd: Workerd

  beforeAll(async () => {
    upstream = await serve(api.fetch)
    workerd = await Workerd.of(join(example, 'worker.ts'), upstream.url)
  }, 60_000)
  afterAll(async () => {
    await workerd[Symbol.asyncDispose]()
    await upstream.close()
  })

  const PODS = '/api/v1/pods'
  const openWatches = () => api.openRequests.filter(({ verb, resource }) => verb === 'watch' && resource === 'pods').length
  const pod = (name: string): Pod => ({ kind: 'Pod', apiVersion: 'v1', metadata: { name, namespace: 'shop' }, spec: { containers: [] } })

  it('[relay/31] the example serves watches through leaves from one upstream watch, and a second process on its storage resumes without a list', async () => {
    expect(config.migrations[0].new_sqlite_classes).toEqual([config.durable_objects.bindings[0].class_name])
    api.create(Pod, pod('a'))
    const first = await workerd.start()
    const list = await briefList(await first.fetch(`${PODS}?resourceVersion=0`))
    expect(list.items).toMatch(/^a@\d+$/)
    const watches = await Promise.all(
      Array.from({ length: 20 }, async () =>
        readWatch(await first.fetch(`${PODS}?watch=1&resourceVersion=${list.version}&timeoutSeconds=50`)),
      ),
    )
    expect(openWatches()).toBe(1)
    api.create(Pod, pod('b'))
    await vi.waitFor(() => {
      for (const watch of watches) expect(watch.events).toEqual([expect.stringMatching(/^ADDED b@/)])
    }, 10_000)
    // The root stores after five seconds.
    await vi.waitFor(() => expect(workerd.stored).toContain('"b"'), 15_000)
    await first.stop()
    await vi.waitFor(() => expect(openWatches()).toBe(0), 10_000)
    api.forgetRequests()
    api.create(Pod, pod('c'))
    const second = await workerd.start()
    await vi.waitFor(async () => {
      expect((await briefList(await second.fetch(`${PODS}?resourceVersion=0`))).items).toMatch(/^a@\d+ b@\d+ c@\d+$/)
    }, 10_000)
    const lists = api.requests.filter(({ verb, resource, url }) => verb === 'list' && resource === 'pods' && !url.includes('limit=1'))
    expect(lists).toEqual([])
    expect(api.requests.find(({ verb, resource }) => verb === 'watch' && resource === 'pods')?.url).toMatch(/resourceVersion=[1-9]/)
    await second.stop()
  })
})
