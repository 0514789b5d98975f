import { expect, test } from 'vitest'
import type { KubeObject } from '../../src/api/object'
import { defineResource } from '../../src/api/resource'
import { SharedInformerFactory } from '../../src/informer/factory'
import { memoryPersister } from '../../src/persistence/memory/memory-persister'
import type { Persister } from '../../src/persistence/persister'
import { ConfigMap, Namespace } from '../../src/resources/core/v1'
import { World } from '../conformance/world'
import { clientOf, Gate, noting, quiet } from './support'

function setUp(names: readonly string[] = ['a', 'b']): { world: World; requests: URL[]; informers: SharedInformerFactory } {
  const world = new World(names)
  const requests: URL[] = []
  return { world, requests, informers: new SharedInformerFactory(clientOf(world, requests), { ...quiet(world), namespace: 'shop' }) }
}

test('[informer/factory] a factory has one informer per resource, namespace, selectors and transform', async () => {
  const { informers, requests, world } = setUp()
  const transform = (object: ConfigMap): ConfigMap => object
  const different = [
    {},
    { namespace: '' },
    { namespace: 'default' },
    { labelSelector: 'app=web' },
    { fieldSelector: 'metadata.name=a' },
    { transform },
    { transform: (object: ConfigMap) => object },
  ]
  const made = different.map((selection) => informers.informer(ConfigMap, selection))
  expect(new Set(made).size).toBe(different.length)
  expect(different.map((selection) => informers.informer(ConfigMap, selection))).toEqual(made)
  expect(informers.informer(ConfigMap, { namespace: 'shop', labelSelector: '' })).toBe(made[0])
  expect(requests).toEqual([])
  await informers.close()
  world.expectNothingLeft()
})

test('[informer/factory] start is idempotent: one feed for all users, and none before it', async () => {
  const { world, informers, requests } = setUp()
  const notes: string[] = []
  informers.informer(ConfigMap).addEventHandler(noting(notes))
  await world.settle()
  expect(requests).toEqual([])
  informers.start()
  informers.start()
  informers.informer(ConfigMap).addEventHandler(noting(notes))
  await informers.whenSynced()
  informers.start()
  await world.settle()
  expect(requests).toHaveLength(1)
  expect(notes.sort()).toEqual(['+a@101!', '+a@101!', '+b@102!', '+b@102!'])
  await informers.close()
  await world.settle()
  world.expectNothingLeft()
})

test('[informer/factory] an informer that is requested after the start is started at once', async () => {
  const { world, informers } = setUp()
  await using _informers = informers
  informers.start()
  await expect(informers.informer(ConfigMap).whenSynced()).resolves.toEqual({ source: 'stream' })
  expect(world.server.openRequests).toHaveLength(1)
})

test('[informer/factory] the feed stops when its last lease is released, and not before; a later lease gets a new informer', async () => {
  const { world, informers, requests } = setUp()
  await using _informers = informers
  informers.start()
  const first = informers.lease(ConfigMap)
  const second = informers.lease(ConfigMap)
  expect(second.informer).toBe(first.informer)
  await first.informer.whenSynced()
  first.release()
  first.release()
  await world.settle()
  expect(second.informer.state).toBe('live')
  {
    using _second = second
  }
  await world.settle()
  expect(second.informer.state).toBe('stopped')
  world.expectNothingLeft()
  using third = informers.lease(ConfigMap)
  await third.informer.whenSynced()
  expect(third.informer).not.toBe(first.informer)
  expect(requests).toHaveLength(2)
})

test('[informer/factory] an informer that was requested without a lease lives as long as the factory', async () => {
  const { world, informers } = setUp()
  informers.start()
  const informer = informers.informer(ConfigMap)
  informers.lease(ConfigMap).release()
  await world.settle()
  expect(informer.state).toBe('live')
  await informers.close()
  expect(informer.state).toBe('stopped')
})

test('[informer/factory] the signal closes every informer, and the factory refuses requests afterwards', async () => {
  const { world, informers } = setUp()
  const controller = new AbortController()
  const informer = informers.informer(ConfigMap)
  informers.start({ signal: controller.signal })
  await informers.whenSynced()
  controller.abort()
  await informers.close()
  await world.settle()
  expect(informer.state).toBe('stopped')
  world.expectNothingLeft()
  expect(() => informers.informer(ConfigMap)).toThrow('the factory was closed: make another one')
  expect(() => informers.start()).toThrow('the factory was closed')
})

test('the factory’s namespace does not apply to cluster-scoped resources', async () => {
  const { informers } = setUp()
  await using _informers = informers
  const namespaces = informers.informer(Namespace)
  informers.start()
  await informers.whenSynced()
  expect(namespaces.store.keys()).toContain('default')
})

test('resources can be chosen at run time', async () => {
  const { informers } = setUp()
  await using _informers = informers
  const discovered = defineResource({ version: 'v1', plural: 'configmaps', kind: 'ConfigMap' })
  using lease = informers.lease<KubeObject>(discovered)
  informers.start()
  await informers.whenSynced()
  expect(lease.informer.store.keys()).toEqual(['shop/a', 'shop/b'])
})

test('indexes of several requests are combined; another function under an existing name is refused', async () => {
  const { informers } = setUp()
  await using _informers = informers
  const byName = ({ metadata }: ConfigMap) => [metadata.name ?? '']
  informers.start()
  const informer = informers.informer(ConfigMap, { indexers: { name: byName } })
  await informer.whenSynced()
  const again = informers.informer(ConfigMap, { indexers: { name: byName, all: () => ['x'] } })
  expect(again).toBe(informer)
  expect(again.indexer.byIndex('all', 'x')).toHaveLength(2)
  expect(() => informers.lease(ConfigMap, { indexers: { name: () => [] } })).toThrow("there is an index 'name' already")
})

test('whenSynced of the factory rejects with the error of the first informer that fails', async () => {
  const { world, informers } = setUp()
  await using _informers = informers
  world.server.faults.add({ match: { resource: 'namespaces' }, times: 2, fault: { type: 'status', status: 403, reason: 'Forbidden' } })
  informers.informer(ConfigMap)
  informers.informer(Namespace)
  informers.start()
  await expect(informers.whenSynced({ onDenied: 'reject' })).rejects.toThrow('403 Forbidden')
})

test('onEvent of the factory names the informer', async () => {
  const world = new World(['a'])
  const seen = new Set<string>()
  const informers = new SharedInformerFactory(clientOf(world, []), {
    ...quiet(world),
    namespace: 'shop',
    onEvent: ({ type }, { resource, namespace, labelSelector }) => {
      if (type === 'synced') seen.add([resource.plural, namespace, labelSelector].join(' '))
    },
  })
  await using _informers = informers
  informers.start()
  informers.informer(ConfigMap, { labelSelector: 'app=web' })
  informers.informer(Namespace)
  await informers.whenSynced()
  expect(seen).toEqual(new Set(['configmaps shop app=web', 'namespaces  ']))
})

test('an informer that is requested again while the last one is being stored waits for that, and loads no older state', async () => {
  const world = new World(['a'])
  const memory = memoryPersister()
  const order: string[] = []
  const gate = new Gate()
  const persister: Persister = {
    load: (scope, options) => {
      order.push('load')
      return memory.load(scope, options)
    },
    commit: async (scope, change) => {
      await gate.pass()
      order.push('commit')
      await memory.commit(scope, change)
    },
    clear: (scope) => memory.clear(scope),
  }
  await using informers = new SharedInformerFactory(clientOf(world, []), { ...quiet(world), namespace: 'shop', persist: { to: persister } })
  informers.start()
  const first = informers.lease(ConfigMap)
  await first.informer.whenSynced()
  gate.close()
  first.release()
  const { informer } = informers.lease(ConfigMap)
  await world.settle()
  expect(order).toEqual(['load'])
  gate.open()
  await expect(informer.whenSynced()).resolves.toEqual({ source: 'persisted' })
  expect(order.slice(0, 3)).toEqual(['load', 'commit', 'load'])
})
