import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../src/api/object'
import type { WatchEntry } from '../../src/codec/wire'
import { applyItem } from '../../src/queue/apply-item'
import { DeltaFIFO } from '../../src/queue/delta-fifo'
import { InOrderFIFO } from '../../src/queue/in-order-fifo'
import type { Queue } from '../../src/queue/queue'
import { Reflector } from '../../src/reflector/reflector'
import type { ListerWatcher } from '../../src/source/lister-watcher'
import { Store } from '../../src/store/store'
import { entry } from '../store/entries'
import { added, deleted, type MakeQueue, modified } from './contract'

/** A server with two objects at version 10, whose watches bring what happened after the version they are asked for. */
function server(): { source: ListerWatcher<KubeObject>; requests: string[] } {
  const history: WatchEntry<KubeObject>[] = [
    modified('a', { rv: '11' }),
    added('c', { rv: '12' }),
    deleted('b', { rv: '13' }),
    { type: 'BOOKMARK', resourceVersion: '14', initialEventsEnd: false },
  ]
  const requests: string[] = []
  const source: ListerWatcher<KubeObject> = {
    async list({ limit }) {
      // The question whether the server has the store's history asks for one object.
      if (limit !== 1) requests.push('list')
      return { resourceVersion: '10', continue: '', entries: [entry('a'), entry('b')] }
    },
    async *watch({ resourceVersion, signal }) {
      requests.push(`watch ${resourceVersion}`)
      yield history.slice(Number(resourceVersion) - 10)
      await new Promise((resolve) => signal?.addEventListener('abort', resolve))
    },
  }
  return { source, requests }
}

/** Runs a reflector until it has read up to a version; gives how to stop it. */
async function feed(source: ListerWatcher<KubeObject>, queue: Queue<KubeObject>, version: string): Promise<() => Promise<void>> {
  const controller = new AbortController()
  const reflector = new Reflector(source, queue, { initialList: 'list' })
  const running = reflector.run({ signal: controller.signal })
  await new Promise<void>((resolve) => {
    reflector.subscribe(({ lastSyncResourceVersion }) => lastSyncResourceVersion === version && resolve())
  })
  return () => {
    controller.abort()
    return running
  }
}

const state = (store: Store<KubeObject>) => store.list().map(({ name, resourceVersion }) => `${name}@${resourceVersion}`)

describe.each<[string, MakeQueue]>([
  ['InOrderFIFO', (known) => new InOrderFIFO(known)],
  ['DeltaFIFO', (known) => new DeltaFIFO(known)],
])('a reflector that writes into an %s', (_, makeQueue) => {
  it('brings the store behind a queue to the state of the server as items are processed', async () => {
    const store = new Store<KubeObject>()
    const queue = makeQueue(store)
    const stop = await feed(server().source, queue, '14')
    expect(store.size).toBe(0)
    while (queue.length > 0) await queue.pop((item) => applyItem(store, item))
    expect(state(store)).toEqual(['a@11', 'c@12'])
    expect(store.resourceVersion).toBe('14')
    await stop()
  })

  it('[resume/store-version] resumes from the store’s version, so that unprocessed items are read again', async () => {
    const store = new Store<KubeObject>()
    const first = makeQueue(store)
    const { source, requests } = server()
    const stop = await feed(source, first, '14')
    while (!first.hasSynced) await first.pop((item) => applyItem(store, item))
    await stop()
    expect(requests).toEqual(['list', 'watch 10'])

    const saved = new Store<KubeObject>()
    saved.hydrate(store.list(), store.resourceVersion)
    const second = makeQueue(saved)
    await (await feed(source, second, '14'))()
    await second.popBatch((item) => applyItem(saved, item))
    expect(requests.slice(2)).toEqual([`watch ${store.resourceVersion}`])
    expect(state(saved)).toEqual(['a@11', 'c@12'])
    expect(saved.resourceVersion).toBe('14')
  })
})
