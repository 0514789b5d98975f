// Two real clusters answer at the same URL, one after the other. A resourceVersion of the first has another meaning in the second.
import { beforeAll, expect, test } from 'vitest'
import { KubeClient } from '../../src/http/client'
import { createInformer } from '../../src/informer/create-informer'
import type { SharedInformer } from '../../src/informer/shared-informer'
import { type MemoryStorage, memoryPersister } from '../../src/persistence/memory/memory-persister'
import { ConfigMap } from '../../src/resources/core/v1'
import { type ReverseProxy, startReverseProxy } from '../support/reverse-proxy.ts'
import { type Cluster, startCluster } from './cluster.ts'
import { describeCluster } from './suite.ts'
import { Playground } from './wire.ts'

const names = Array.from({ length: 40 }, (_, index) => `a${index}`)
/** The distance between two versions that differ. */
const DISTANCE = 50

/** Returns the objects of a namespace, or of its informer, as sorted lines `name@version uid`. */
const brief = (objects: readonly { name?: string; uid?: string; resourceVersion?: string }[]) =>
  objects.map(({ name, uid, resourceVersion }) => `${name}@${resourceVersion} ${uid}`).sort()

const stateOf = async (playground: Playground) => brief((await playground.list()).body.items.map(({ metadata }) => metadata))

/** Returns the number of requests for the whole collection that a proxy received, listed or streamed. */
const fullLists = ({ requests }: ReverseProxy) =>
  requests.filter((url) => url.includes('sendInitialEvents') || !/[?&](watch=true|limit=1)(&|$)/.test(url)).length

/** Changes objects of both namespaces until their newest versions are equal. */
async function equalize(first: Playground, second: Playground): Promise<void> {
  let [a, b] = [Number(await first.put('newest')), Number(await second.put('newest'))]
  for (let count = 0; a !== b; count++) {
    const data = { count: String(count) }
    if (a < b) a = Number(await first.put('newest', { data }))
    else b = Number(await second.put('newest', { data }))
  }
}

/** Changes objects of a namespace until its version is well after another one's. */
async function overtake(playground: Playground, other: Playground): Promise<void> {
  const goal = Number(await other.resourceVersion()) + DISTANCE
  for (let count = 0; Number(await playground.put('newest', { data: { count: String(count) } })) < goal; count++);
}

describeCluster('another cluster answers at the same URL', (cluster) => {
  let other: Cluster
  beforeAll(async () => {
    other = await startCluster()
    return () => other.stop()
  }, 900_000)

  let namespaces = 0
  for (const stored of [true, false]) {
    for (const where of ['ahead of', 'equal to', 'behind'] as const) {
      test(`${stored ? 'an informer with a stored snapshot' : 'a running informer'} has the state of another cluster whose versions are ${where} its own within 15 s, after one list`, async () => {
        const namespace = `history-${namespaces++}`
        const [first, second] = await Promise.all([Playground.create(cluster(), namespace), Playground.create(other, namespace)])
        await Promise.all([...names.map((name) => first.put(name)), ...['b0', 'b1', 'a0'].map((name) => second.put(name))])

        await using proxy = await startReverseProxy(cluster().proxyUrl)
        const storage: MemoryStorage = new Map()
        const open = () =>
          createInformer(new KubeClient({ baseUrl: proxy.url }), ConfigMap, {
            namespace,
            persist: { to: memoryPersister(storage) },
            onError: () => undefined,
          })
        await using page = open()
        await page.whenSynced()
        if (where === 'equal to') await equalize(first, second)
        else await (where === 'behind' ? overtake(first, second) : overtake(second, first))
        await page.waitForResourceVersion(await newestOf(first), { signal: AbortSignal.timeout(10_000) })
        if (stored) await page.close()

        const foreign = new Set((await first.list()).body.items.map(({ metadata }) => metadata.uid ?? ''))
        proxy.switchTo(other.proxyUrl)
        proxy.requests.length = 0
        await using after = stored ? open() : undefined
        const confirmed = after && confirmedObjects(after)
        const informer = after ?? page
        const isSame = async () =>
          informer.status.state === 'live' && brief(informer.indexer.list()).join() === (await stateOf(second)).join()
        await expect.poll(isSame, { timeout: 15_000, interval: 100 }).toBe(true)
        expect(fullLists(proxy)).toBe(1)
        expect([...(confirmed ?? [])].filter((uid) => foreign.has(uid))).toEqual([])

        // The informer follows the new cluster from there.
        await second.put('later')
        await expect.poll(isSame, { timeout: 5_000, interval: 100 }).toBe(true)
        expect(fullLists(proxy)).toBe(1)
      })
    }
  }
})

async function newestOf(playground: Playground): Promise<string> {
  const { items } = (await playground.list()).body
  return String(Math.max(...items.map(({ metadata }) => Number(metadata.resourceVersion))))
}

/** Collects the uids of all objects that an informer shows while it is live. */
function confirmedObjects(informer: SharedInformer<ConfigMap>): ReadonlySet<string> {
  const uids = new Set<string>()
  const look = () => {
    if (informer.status.state === 'live') for (const { uid } of informer.indexer.list()) uids.add(uid)
  }
  informer.subscribe(look)
  informer.indexer.subscribe(look)
  return uids
}
