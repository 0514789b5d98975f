// Informers behind proxies that break most requests for half a minute, in front of a real server; see test/regressions/hostile-proxy.test.ts.
import { expect, test } from 'vitest'
import { KubeClient } from '../../src/http/client'
import { createInformer } from '../../src/informer/create-informer'
import { ConfigMap } from '../../src/resources/core/v1'
import { createRandom } from '../../src/testing/random'
import { hostileFault } from '../support/hostile.ts'
import { startReverseProxy } from '../support/reverse-proxy.ts'
import { describeCluster } from './suite.ts'
import { Playground } from './wire.ts'

const HOSTILE_MS = 30_000
const RECOVERY_MS = 10_000
const INFORMERS = 6

const seed = Math.floor(Math.random() * 2 ** 32)

describeCluster('a proxy that breaks most requests for half a minute', (cluster) => {
  test(`every informer has the server's state within 10 s of the last fault, except one that waits after many failures in a row (seed ${seed})`, async () => {
    const namespace = 'hostile'
    const playground = await Playground.create(cluster(), namespace)
    await playground.put('o0')
    await using stack = new AsyncDisposableStack()
    let isHostile = true
    const victims = await Promise.all(
      Array.from({ length: INFORMERS }, async (_, index) => {
        const random = createRandom(seed + index)
        const proxy = await startReverseProxy(cluster().proxyUrl, () => (isHostile ? hostileFault(random) : undefined))
        stack.use(proxy)
        const victim = { waitsUntil: 0, failures: 0 }
        const informer = createInformer(new KubeClient({ baseUrl: proxy.url }), ConfigMap, {
          namespace,
          initialList: index % 2 ? 'list' : 'stream',
          onError: () => undefined,
          onEvent: (event) => {
            if (event.type === 'error') victim.failures++
            if (event.type === 'backoff') victim.waitsUntil = performance.now() + event.ms
          },
        })
        stack.use(informer)
        return Object.assign(victim, { proxy, informer })
      }),
    )

    const random = createRandom(seed - 1)
    for (const endsAt = performance.now() + HOSTILE_MS; performance.now() < endsAt; ) {
      const name = `o${random.below(10)}`
      if (random.below(4) === 0) await playground.delete(name)
      else await playground.put(name, { data: { change: String(random.next()) } })
      await new Promise((resolve) => setTimeout(resolve, random.below(300)))
    }
    isHostile = false
    // Cut the stalled streams as the last fault.
    for (const { proxy } of victims) proxy.switchTo(cluster().proxyUrl)
    const endedAt = performance.now()
    // By then the informers have detected the fault and started their waits.
    await new Promise((resolve) => setTimeout(resolve, 500))

    const { items } = (await playground.list()).body
    const brief = (objects: readonly { name?: string; resourceVersion?: string }[]) =>
      objects.map(({ name, resourceVersion }) => `${name}@${resourceVersion}`).sort()
    const expected = brief(items.map(({ metadata }) => metadata))
    await Promise.all(
      victims.map(async ({ informer, waitsUntil, failures }, index) => {
        const state = () => ({ index, state: informer.status.state, objects: brief(informer.indexer.list()) })
        const timeout = Math.max(RECOVERY_MS, waitsUntil + 3_000 - endedAt)
        await expect.poll(state, { timeout, interval: 100 }).toEqual({ index, state: 'live', objects: expected })
        expect(failures).toBeGreaterThan(0)
      }),
    )
  })
})
