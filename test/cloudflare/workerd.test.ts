import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { Pod } from '../../src/resources/core/v1'
import { FakeApiServer } from '../../src/testing'
import { briefList, type ReadWatch, readWatch } from '../relay/world'
import { type HttpServer, serve } from '../support/http'
import { Workerd } from './workerd'

const PODS = '/api/v1/pods'
const WATCHERS = 1000
/** Longer than the ten seconds after which workerd evicts an idle object. Only real time passes there. */
const IDLE_MS = 15_000

describe('a relay in one Durable Object of workerd', { timeout: 90_000 }, () => {
  const api = new FakeApiServer()
  let upstream: HttpServer
  let workerd: Workerd

  beforeAll(async () => {
    upstream = await serve(api.fetch)
    workerd = await Workerd.of(join(import.meta.dirname, 'fixtures/one-object.ts'), upstream.url)
    api.create(Pod, pod('a'))
  }, 60_000)
  afterAll(async () => {
    await workerd[Symbol.asyncDispose]()
    await upstream.close()
  })

  const pod = (name: string): Pod => ({ kind: 'Pod', apiVersion: 'v1', metadata: { name, namespace: 'shop' }, spec: { containers: [] } })
  const openWatches = () => api.openRequests.filter(({ verb, resource }) => verb === 'watch' && resource === 'pods').length

  it('a thousand watchers of one object get every event from one upstream watch', async () => {
    const worker = await workerd.start()
    const { version } = await briefList(await worker.fetch(`${PODS}?resourceVersion=0`))
    const watches: ReadWatch[] = []
    for (let opened = 0; opened < WATCHERS; opened += 100) {
      const query = `watch=1&resourceVersion=${version}&timeoutSeconds=600`
      const some = Array.from({ length: 100 }, async () => readWatch(await worker.fetch(`${PODS}?${query}`)))
      watches.push(...(await Promise.all(some)))
    }
    expect(openWatches()).toBe(1)
    for (const name of ['b', 'c', 'd']) api.create(Pod, pod(name))
    const expected = ['b', 'c', 'd'].map((name) => expect.stringMatching(`^ADDED ${name}@`))
    await vi.waitFor(() => {
      for (const watch of watches) expect(watch.events).toEqual(expected)
    }, 30_000)
    expect(watches.every(({ state }) => state === 'open')).toBe(true)
    await worker.stop()
  })

  it('[relay/40] an object without clients is evicted, and wakes up at the stored version without a list', async () => {
    const worker = await workerd.start()
    const instanceOf = async () => {
      const response = await worker.fetch(`${PODS}?resourceVersion=0`)
      return { instance: response.headers.get('x-instance'), items: (await briefList(response)).items }
    }
    const first = await instanceOf()
    await vi.waitFor(() => expect(openWatches()).toBe(0), 10_000)
    api.create(Pod, pod('late'))
    api.forgetRequests()
    // Each request would keep the object for another ten seconds.
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
    const second = await instanceOf()
    expect(second.instance).not.toBe(first.instance)
    await vi.waitFor(async () => expect((await instanceOf()).items).toContain('late@'), 10_000)
    const lists = api.requests.filter(({ verb, resource, url }) => verb === 'list' && resource === 'pods' && !url.includes('limit=1'))
    expect(lists).toEqual([])
    await worker.stop()
  })
})
