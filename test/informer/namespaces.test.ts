import { describe, expect, test } from 'vitest'
import { createInformer, type InformerOptions } from '../../src/informer/create-informer'
import { SharedInformerFactory } from '../../src/informer/factory'
// An informer loads it when it runs, which takes time that is not the world's: here it is loaded already.
import '../../src/informer/namespaces/fan-in'
import { eachAllowed } from '../../src/informer/namespaces/each-allowed'
import type { SharedInformer } from '../../src/informer/shared-informer'
import { type MemoryStorage, memoryPersister } from '../../src/persistence/memory/memory-persister'
import { ConfigMap, Namespace, Service } from '../../src/resources/core/v1'
import { briefRequest } from '../conformance/brief'
import { World } from '../conformance/world'
import { brief, clientOf, noting, quiet } from './support'

const FIVE_MINUTES_MS = 300_000

/** A world whose user may read what `allowed` says: `configmaps` are all of them, `configmaps/shop` those of one namespace. */
class GuardedWorld extends World {
  readonly allowed: Set<string>
  readonly seen: URL[] = []

  constructor(allowed: readonly string[]) {
    super()
    this.allowed = new Set(allowed)
    const allows = (resource: string, namespace: string) => this.allowed.has(namespace ? `${resource}/${namespace}` : resource)
    this.server.faults.add({
      match: ({ resource = '', namespace = '' }) => !allows(resource, namespace) && !allows(resource, ''),
      times: Number.POSITIVE_INFINITY,
      fault: { type: 'status', status: 403, reason: 'Forbidden' },
    })
  }

  /** What was asked for since the last time, with the namespace: `shop: stream newest`. */
  asked(): string[] {
    return this.seen.splice(0).map((url) => {
      const [, namespace = '*', resource] = /v1\/(?:namespaces\/([^/]+)\/)?(\w+)$/.exec(url.pathname) ?? []
      return `${resource === 'namespaces' ? resource : namespace}: ${briefRequest(url)}`
    })
  }

  put(namespace: string, name: string, verb: 'create' | 'update' = 'create'): string {
    const object = this.object(name)
    object.metadata.namespace = namespace
    return this.server[verb](ConfigMap, object).metadata.resourceVersion ?? ''
  }

  inform(options: InformerOptions<ConfigMap> = {}): SharedInformer<ConfigMap> {
    const client = clientOf(this, this.seen)
    return createInformer(client, ConfigMap, { ...quiet(this), namespaces: eachAllowed(), ...options })
  }

  addNamespace(...names: readonly string[]): this {
    for (const name of names) this.server.create(Namespace, { metadata: { name } })
    return this
  }

  async expectQuiet(informer: SharedInformer<ConfigMap>): Promise<void> {
    await informer.close()
    await this.settle()
    this.expectNothingLeft()
  }
}

const keysOf = (informer: SharedInformer<ConfigMap>): string[] => informer.store.keys().sort()
const statesOf = ({ status }: SharedInformer<ConfigMap>): Record<string, string> =>
  Object.fromEntries(Array.from(status.namespaces ?? [], ([name, { state }]) => [name, state] as const).sort())

describe('a user who may read all namespaces', () => {
  test('a user who may read all namespaces is served by one feed, and the Namespaces are not requested', async () => {
    const world = new GuardedWorld(['configmaps', 'namespaces'])
    world.put('shop', 'a')
    const informer = world.inform()
    await informer.whenSynced()
    expect(world.asked()).toEqual(['*: stream newest'])
    expect(informer.status).toMatchObject({ state: 'live', source: 'stream', namespaces: undefined })
    const version = world.put('back', 'b')
    await informer.waitForResourceVersion(version, { namespace: 'back' })
    expect(informer.store.resourceVersion).toBe(version)
    await world.expectQuiet(informer)
  })
})

describe('403 for all namespaces → those that are allowed, into one store', () => {
  test('each namespace that can be listed is followed; denied ones are left out, and named', async () => {
    const world = new GuardedWorld(['namespaces', 'configmaps/shop', 'configmaps/back']).addNamespace('shop', 'back', 'secret')
    world.put('shop', 'a')
    world.put('back', 'b')
    world.put('secret', 'c')
    const informer = world.inform()
    await expect(informer.whenSynced()).resolves.toEqual({ source: 'stream' })
    expect(keysOf(informer)).toEqual(['back/b', 'shop/a'])
    expect(informer.state).toBe('live')
    expect(statesOf(informer)).toEqual({ back: 'live', default: 'denied', 'kube-system': 'denied', secret: 'denied', shop: 'live' })
    expect(informer.status.namespaces?.get('secret')?.error).toMatchObject({ status: 403 })
    expect(informer.status.error).toBeUndefined()
    expect(
      informer.lister
        .namespace('shop')
        .list()
        .map(({ key }) => key),
    ).toEqual(['shop/a'])
    expect(world.asked().slice(0, 3)).toEqual(['*: stream newest', '*: list ≥0', 'namespaces: stream newest'])
    await world.expectQuiet(informer)
  })

  test('where listing Namespaces is forbidden too, the named ones are followed', async () => {
    const world = new GuardedWorld(['configmaps/shop'])
    world.put('shop', 'a')
    const informer = world.inform({ namespaces: eachAllowed(['shop', 'back']) })
    await informer.whenSynced()
    expect(keysOf(informer)).toEqual(['shop/a'])
    expect(statesOf(informer)).toEqual({ back: 'denied', shop: 'live' })
    await world.expectQuiet(informer)
  })

  test('the informer is denied when every namespace is, and its error is the one about all of them', async () => {
    const world = new GuardedWorld([])
    const informer = world.inform({ namespaces: eachAllowed(['shop']) })
    await expect(informer.whenSynced({ onDenied: 'reject' })).rejects.toMatchObject({ status: 403 })
    expect(informer.state).toBe('denied')
    expect(informer.hasSynced).toBe(false)
    expect(statesOf(informer)).toEqual({ shop: 'denied' })
    await world.expectQuiet(informer)
  })

  test('a 401 does not lead to single namespaces, because the user is unknown', async () => {
    const world = new GuardedWorld(['configmaps', 'namespaces'])
    world.server.faults.add({ times: 4, fault: { type: 'status', status: 401 } })
    const informer = world.inform()
    await world.settle()
    expect(informer.state).toBe('denied')
    expect(informer.status.namespaces).toBeUndefined()
    expect(world.asked().filter((request) => request.startsWith('namespaces'))).toEqual([])
    await world.expectQuiet(informer)
  })

  test('handlers are called as by any informer: with the initial list, its end, then changes', async () => {
    const world = new GuardedWorld(['configmaps/shop', 'configmaps/back'])
    world.put('shop', 'a')
    world.put('back', 'b')
    const informer = world.inform({ namespaces: eachAllowed(['shop', 'back']) })
    const notes: string[] = []
    const registration = informer.addEventHandler(noting(notes))
    const changes: string[] = []
    const loop = (async () => {
      for await (const { type, entry } of informer.changes()) changes.push(`${type} ${entry.key}`)
    })()
    await registration.whenSynced()
    expect(notes.splice(0).sort()).toEqual(['+a@101!', '+b@102!'])
    world.put('back', 'b', 'update')
    world.put('shop', 'c')
    world.server.delete(ConfigMap, { namespace: 'shop', name: 'a' })
    await world.settle()
    expect(notes.sort()).toEqual(['+c@104', '-a@105', '~b@103<102'])
    expect(changes.slice(2).sort()).toEqual(['added shop/c', 'deleted shop/a', 'updated back/b'])
    await world.expectQuiet(informer)
    await loop
  })

  test('indexes, transform and resyncs apply to every namespace', async () => {
    const world = new GuardedWorld(['configmaps/shop', 'configmaps/back'])
    world.put('shop', 'a')
    world.put('back', 'b')
    const client = clientOf(world)
    const informer = createInformer(client, ConfigMap, {
      ...quiet(world),
      namespaces: eachAllowed(['shop', 'back']),
      transform: (object) => ({ ...object, data: { place: object.metadata.namespace ?? '' } }),
      indexers: { place: ({ data }) => [data?.place ?? ''] },
      resyncPeriodMs: 10_000,
    })
    const notes: string[] = []
    informer.addEventHandler(noting(notes))
    await informer.whenSynced()
    expect(informer.indexer.byIndex('place', 'back').map(({ key }) => key)).toEqual(['back/b'])
    await world.advance(10_000)
    expect(notes.slice(2).sort()).toEqual(['=a@101', '=b@102'])
    await world.expectQuiet(informer as SharedInformer<ConfigMap>)
  })
})

describe('a version for each namespace', () => {
  const start = async (options: InformerOptions<ConfigMap> = {}) => {
    const world = new GuardedWorld(['configmaps/shop', 'configmaps/back'])
    world.put('shop', 'a')
    world.put('back', 'b')
    const informer = world.inform({ namespaces: eachAllowed(['shop', 'back']), ...options })
    await informer.whenSynced()
    await world.settle()
    world.asked()
    return { world, informer }
  }

  test('an event of one namespace never becomes the version of another, nor that of all', async () => {
    const { world, informer } = await start()
    const newest = world.put('shop', 'c')
    await world.settle()
    expect(informer.status.namespaces?.get('shop')?.lastSyncResourceVersion).toBe(newest)
    expect(informer.status.namespaces?.get('back')?.lastSyncResourceVersion).toBe('102')
    expect(informer.lastSyncResourceVersion).toBe('102')
    expect(informer.store.resourceVersion).toBe('102')
    world.server.disconnect()
    await world.advance(10_000)
    expect(world.asked().sort()).toEqual(['back: watch 102', `shop: watch ${newest}`])
    await world.advance(FIVE_MINUTES_MS)
    expect(world.asked().filter((request) => request.startsWith('*'))).toEqual(['*: stream newest', '*: list ≥0'])
    await world.expectQuiet(informer)
  })

  test('410 in one namespace is a relist of that one: the others’ objects stay', async () => {
    const { world, informer } = await start({ initialList: 'list' })
    const b = informer.lister.get('back/b')
    const notes: string[] = []
    informer.addEventHandler(noting(notes))
    await world.settle()
    notes.length = 0
    world.server.faults.add({ match: { namespace: 'shop', verb: 'watch' }, fault: { type: 'status', status: 410 } })
    world.server.disconnect()
    world.server.delete(ConfigMap, { namespace: 'shop', name: 'a' })
    world.put('shop', 'c')
    await world.advance(10_000)
    expect(world.asked().sort()).toEqual(['back: watch 102', 'shop: list ≥102', 'shop: watch 102', 'shop: watch 104'])
    expect(notes).toEqual(['-a@101', '+c@104'])
    expect(informer.lister.get('back/b')).toBe(b)
    await world.expectQuiet(informer)
  })

  test('waitForResourceVersion waits for one namespace, or for all of them', async () => {
    const { world, informer } = await start()
    const version = world.put('shop', 'c')
    await informer.waitForResourceVersion(version, { namespace: 'shop' })
    expect(informer.lister.get('shop/c')).toBeDefined()
    let all = false
    const waiting = informer.waitForResourceVersion(version).then(() => {
      all = true
    })
    await world.settle()
    expect(all).toBe(false)
    await world.advance(60_000)
    await waiting
    await world.expectQuiet(informer)
  })

  test('states are stored under each namespace, and resumed from its version', async () => {
    const storage: MemoryStorage = new Map()
    const { world, informer } = await start({ persist: { to: memoryPersister(storage) } })
    const newest = world.put('shop', 'c')
    await world.advance(1_000)
    await world.expectQuiet(informer)
    world.asked()
    const again = world.inform({ namespaces: eachAllowed(['shop', 'back']), persist: { to: memoryPersister(storage) } })
    await expect(again.whenSynced()).resolves.toEqual({ source: 'persisted' })
    expect(keysOf(again)).toEqual(['back/b', 'shop/a', 'shop/c'])
    expect(
      world
        .asked()
        .filter((request) => !/^(\*|namespaces)/.test(request))
        .sort(),
    ).toEqual(['back: watch 102', `shop: watch ${newest}`])
    await world.expectQuiet(again)
  })

  test('an entry that cannot be read is fetched again, from its own namespace only', async () => {
    const world = new GuardedWorld(['configmaps/shop', 'configmaps/back'])
    world.put('shop', 'a')
    world.put('back', 'b')
    const broken =
      '{"type":"ADDED","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"x","namespace":"shop","uid":"u","resourceVersion":"103"},"data":{"broken":}}}'
    const informer = world.inform({ namespaces: eachAllowed(['shop', 'back']) })
    await informer.whenSynced()
    world.server.faults.add({ match: { namespace: 'shop', verb: 'watch' }, fault: { type: 'line', text: broken } })
    world.server.disconnect()
    // Long enough for what every feed asks after a reconnect.
    await world.advance(20_000)
    world.asked()
    expect(() => informer.lister.get('shop/x')?.object).toThrow('not JSON')
    await world.advance(10_000)
    expect(keysOf(informer)).toEqual(['back/b', 'shop/a'])
    expect(world.asked().filter((request) => !request.startsWith('shop'))).toEqual([])
    expect(informer.state).toBe('live')
    await world.expectQuiet(informer)
  })
})

describe('namespaces and rights come and go', () => {
  test('new namespaces are followed; deleted ones leave with their objects', async () => {
    const world = new GuardedWorld(['namespaces', 'configmaps/shop', 'configmaps/back']).addNamespace('shop')
    world.put('shop', 'a')
    const informer = world.inform()
    await informer.whenSynced()
    const notes: string[] = []
    informer.addEventHandler(noting(notes))
    world.addNamespace('back')
    world.put('back', 'b')
    await world.settle()
    expect(keysOf(informer)).toEqual(['back/b', 'shop/a'])
    world.server.delete(Namespace, { name: 'shop' })
    await world.settle()
    expect(keysOf(informer)).toEqual(['back/b'])
    expect(notes.map((note) => note.replace(/@\d+/, ''))).toEqual(['+a!', '+b', '-a'])
    expect(Object.keys(statesOf(informer))).not.toContain('shop')
    await world.expectQuiet(informer)
  })

  test('denied namespaces are retried every five minutes, and appear when they are allowed', async () => {
    const world = new GuardedWorld(['configmaps/shop'])
    world.put('shop', 'a')
    world.put('back', 'b')
    const informer = world.inform({ namespaces: eachAllowed(['shop', 'back']) })
    const states: string[] = []
    await informer.whenSynced()
    informer.subscribe(({ state }) => states.push(state))
    world.asked()
    await world.advance(FIVE_MINUTES_MS - 10_000)
    expect(world.asked().filter((request) => request.startsWith('back'))).toEqual([])
    world.allowed.add('configmaps/back')
    await world.advance(20_000)
    expect(keysOf(informer)).toEqual(['back/b', 'shop/a'])
    expect(new Set(states)).not.toContain('denied')
    await world.expectQuiet(informer)
  })

  test('when all namespaces may be read, one feed takes over: no object changes, and the feeds of the namespaces end', async () => {
    const world = new GuardedWorld(['configmaps/shop'])
    world.put('shop', 'a')
    const informer = world.inform({ namespaces: eachAllowed(['shop']) })
    await informer.whenSynced()
    world.put('back', 'b')
    const notes: string[] = []
    informer.addEventHandler(noting(notes))
    const a = informer.lister.get('shop/a')
    world.allowed.add('configmaps')
    await world.advance(FIVE_MINUTES_MS + 10_000)
    expect(informer.status).toMatchObject({ state: 'live', namespaces: undefined, lastSyncResourceVersion: '102' })
    expect(informer.lister.get('shop/a')).toBe(a)
    expect(notes).toEqual(['+a@101!', '+b@102'])
    expect(world.server.openRequests).toHaveLength(1)
    await world.expectQuiet(informer)
  })

  test('when the right to read all namespaces is lost, readable objects stay as they are, and the others leave', async () => {
    const world = new GuardedWorld(['configmaps', 'configmaps/shop'])
    world.put('shop', 'a')
    world.put('back', 'b')
    const informer = world.inform({ namespaces: eachAllowed(['shop']) })
    await informer.whenSynced()
    const notes: string[] = []
    informer.addEventHandler(noting(notes))
    await world.settle()
    notes.length = 0
    world.allowed.delete('configmaps')
    world.server.disconnect()
    await world.advance(10_000)
    expect(notes).toEqual(['-b@102'])
    expect(informer.hasSynced).toBe(true)
    expect(statesOf(informer)).toEqual({ shop: 'live' })
    world.asked()
    world.allowed.add('configmaps')
    world.put('back', 'c')
    await world.advance(FIVE_MINUTES_MS + 10_000)
    expect(world.asked()).toContain('*: stream newest')
    expect(keysOf(informer)).toEqual(['back/b', 'back/c', 'shop/a'])
    await world.expectQuiet(informer)
  })

  test('when the right to one namespace is lost, its objects leave', async () => {
    const world = new GuardedWorld(['configmaps/shop', 'configmaps/back'])
    world.put('shop', 'a')
    world.put('back', 'b')
    const informer = world.inform({ namespaces: eachAllowed(['shop', 'back']) })
    await informer.whenSynced()
    world.allowed.delete('configmaps/back')
    world.server.disconnect()
    await world.advance(10_000)
    expect(keysOf(informer)).toEqual(['shop/a'])
    expect(informer.state).toBe('live')
    expect(statesOf(informer)).toEqual({ back: 'denied', shop: 'live' })
    await world.expectQuiet(informer)
  })
})

describe('the state of the whole is the worst of the parts', () => {
  test('one namespace that lost its connection makes the informer wait', async () => {
    const world = new GuardedWorld(['configmaps/shop', 'configmaps/back'])
    const informer = world.inform({ namespaces: eachAllowed(['shop', 'back']) })
    await informer.whenSynced()
    world.server.faults.add({ match: { namespace: 'back' }, times: 3, fault: { type: 'refuse' } })
    world.server.disconnect()
    await world.advance(3_000)
    expect(statesOf(informer)).toEqual({ back: 'backoff', shop: 'live' })
    expect(informer.status).toMatchObject({ state: 'backoff', hasSynced: true, error: { name: 'ConnectionError' } })
    await world.advance(30_000)
    expect(informer.status).toMatchObject({ state: 'live', error: undefined })
    await world.expectQuiet(informer)
  })

  test('it has synced when every namespace that is allowed has', async () => {
    const world = new GuardedWorld(['configmaps/shop', 'configmaps/back'])
    world.server.faults.add({ match: { namespace: 'back' }, fault: { type: 'delay', ms: 5_000 } })
    const informer = world.inform({ namespaces: eachAllowed(['shop', 'back', 'other']) })
    await world.advance(4_000)
    expect(informer.status).toMatchObject({ state: 'connecting', hasSynced: false })
    await world.advance(1_000)
    expect(informer.status).toMatchObject({ state: 'live', hasSynced: true })
    await world.expectQuiet(informer)
  })
})

test('a factory’s informers share the Namespaces, and release them when no informer needs them', async () => {
  const world = new GuardedWorld(['namespaces', 'configmaps/shop', 'services/shop']).addNamespace('shop')
  world.put('shop', 'a')
  const informers = new SharedInformerFactory(clientOf(world, world.seen), { ...quiet(world), namespaces: eachAllowed() })
  informers.start()
  const lease = informers.lease(ConfigMap)
  const services = informers.lease(Service)
  const one = informers.informer(ConfigMap, { namespace: 'shop' })
  await informers.whenSynced()
  expect(world.asked().filter((request) => request.startsWith('namespaces'))).toEqual(['namespaces: stream newest'])
  expect(lease.informer.store.list().map(({ object }) => brief(object))).toEqual(['a@102'])
  expect(one.status.namespaces).toBeUndefined()
  lease.release()
  services.release()
  await world.settle()
  expect(world.server.openRequests.map(({ resource, namespace }) => `${namespace}/${resource}`)).toEqual(['shop/configmaps'])
  await informers.close()
  await world.settle()
  world.expectNothingLeft()
})

test('without eachAllowed a user who may not read all namespaces is denied', async () => {
  const world = new GuardedWorld(['namespaces', 'configmaps/shop']).addNamespace('shop')
  const informer = world.inform({ namespaces: undefined })
  await world.settle()
  expect(informer.state).toBe('denied')
  expect(informer.status.namespaces).toBeUndefined()
  await world.expectQuiet(informer)
})
