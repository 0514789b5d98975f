import { describe, expect, test } from 'vitest'
import { type Entry, entryFromObject, isPackable } from '../../src/codec/entry'
import { KubeClient } from '../../src/http/client'
import { createInformer } from '../../src/informer/create-informer'
import { MAX_BACKLOG, PACK_AFTER_MS, PackQueue } from '../../src/informer/packing/pack-queue'
import { packing } from '../../src/informer/packing/packing'
import { memoryPersister } from '../../src/persistence/memory/memory-persister'
import { Pod } from '../../src/resources/core/v1'
import { Store } from '../../src/store/store'
import { FakeApiServer } from '../../src/testing/fake-api-server'
import { VirtualClock } from '../../src/testing/virtual-clock'
import { workloadPodFixture } from '../../src/testing/workload-fixtures'
import { packAtOnce } from '../support/packing'

const podEntry = (index: number, resourceVersion = '1'): Entry<Pod> => {
  const pod = workloadPodFixture(index, { workloads: 4 })
  return entryFromObject<Pod>({ ...pod, metadata: { ...pod.metadata, name: `pod-${index}`, resourceVersion } })
}
const podEntries = (count: number) => Array.from({ length: count }, (_, index) => podEntry(index))
const packedOf = (entries: readonly Entry<Pod>[]) => entries.filter((entry) => !isPackable(entry)).length

/** Compares without printing megabytes when they differ. */
const isEqual = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)

describe('the queue that packs in idle time', () => {
  const scene = () => {
    const clock = new VirtualClock()
    const store = new Store<Pod>()
    return { clock, store, queue: new PackQueue<Pod>(store, clock) }
  }

  test('packs nothing that is younger than two seconds, and everything soon after', async () => {
    const { clock, store, queue } = scene()
    const entries = podEntries(100)
    const texts = entries.map(({ text }) => text)
    store.replace(entries, '1')
    await clock.advance(PACK_AFTER_MS - 1)
    expect(packedOf(entries)).toBe(0)
    await clock.advance(1_000)
    // One object is the text against which the others are packed.
    expect(packedOf(entries)).toBe(99)
    expect(entries.map(({ text }) => text)).toEqual(texts)
    expect(queue.length).toBe(0)
    expect(clock.pending).toBe(0)
  })

  test('does not pack an entry that was replaced or deleted while it waited', async () => {
    const { clock, store, queue } = scene()
    const [first, second, third, fourth] = podEntries(4)
    store.replace([first, second, third, fourth] as Entry<Pod>[], '1')
    await clock.advance(1_000)
    const changed = podEntry(1, '2')
    store.add(changed)
    store.delete(third as Entry<Pod>)
    expect(queue.length).toBe(3)
    await clock.advance(10_000)
    expect([second, third, fourth, changed].map((entry) => isPackable(entry as Entry<Pod>))).toEqual([true, true, false, false])
  })

  test('keeps the object that was read before packing', async () => {
    const { clock, store } = scene()
    store.replace(podEntries(3), '1')
    const [, entry] = store.list()
    const object = entry?.object
    await clock.advance(10_000)
    expect(isPackable(entry as Entry<Pod>)).toBe(false)
    expect(entry?.object).toBe(object)
  })

  test('packs at once when more than 32 million characters wait', async () => {
    const { clock, store } = scene()
    const pad = 'x'.repeat(1 << 20)
    const entries = Array.from({ length: 40 }, (_, index) => {
      const pod = workloadPodFixture(index, { workloads: 4 })
      return entryFromObject<Pod>({ ...pod, metadata: { ...pod.metadata, annotations: { pad } } })
    })
    store.replace(entries, '1')
    await clock.advance(500)
    const waiting = entries.filter(isPackable)
    expect(waiting.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThanOrEqual(MAX_BACKLOG + 2 * pad.length)
    expect(waiting.length).toBeGreaterThan(20)
  })

  test('packs nothing after it was closed, and holds no timer', async () => {
    const { clock, store, queue } = scene()
    const entries = podEntries(10)
    store.replace(entries, '1')
    queue.close()
    store.add(podEntry(11))
    expect(queue.length).toBe(0)
    expect(clock.pending).toBe(0)
    await clock.advance(10_000)
    expect(packedOf(entries)).toBe(0)
  })
})

test('suites that force packing pack every entry of any length but the first, before other subscribers read it', () => {
  const store = new Store<Pod>()
  packAtOnce(store)
  const seen: boolean[] = []
  store.subscribe(({ changes }) => seen.push(...changes.map(({ entry }) => isPackable(entry))))
  const small = (name: string) => entryFromObject<Pod>({ kind: 'Pod', apiVersion: 'v1', metadata: { name } } as Pod)
  store.replace([small('a'), small('b')], '1')
  store.add(small('c'))
  store.add(podEntry(1))
  expect(seen).toEqual([true, false, false, false])
  expect(store.list().map(({ text }) => text)).toEqual([small('a'), small('b'), small('c'), podEntry(1)].map(({ text }) => text))
})

describe('an informer with packing()', () => {
  const scene = async () => {
    const clock = new VirtualClock()
    const server = new FakeApiServer({ clock, resources: [Pod] })
    for (let index = 0; index < 30; index++) {
      const pod = workloadPodFixture(index, { workloads: 3 })
      server.create(Pod, { ...pod, metadata: { ...pod.metadata, name: `pod-${index}`, namespace: 'shop' } })
    }
    const client = new KubeClient({ baseUrl: 'http://fake.test', fetch: (request) => server.fetch(request) })
    return { clock, server, client }
  }

  test('has the same state, persisted texts and reads as one without', async () => {
    const { clock, server, client } = await scene()
    const storages = [new Map(), new Map()] as Parameters<typeof memoryPersister>[0][]
    const [plain, packed] = storages.map((storage, at) =>
      createInformer(client, Pod, {
        clock,
        onWake: () => () => undefined,
        pack: at === 1 ? packing() : undefined,
        persist: { to: memoryPersister(storage), user: 'alice' },
      }),
    ) as [ReturnType<typeof createInformer<Pod>>, ReturnType<typeof createInformer<Pod>>]
    await clock.advance(10_000)
    expect(packedOf(packed.indexer.list())).toBe(29)
    const state = ({ indexer }: typeof plain) => indexer.list().map(({ key, text }) => `${key} ${text}`)
    expect(isEqual(state(packed), state(plain))).toBe(true)
    const [changed] = packed.objects()
    server.update(Pod, { ...(changed as Pod), spec: { ...(changed as Pod).spec, containers: [] } })
    await clock.advance(10_000)
    expect(isEqual(state(packed), state(plain))).toBe(true)
    await packed.close()
    await plain.close()
    const [one, other] = storages.map((storage) => [...(storage?.values() ?? [])].flatMap(({ texts }) => [...texts.values()]))
    expect(one?.length).toBe(30)
    expect(isEqual(one, other)).toBe(true)
    expect(packed.lister.list({ labelSelector: 'app=workload-1' }).map(({ key }) => key)).toEqual(
      plain.lister.list({ labelSelector: 'app=workload-1' }).map(({ key }) => key),
    )
  })

  test('stops packing when it is closed', async () => {
    const { clock, client } = await scene()
    const informer = createInformer(client, Pod, { clock, onWake: () => () => undefined, pack: packing() })
    await clock.advance(1_000)
    const entries = informer.indexer.list()
    expect(entries.length).toBe(30)
    await informer.close()
    await clock.advance(10_000)
    expect(packedOf(entries)).toBe(0)
  })
})
