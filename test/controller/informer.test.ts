import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { KubeObject } from '../../src/api/object'
import type { Resource } from '../../src/api/resource'
import { Controller } from '../../src/controller/controller'
import { ownerKeys } from '../../src/controller/owner-keys'
import { KubeClient } from '../../src/http/client'
import { createInformer, type InformerOptions } from '../../src/informer/create-informer'
import type { SharedInformer } from '../../src/informer/shared-informer'
import { Deployment } from '../../src/resources/apps/v1'
import { ConfigMap, Pod } from '../../src/resources/core/v1'
import { FakeApiServer, VirtualClock } from '../../src/testing'

let clock: VirtualClock
let server: FakeApiServer
let client: KubeClient
let stop: AbortController

beforeEach(() => {
  clock = new VirtualClock(0)
  server = new FakeApiServer({ clock })
  client = new KubeClient({ baseUrl: 'http://kubernetes.test', fetch: server.fetch })
  stop = new AbortController()
})
afterEach(async () => {
  stop.abort()
  await clock.settle()
  expect({ requests: server.openRequests, timers: clock.pending }).toEqual({ requests: [], timers: 0 })
})

const follow = <T extends KubeObject>(resource: Resource<T>, options: InformerOptions<T> = {}): SharedInformer<T> =>
  createInformer(client, resource, { clock, signal: stop.signal, ...options })

describe('a controller on informers', () => {
  it('a controller reconciles the owner when a dependent changes, and finds the change in the cache', async () => {
    const labels = { app: 'web' }
    const owner = server.create(Deployment, { metadata: { name: 'web', namespace: 'shop' }, spec: { selector: {}, template: {} } })
    const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: owner.metadata.uid ?? '' }]
    const deployments = follow(Deployment)
    const pods = follow(Pod)
    const seen: string[] = []
    const controller = new Controller({
      informer: deployments,
      watches: [{ informer: pods, keys: ownerKeys(Deployment) }],
      clock,
      reconcile: async (key) => {
        seen.push(`${key} has ${pods.lister.list({ namespace: 'shop', labelSelector: 'app=web' }).length}`)
      },
    })
    const running = controller.run({ signal: stop.signal })
    await clock.settle()
    expect(seen).toEqual(['shop/web has 0'])
    server.create(Pod, { metadata: { name: 'web-1', namespace: 'shop', labels, ownerReferences } })
    await clock.settle()
    server.create(Pod, { metadata: { name: 'web-of-nobody', namespace: 'shop', labels } })
    await clock.settle()
    server.delete(Pod, { name: 'web-1', namespace: 'shop' })
    await clock.settle()
    expect(seen).toEqual(['shop/web has 0', 'shop/web has 1', 'shop/web has 1'])
    stop.abort()
    await running
  })

  it('a controller parses no object to compute the keys to reconcile', async () => {
    const settings = (name: string, color: string): ConfigMap => ({ metadata: { name, namespace: 'shop' }, data: { color } })
    for (const name of ['a', 'b', 'c']) server.create(ConfigMap, settings(name, 'red'))
    const informer = follow(ConfigMap)
    const reads: string[] = []
    const reconcile = async (key: string) => {
      if (key === 'shop/c') reads.push(`${informer.lister.get(key)?.object.data?.color}`)
    }
    const controller = new Controller({ informer, clock, reconcile })
    const parse = vi.spyOn(JSON, 'parse')
    onTestFinished(() => parse.mockRestore())
    const parsed = () => parse.mock.calls.filter(([text]) => text.includes('"color"')).length
    const running = controller.run({ signal: stop.signal })
    await clock.settle()
    // The one that the reconciler reads.
    expect(parsed()).toBe(1)
    for (const name of ['a', 'c']) server.update(ConfigMap, settings(name, 'green'))
    server.delete(ConfigMap, { name: 'b', namespace: 'shop' })
    // What the fake server parses for these.
    parse.mockClear()
    await clock.settle()
    expect(parsed()).toBe(1)
    expect(reads).toEqual(['red', 'green'])
    expect(controller.queue.stats.adds).toBe(6)
    stop.abort()
    await running
  })

  it('a controller starts with every object once, although several informers report it', async () => {
    for (let i = 0; i < 500; i++) server.create(ConfigMap, { metadata: { name: `settings-${i}`, namespace: 'shop' } })
    const settings = follow(ConfigMap)
    const labelled = follow(ConfigMap, { initialList: 'list' })
    const keys: string[] = []
    const controller = new Controller({
      informer: settings,
      watches: [{ informer: labelled, keys: ({ metadata: { namespace, name } }) => [`${namespace}/${name}`] }],
      clock,
      concurrency: 3,
      reconcile: async (key) => void keys.push(key),
    })
    const running = controller.run({ signal: stop.signal })
    await clock.advance(1000)
    expect(keys).toHaveLength(500)
    expect(new Set(keys).size).toBe(500)
    stop.abort()
    await running
  })

  it('a controller reconciles everything again at each resync', async () => {
    server.create(ConfigMap, { metadata: { name: 'settings', namespace: 'shop' } })
    const times: number[] = []
    const reconcile = async () => void times.push(clock.now())
    const running = new Controller({ informer: follow(ConfigMap, { resyncPeriodMs: 10_000 }), clock, reconcile }).run({
      signal: stop.signal,
    })
    await clock.advance(35_000)
    expect(times).toEqual([0, 10_000, 20_000, 30_000])
    stop.abort()
    await running
  })

  it('a controller reconciles the last state of every object through failures, a server restart and a lost history', async () => {
    const churn = server.churn({ changesPerSecond: 50, replacedPercent: 30, namespaces: ['shop', 'bank'] })
    const pods = follow(Pod, { onWake: () => () => undefined })
    const seen = new Map<string, string | undefined>()
    let calls = 0
    const controller = new Controller({
      informer: pods,
      clock,
      concurrency: 4,
      onError: () => {},
      reconcile: async (key) => {
        const call = ++calls
        const version = pods.lister.get(key)?.resourceVersion
        await new Promise<void>((resolve) => void clock.setTimeout(resolve, call % 50))
        if (call % 7 === 0) throw new Error('one in seven')
        seen.set(key, version)
      },
    })
    const running = controller.run({ signal: stop.signal })
    await clock.advance(20_000)
    server.restart()
    await clock.advance(20_000)
    server.compact()
    server.restart()
    await clock.advance(20_000)
    churn.close()
    await clock.advance(120_000)

    const { items } = await client.list(Pod)
    const last = new Map(items.map(({ metadata: { namespace, name, resourceVersion } }) => [`${namespace}/${name}`, resourceVersion]))
    expect(last.size).toBeGreaterThan(0)
    expect(seen.size).toBeGreaterThan(last.size)
    for (const [key, version] of seen) expect([key, version]).toEqual([key, last.get(key)])
    for (const key of last.keys()) expect(seen.has(key)).toBe(true)
    stop.abort()
    await running
  })
})
