// Informers behind proxies that break most requests for half a minute, in front of a real server; see test/regressions/hostile-proxy.test.ts.
import { expect, test } from 'vitest'
import { KubeClient } from '../../src/http/client'
import { createInformer } from '../../src/informer/create-informer'
import { abortable } from '../../src/internal/abortable'
import { ConfigMap } from '../../src/resources/core/v1'
import { createRandom } from '../../src/testing/random'
import { hostileFault } from '../support/hostile.ts'
import { startReverseProxy } from '../support/reverse-proxy.ts'
import { describeCluster } from './suite.ts'
import { Playground } from './wire.ts'

const HOSTILE_MS = 30_000
const RECOVERY_MS = 10_000
/** The time after a wait in which an informer connects, in milliseconds. */
const CONNECTING_MS = 3_000
/** The longest wait of an informer between two attempts, in milliseconds. */
const LONGEST_WAIT_MS = 60_000
const INFORMERS = 6

const seed = Math.floor(Math.random() * 2 ** 32)

describeCluster('a proxy that breaks most requests for half a minute', (cluster) => {
  test(`every informer has the server's state within 10 s of the last fault, except one that waits after many failures in a row (seed ${seed})`, async () => {
    const namespace = 'hostile'
    const playground = await Playground.create(cluster(), namespace)
    await playground.put('o0')
    await using stack = new AsyncDisposableStack()
    let isHostile = true
    let onRequest = () => {}
    /** Resolves at the next request of any informer. */
    const requested = () =>
      new Promise<void>((resolve) => {
        onRequest = resolve
      })
    const victims = await Promise.all(
      Array.from({ length: INFORMERS }, async (_, index) => {
        const random = createRandom(seed + index)
        const proxy = await startReverseProxy(cluster().proxyUrl, () => {
          onRequest()
          return isHostile ? hostileFault(random) : undefined
        })
        stack.use(proxy)
        const victim = { waitsUntil: 0, failures: 0, hasNoticed: false }
        const informer = createInformer(new KubeClient({ baseUrl: proxy.url }), ConfigMap, {
          namespace,
          initialList: index % 2 ? 'list' : 'stream',
          onError: () => undefined,
          onEvent: (event) => {
            if (event.type === 'error') victim.failures++
            // The end of the last fault starts one wait at most.
            if (event.type !== 'backoff' || victim.hasNoticed) return
            victim.hasNoticed = !isHostile
            victim.waitsUntil = performance.now() + event.ms
          },
        })
        stack.use(informer)
        return Object.assign(victim, { proxy, informer })
      }),
    )

    const random = createRandom(seed - 1)
    const over = AbortSignal.timeout(HOSTILE_MS)
    while (!over.aborted) {
      const name = `o${random.below(10)}`
      if (random.below(4) === 0) await playground.delete(name)
      else await playground.put(name, { data: { change: String(random.next()) } })
      // Some changes come together, others between two requests.
      if (random.below(2) === 0) await abortable(requested(), over).catch(() => undefined)
    }
    isHostile = false
    // Cut the stalled streams as the last fault.
    for (const { proxy } of victims) proxy.switchTo(cluster().proxyUrl)
    const endedAt = performance.now()

    const { items } = (await playground.list()).body
    const brief = (objects: readonly { name?: string; resourceVersion?: string }[]) =>
      objects.map(({ name, resourceVersion }) => `${name}@${resourceVersion}`).sort()
    const expected = brief(items.map(({ metadata }) => metadata))
    await Promise.all(
      victims.map(async (victim, index) => {
        const { informer } = victim
        const state = () => ({ index, state: informer.status.state, objects: brief(informer.indexer.list()) })
        await expect.poll(state, { timeout: LONGEST_WAIT_MS, interval: 100 }).toEqual({ index, state: 'live', objects: expected })
        const { waitsUntil, failures } = victim
        expect(performance.now() - endedAt).toBeLessThan(Math.max(RECOVERY_MS, waitsUntil + CONNECTING_MS - endedAt))
        expect(failures).toBeGreaterThan(0)
      }),
    )
  })
})
