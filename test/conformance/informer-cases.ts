import { expect, test } from 'vitest'
import { Controller } from '../../src/controller/controller'
import { KubeClient } from '../../src/http/client'
import { createInformer, type InformerOptions } from '../../src/informer/create-informer'
import { SharedInformerFactory } from '../../src/informer/factory'
import type { SharedInformer } from '../../src/informer/shared-informer'
import { DeltaFIFO } from '../../src/queue/delta-fifo'
import { InOrderFIFO } from '../../src/queue/in-order-fifo'
import type { Queue } from '../../src/queue/queue'
import { Reflector } from '../../src/reflector/reflector'
import { ConfigMap } from '../../src/resources/core/v1'
import { ListWatch } from '../../src/source/list-watch'
import { Store } from '../../src/store/store'
import { Gate, noting } from '../informer/support'
import { briefRequest } from './brief'
import { Place, type Target } from './target'

/** A place with informers of it; it counts what they ask the server. */
class InformerPlace {
  readonly place: Place
  readonly requests: string[] = []
  readonly client: KubeClient
  readonly #target: Target

  constructor(target: Target, place: Place) {
    this.#target = target
    this.place = place
    this.client = new KubeClient({
      baseUrl: target.baseUrl,
      fetch: (request) => {
        this.requests.push(briefRequest(new URL(request.url)))
        return target.fetch(request)
      },
    })
  }

  /** What makes any of the library's parts live at the target: its time, short waits, and nothing random. */
  get options(): Pick<InformerOptions<ConfigMap>, 'clock' | 'random' | 'onWake' | 'backoff' | 'namespace'> {
    const { namespace } = this.place
    return { namespace, clock: this.#target.clock, random: () => 0.5, onWake: () => () => undefined, backoff: { initialMs: 50 } }
  }

  inform<Names extends string = never>(options: InformerOptions<ConfigMap, Names> = {}): SharedInformer<ConfigMap, Names> {
    return createInformer(this.client, ConfigMap, { ...this.options, ...options })
  }

  /** Waits until what was noted is this; how versions are called is the server's business: `+a ~a -a`. */
  async untilNoted(notes: readonly string[], expected: string): Promise<void> {
    const now = () => notes.map((note) => note.replace(/[@<]\d+/g, '')).join(' ')
    await this.#target.until(`${expected} rather than ${now()}`, () => now().length >= expected.length)
    expect(now()).toBe(expected)
  }
}

/** The cases of queues, informers and controllers that can be provoked on any API server. */
export function informerConformance(target: () => Target): void {
  let places = 0
  const place = async (...names: string[]) => new InformerPlace(target(), await Place.create(target(), `informers-${places++}`, names))

  /** Runs a reflector into a queue until it has read an object's three changes. */
  const threeChanges = async (makeQueue: (store: Store<ConfigMap>) => Queue<ConfigMap>) => {
    const { place: at, client, options } = await place()
    const store = new Store<ConfigMap>()
    const queue = makeQueue(store)
    const controller = new AbortController()
    const reflector = new Reflector(new ListWatch(client, ConfigMap, { namespace: at.namespace }), queue, options)
    const running = reflector.run({ signal: controller.signal })
    await target().until('the watch', () => reflector.state === 'live')
    expect(queue.hasSynced).toBe(false)
    await queue.pop(() => undefined)
    expect(queue.hasSynced).toBe(true)
    const versions = [await at.create('a'), await at.update('a'), await at.update('a')]
    await target().until('the changes', () => reflector.lastSyncResourceVersion === versions[2])
    controller.abort()
    await running
    const items: string[] = []
    while (queue.length > 0) {
      await queue.pop(({ deltas }) =>
        items.push(deltas.map((delta) => `${delta.type} ${'entry' in delta ? delta.entry.resourceVersion : ''}`.trim()).join(', ')),
      )
    }
    return { items, versions }
  }

  test('[queue/deltas] [informer/empty-list] an InOrderFIFO delivers three changes of one object in order, and syncs an empty list once it is popped', async () => {
    const { items, versions } = await threeChanges((store) => new InOrderFIFO(store))
    expect(items).toEqual([`Added ${versions[0]}`, `Updated ${versions[1]}`, `Updated ${versions[2]}`])
  })

  test('[queue/deltas] [informer/empty-list] a DeltaFIFO delivers three changes of one object as one list, and syncs an empty list once it is popped', async () => {
    const { items, versions } = await threeChanges((store) => new DeltaFIFO(store))
    expect(items).toEqual([`Added ${versions[0]}, Updated ${versions[1]}, Updated ${versions[2]}`])
  })

  for (const initialList of ['stream', 'list'] as const) {
    test(`[informer/empty-list] syncs the informer and its handlers for an empty collection (${initialList})`, async () => {
      const at = await place()
      await using informer = at.inform({ initialList })
      const registration = informer.addEventHandler(noting([]))
      expect(registration.hasSynced).toBe(false)
      await expect(informer.whenSynced()).resolves.toEqual({ source: initialList })
      await registration.whenSynced()
      expect(informer.store.size).toBe(0)
    })
  }

  test('[informer/late-handler] delivers every current object to a late handler before newer events, and syncs it after the first', async () => {
    const at = await place('a', 'b')
    await using informer = at.inform()
    await informer.whenSynced()
    const notes: string[] = []
    const late = informer.addEventHandler(noting(notes))
    expect(late.hasSynced).toBe(false)
    await late.whenSynced()
    expect(notes.map((note) => note.replace(/@\d+/, '')).sort()).toEqual(['+a!', '+b!'])
    notes.length = 0
    await at.place.update('a')
    await at.place.create('c')
    await at.place.delete('b')
    await at.untilNoted(notes, '~a +c -b')
  })

  test('[informer/resync-and-relist] a resync delivers every object to a handler whose period is due, and sends no request', async () => {
    const at = await place('a')
    await using informer = at.inform({ resyncPeriodMs: 1_000 })
    const due: string[] = []
    const never: string[] = []
    informer.addEventHandler(noting(due))
    informer.addEventHandler(noting(never), { resyncPeriodMs: 0 })
    await informer.whenSynced()
    await at.untilNoted(due, '+a! =a =a')
    await at.untilNoted(never, '+a!')
    expect(at.requests).toEqual(['stream newest'])
  })

  test('[informer/resync-and-relist] [store/same-version] a relist repairs what a watch has missed, and reports no unchanged object', async () => {
    const at = await place('a', 'b')
    await using informer = at.inform({ relistPeriodMs: 2_000 })
    const notes: string[] = []
    informer.addEventHandler(noting(notes))
    await informer.whenSynced()
    await target().until('the initial list', () => notes.length === 2)
    notes.length = 0
    // As if its event had been lost.
    informer.indexer.delete({ namespace: at.place.namespace, name: 'b' })
    await at.untilNoted(notes, '-b +b')
    expect(at.requests.slice(1, 3)).toEqual([expect.stringMatching(/^list ≥\d+$/), expect.stringMatching(/^watch \d+$/)])
  })

  for (const initialList of ['stream', 'list'] as const) {
    test(`[informer/transform] runs the transform once for each version of an object, in ${initialList} and watch`, async () => {
      const at = await place('a', 'b')
      const runs: string[] = []
      await using informer = at.inform({
        initialList,
        transform: (object) => {
          runs.push(object.metadata.name ?? '')
          return { ...object, data: { kept: 'yes' } }
        },
      })
      informer.addEventHandler(noting([]))
      await informer.whenSynced()
      await informer.waitForResourceVersion(await at.place.update('a'))
      expect(runs.sort()).toEqual(['a', 'a', 'b'])
      expect(informer.store.list().map(({ object }) => object.data)).toEqual([{ kept: 'yes' }, { kept: 'yes' }])
    })
  }

  test('[informer/lifecycle] [store/indices] indexes existing objects in an index added live, removes a handler twice, and refuses additions after stop', async () => {
    const at = await place()
    await at.place.create('a', { data: { color: 'red' } })
    const informer = at.inform()
    await informer.whenSynced()
    const indexer = informer.indexer.addIndexers({ color: ({ data }: ConfigMap) => (data?.color ? [data.color] : []) })
    expect(indexer.indexKeys('color', 'red')).toEqual([`${at.place.namespace}/a`])
    await informer.waitForResourceVersion(await at.place.update('a', { data: { color: 'blue' } }))
    expect(indexer.indexValues('color')).toEqual(['blue'])
    const notes: string[] = []
    const registration = informer.addEventHandler(noting(notes))
    registration.close()
    registration.close()
    await informer.waitForResourceVersion(await at.place.create('b'))
    expect(notes).toEqual([])
    await informer.close()
    expect(() => informer.addEventHandler({})).toThrow('the informer has stopped')
  })

  test('[informer/slow-handler] a slow handler blocks no other; its backlog is observable and stays within its bound', async () => {
    const at = await place('a')
    await using informer = at.inform()
    const gate = new Gate()
    const slow: string[] = []
    const quick: string[] = []
    gate.close()
    const registration = informer.addEventHandler(noting(slow, gate.pass), { maxBacklog: 1 })
    informer.addEventHandler(noting(quick))
    await target().until('the slow handler to be busy', () => slow.length === 1)
    for (let round = 0; round < 3; round++) await at.place.update('a')
    await at.untilNoted(quick, '+a! ~a ~a ~a')
    expect(registration.backlog).toBe(1)
    gate.open()
    await at.untilNoted(slow, '+a! ~a')
    expect(slow[1]?.split('<')[0]).toBe(quick[3]?.split('<')[0])
  })

  test('[store/read-your-writes] waitForResourceVersion resolves when the store has the written object', async () => {
    const at = await place()
    await using informer = at.inform()
    for (const write of ['create', 'update', 'update'] as const) {
      const version = await at.place[write]('a')
      await informer.waitForResourceVersion(version)
      expect(informer.lister.get(`${at.place.namespace}/a`)?.resourceVersion).toBe(version)
    }
  })

  test('[store/lister] a lister reads the cache by name, namespace and labels', async () => {
    const [one, two] = [await place('a'), await place('a')]
    await one.place.create('b', { labels: { app: 'web' } })
    const namespaces = [one, two].map(({ place: { namespace } }) => namespace)
    await using informer = one.inform({ namespace: undefined })
    await informer.whenSynced()
    const keys = (entries: readonly { readonly key: string }[]) => entries.map(({ key }) => key).sort()
    expect(keys(informer.lister.list({ namespace: namespaces[0] }))).toEqual([`${namespaces[0]}/a`, `${namespaces[0]}/b`])
    expect(keys(informer.lister.namespace(namespaces[0] ?? '').list({ labelSelector: 'app=web' }))).toEqual([`${namespaces[0]}/b`])
    expect(informer.lister.namespace(namespaces[1] ?? '').get('a')?.name).toBe('a')
    expect(informer.lister.get(`${namespaces[1]}/b`)).toBeUndefined()
  })

  test('[informer/factory] a factory shares one feed between equal requests, and ends it when the last user leaves', async () => {
    const at = await place('a')
    await using informers = new SharedInformerFactory(at.client, at.options)
    informers.start()
    informers.start()
    const leases = [informers.lease(ConfigMap), informers.lease(ConfigMap)]
    const other = informers.informer(ConfigMap, { labelSelector: 'app=web' })
    await informers.whenSynced()
    expect(leases[0]?.informer).toBe(leases[1]?.informer)
    expect(at.requests).toEqual(['stream newest', 'stream newest'])
    for (const lease of leases) lease.release()
    await target().until('the first to end', () => leases[0]?.informer.state === 'stopped')
    expect(other.state).toBe('live')
    await informers.close()
    await target().expectNothingLeft()
  })

  test('[controller/reconcile] calls a reconciler that throws again, never runs one key twice at once, and drains on abort', async () => {
    const at = await place('a', 'b', 'c')
    await using informer = at.inform()
    const running = new Set<string>()
    const calls: string[] = []
    const errors: string[] = []
    let release = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const controller = new Controller({
      informer,
      clock: target().clock,
      concurrency: 2,
      onError: (key, error, retries) => errors.push(`${key.split('/')[1]} ${retries}: ${error}`),
      reconcile: async (key) => {
        const name = key.split('/')[1] ?? ''
        expect(running).not.toContain(name)
        expect(running.size).toBeLessThan(2)
        running.add(name)
        calls.push(name)
        if (name === 'a' && calls.includes('a', calls.indexOf('a') + 1)) await released
        else await new Promise<void>((resolve) => void target().clock.setTimeout(resolve, 20))
        running.delete(name)
        if (name === 'b' && calls.filter((call) => call === 'b').length < 3) throw new Error('not yet')
      },
    })
    const stop = new AbortController()
    const ended = controller.run({ signal: stop.signal })
    await target().until('all of them', () => calls.length === 5 && running.size === 0)
    expect([...calls].sort()).toEqual(['a', 'b', 'b', 'b', 'c'])
    expect(errors).toEqual(['b 0: Error: not yet', 'b 1: Error: not yet'])
    await at.place.update('a')
    await target().until('the change', () => running.has('a'))
    stop.abort()
    release()
    await ended
    expect(running.size).toBe(0)
    await at.place.update('c')
    expect(calls).toHaveLength(6)
  })
}
