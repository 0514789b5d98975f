import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { idbPersister } from '../../src/idb'
import { createInformer, type InformerOptions } from '../../src/informer/create-informer'
import type { EventHandler } from '../../src/informer/handlers/handler'
import type { SharedInformer } from '../../src/informer/shared-informer'
import { Pod } from '../../src/resources/core/v1'
import { VirtualClock } from '../../src/testing/virtual-clock'
import { freshIndexedDB } from '../persistence/support/fake-idb'
import { guard } from './expected'
import { Feed } from './feed'
import { sizeOf } from './size-of'

// Guards counts that are the same on every machine, such as calls of JSON.parse. The benchmarks measure durations.

const PODS = 200
const EVENTS = 1_000

afterEach(() => vi.restoreAllMocks())

/** Counts the calls of a method during some work. */
async function calls<K extends string>(object: Record<K, unknown>, method: K, work: () => Promise<unknown>): Promise<number> {
  const spy = vi.spyOn(object as Record<string, (...args: never[]) => unknown>, method)
  await work()
  return spy.mock.calls.length
}

const parses = (work: () => Promise<unknown>) => calls(JSON, 'parse', work)

async function started(options: InformerOptions<Pod, 'node'> = {}): Promise<{ feed: Feed; pods: SharedInformer<Pod, 'node'> }> {
  const feed = new Feed(PODS)
  const pods = createInformer<Pod, 'node'>(feed.client, Pod, options)
  await pods.whenSynced()
  return { feed, pods }
}

/** Changes pods, and waits until the store and all handlers have the changes. */
async function follow({ feed, pods }: { feed: Feed; pods: SharedInformer<Pod, 'node'> }, received?: Promise<void>): Promise<void> {
  await feed.change(EVENTS)
  await pods.waitForResourceVersion(feed.resourceVersion)
  await received
}

/** A handler that resolves when it has received every event. It retains the objects, so that garbage collection cannot affect the counts. */
function recordingHandler(): { handler: EventHandler<Pod>; received: Promise<void> } {
  let handler: EventHandler<Pod> = {}
  const held: Pod[] = []
  const received = new Promise<void>((resolve) => {
    handler = { onUpdate: (_, pod) => void (held.push(pod) === EVENTS && resolve()) }
  })
  return { handler, received }
}

/** Options of a handler whose backlog never merges the events of an object, so that every event is counted. */
const EACH = { maxBacklog: Number.POSITIVE_INFINITY }

describe('JSON.parse is called', () => {
  test('JSON.parse is not called for events that are not read', async () => {
    const scene = await started()
    guard('parses per event, nothing read', (await parses(() => follow(scene))) / EVENTS)
    await scene.pods.close()
  })

  test('JSON.parse is called once for each version that a handler receives, and not again for the previous one', async () => {
    const scene = await started()
    const { handler, received } = recordingHandler()
    scene.pods.addEventHandler(handler, EACH)
    guard('parses per event, one handler', (await parses(() => follow(scene, received))) / EVENTS)
    await scene.pods.close()
  })

  test('JSON.parse is called equally often for three handlers and for one', async () => {
    const scene = await started()
    const all = [recordingHandler(), recordingHandler(), recordingHandler()]
    for (const { handler } of all) scene.pods.addEventHandler(handler, EACH)
    const received = Promise.all(all.map((each) => each.received)).then(() => undefined)
    guard('parses per event, three handlers', (await parses(() => follow(scene, received))) / EVENTS)
    await scene.pods.close()
  })

  test('JSON.parse is called once for each indexed event', async () => {
    const scene = await started({ indexers: { node: (pod) => [pod.spec?.nodeName ?? ''] } })
    guard('parses per event, an index', (await parses(() => follow(scene))) / EVENTS)
    await scene.pods.close()
  })

  test('JSON.parse is called once for each transformed event', async () => {
    const scene = await started({ transform: (pod) => pod })
    guard('parses per event, a transform', (await parses(() => follow(scene))) / EVENTS)
    await scene.pods.close()
  })

  test.each(['stream', 'list'] as const)('JSON.parse is not called for objects of the first state (%s)', async (initialList) => {
    const name = initialList === 'stream' ? 'parses of a streamed list' : 'parses of a list'
    guard(name, await parses(async () => (await started({ initialList })).pods.close()))
  })

  test('labels are parsed only when a selector reads them', async () => {
    const { pods } = await started()
    const spy = vi.spyOn(JSON, 'parse')
    expect(pods.lister.list({ labelSelector: 'app=web' }).length).toBeGreaterThan(0)
    const parsed = spy.mock.calls.reduce((sum, [text]) => sum + text.length, 0)
    guard('characters parsed per object, a label selector', parsed / PODS)
    await pods.close()
  })
})

describe('the server is asked', () => {
  test.each(['stream', 'list'] as const)('the number of requests until the watch is open is fixed (%s)', async (initialList) => {
    const { feed, pods } = await started({ initialList })
    await follow({ feed, pods })
    guard(initialList === 'stream' ? 'requests of a streamed sync' : 'requests of a listed sync', feed.requests.length)
    await pods.close()
  })
})

describe('IndexedDB is used', () => {
  beforeEach(freshIndexedDB)

  const stored = async (feed: Feed, clock = new VirtualClock()) => {
    const pods = createInformer(feed.client, Pod, {
      persist: { to: idbPersister({ database: 'guard', whenIdle: (tidy) => tidy() }) },
      clock,
    })
    await pods.whenSynced()
    return pods
  }

  test('a second visit reads IndexedDB, sends one request and no list', async () => {
    const feed = new Feed(PODS)
    await (await stored(feed)).close()
    const before = feed.requests.length
    const pods = await stored(feed)
    expect((await pods.whenSynced()).source).toBe('persisted')
    guard('requests of a resumed sync', feed.requests.length - before)
    await pods.close()
  })

  test('IndexedDB is written once for all changes before the next commit', async () => {
    const feed = new Feed(PODS)
    await (await stored(feed)).close()
    const pods = await stored(feed)
    const transactions = await calls(IDBDatabase.prototype as unknown as Record<'transaction', unknown>, 'transaction', async () => {
      await feed.change(EVENTS)
      await pods.waitForResourceVersion(feed.resourceVersion)
      await pods.close()
    })
    guard('transactions of 1,000 changes at once', transactions)
  })

  test('IndexedDB receives at most two characters per changed character, including compaction', async () => {
    const feed = new Feed(PODS)
    const clock = new VirtualClock()
    await (await stored(feed)).close()
    const pods = await stored(feed, clock)
    const put = vi.spyOn(IDBObjectStore.prototype, 'put')
    const commits = 40
    let changed = 0
    for (let commit = 0; commit < commits; commit++) {
      changed += await feed.change(PODS / 10)
      await pods.waitForResourceVersion(feed.resourceVersion)
      const before = put.mock.calls.length
      await clock.advance(250)
      await vi.waitUntil(() => put.mock.calls.length > before)
    }
    await pods.close()
    const written = put.mock.calls.reduce((sum, [value]) => sum + sizeOf(value), 0)
    guard('characters written per character changed', written / changed)
  })
})
