import { expect, test } from 'vitest'
import type { InformerChange } from '../../src/informer/handlers/notifications'
import { SharedInformer } from '../../src/informer/shared-informer'
import { ConfigMap, Namespace } from '../../src/resources/core/v1'
import { ListWatch } from '../../src/source/list-watch'
import { World } from '../conformance/world'
import { brief, clientOf, quiet, Scene } from './support'

const briefChange = (change: InformerChange<ConfigMap>): string =>
  `${change.type} ${brief(change.entry.object)}${change.isInInitialList ? '!' : ''}`

test('[store/indices] an index added to a running informer contains the present objects, and keeps up; a second one with its name is refused', async () => {
  await using scene = await new Scene(['a', 'b'], { indexers: { first: ({ metadata }) => [metadata.name?.[0] ?? ''] } }).settle()
  const indexer = scene.informer.indexer.addIndexers({ all: () => ['x'] })
  expect(indexer.byIndex('all', 'x')).toHaveLength(2)
  scene.world.create('c')
  await scene.settle()
  expect(indexer.indexKeys('all', 'x')).toEqual(['shop/a', 'shop/b', 'shop/c'])
  expect(indexer.indexKeys('first', 'c')).toEqual(['shop/c'])
  expect(() => indexer.addIndexers({ first: () => [] })).toThrow("there is an index 'first' already")
})

test('[store/indices] an index function that throws is reported, and the object is stored', async () => {
  const indexers = {
    bad: () => {
      throw new Error('bad index')
    },
  }
  await using scene = await new Scene(['a'], { indexers }).settle()
  expect(scene.errors).toEqual([expect.stringContaining("the index function 'bad' threw for shop/a")])
  expect(scene.informer.store.keys()).toEqual(['shop/a'])
})

test('[store/read-your-writes] waitForResourceVersion resolves when the store has reached the version', async () => {
  await using scene = await new Scene(['a']).settle()
  const { world, informer } = scene
  const written = world.update('a', { data: { mine: 'yes' } })
  expect(informer.lister.get('shop/a')?.object.data).not.toEqual({ mine: 'yes' })
  await informer.waitForResourceVersion(written.metadata.resourceVersion ?? '')
  expect(informer.lister.get('shop/a')?.object.data).toEqual({ mine: 'yes' })
  await informer.waitForResourceVersion('9')
})

test('[store/read-your-writes] a version is reached by a bookmark too', async () => {
  await using scene = await new Scene(['a']).settle()
  const { metadata } = scene.world.server.create(ConfigMap, { ...scene.world.object('z'), metadata: { name: 'z', namespace: 'other' } })
  let reached = false
  const waiting = scene.informer.waitForResourceVersion(metadata.resourceVersion ?? '').then(() => {
    reached = true
  })
  await scene.settle()
  expect(reached).toBe(false)
  await scene.world.advance(90_000)
  expect(reached).toBe(true)
  await waiting
})

test('[store/read-your-writes] waiting for a version ends with the signal, with the informer, and at once for an invalid version', async () => {
  const scene = await new Scene(['a']).settle()
  await using _scene = scene
  const controller = new AbortController()
  const aborted = expect(scene.informer.waitForResourceVersion('999', { signal: controller.signal })).rejects.toThrow('enough')
  controller.abort(new Error('enough'))
  await aborted
  await expect(scene.informer.waitForResourceVersion('')).rejects.toThrow('expected the metadata.resourceVersion of an object, got ""')
  const stopped = expect(scene.informer.waitForResourceVersion('999')).rejects.toThrow('stopped before it had reached resourceVersion 999')
  await scene.informer.close()
  await stopped
})

test('[store/lister] the lister reads by namespace and selector; a missing object is undefined; cluster-scoped keys have no slash', async () => {
  const world = new World()
  world.create('a', { labels: { app: 'web' } })
  world.create('b', { labels: { app: 'db' } })
  world.server.create(ConfigMap, { metadata: { name: 'a', namespace: 'default' } })
  await using scene = await new Scene(world, { namespace: undefined }).settle()
  const { lister } = scene.informer
  expect(lister.list({ namespace: 'shop' }).map(({ key }) => key)).toEqual(['shop/a', 'shop/b'])
  expect(lister.list({ namespace: 'shop', labelSelector: 'app!=db' }).map(({ key }) => key)).toEqual(['shop/a'])
  expect(lister.namespace('default').get('a')?.key).toBe('default/a')
  expect(lister.get('shop/none')).toBeUndefined()

  await using namespaces = new SharedInformer(new ListWatch(scene.client, Namespace), quiet(world))
  const running = namespaces.run()
  await namespaces.whenSynced()
  expect(namespaces.lister.get('default')?.object.metadata.name).toBe('default')
  await namespaces.close()
  await running
})

test('changes yields the present objects, then changes, and ends with the signal', async () => {
  await using scene = await new Scene(['a', 'b']).settle()
  const controller = new AbortController()
  const seen: string[] = []
  for await (const change of scene.informer.changes({ signal: controller.signal })) {
    seen.push(briefChange(change))
    if (seen.length === 2) {
      scene.world.update('a')
      scene.world.delete('b')
    }
    if (seen.length === 4) scene.informer.store.resync([{ namespace: 'shop', name: 'a' }])
    if (seen.length === 5) queueMicrotask(() => controller.abort())
  }
  expect(seen).toEqual(['added a@101!', 'added b@102!', 'updated a@103', 'deleted b@104', 'resynced a@103'])
})

test('changes yields several changes of one object as one to a slow loop', async () => {
  await using scene = await new Scene(['a', 'b']).settle()
  const seen: string[] = []
  for await (const change of scene.informer.changes({ maxBacklog: 0 })) {
    seen.push(briefChange(change))
    if (change.entry.name === 'end') break
    if (seen.length !== 2) continue
    for (let i = 0; i < 5; i++) scene.world.update('a')
    scene.world.create('end')
    await scene.settle()
  }
  expect(seen).toEqual(['added a@101!', 'added b@102!', 'updated a@107', 'added end@108'])
})

test('changes ends when the informer stops, and refuses one that has stopped', async () => {
  const scene = await new Scene(['a']).settle()
  await using _scene = scene
  const seen: string[] = []
  const loop = async () => {
    for await (const change of scene.informer.changes()) seen.push(briefChange(change))
  }
  const looping = loop()
  await scene.settle()
  await scene.informer.close()
  await looping
  expect(seen).toEqual(['added a@101!'])
  await expect(loop()).rejects.toThrow('the informer has stopped')
})

test('an informer that runs already, or was stopped, does not run again', async () => {
  const world = new World()
  const informer = new SharedInformer(new ListWatch(clientOf(world), ConfigMap), quiet(world))
  expect(world.server.openRequests).toEqual([])
  const synced = expect(informer.whenSynced()).rejects.toThrow('stopped before it had synced')
  await informer.close()
  await informer.close()
  await synced
  await expect(informer.run()).rejects.toThrow('the informer was started or stopped before: make another informer')
})

test('an informer that never ran and is stopped ends its listeners, and accepts no more', async () => {
  const world = new World()
  const informer = new SharedInformer(new ListWatch(clientOf(world), ConfigMap), quiet(world))
  const registration = informer.addEventHandler({}, { resyncPeriodMs: 1_000 })
  const ended = expect(registration.whenSynced()).rejects.toThrow(/closed|stopped/)
  await informer.close()
  await ended
  expect(() => informer.addEventHandler({})).toThrow('the informer has stopped')
  world.expectNothingLeft()
})

test('[feed/abort] an abort ends an informer at once, whatever it is doing; run resolves, and nothing is reported', async () => {
  const world = new World(['a'])
  world.server.faults.add({ fault: { type: 'delay', ms: 60_000 } })
  const controller = new AbortController()
  await using scene = await new Scene(world, { signal: controller.signal }).settle()
  const { informer } = scene
  const waits = [informer.whenSynced(), informer.addEventHandler({}).whenSynced()].map((wait) =>
    expect(wait).rejects.toThrow(/closed|stopped/),
  )
  controller.abort()
  await Promise.all(waits)
  await scene.settle()
  expect(informer.state).toBe('stopped')
  expect(scene.errors).toEqual([])
  world.expectNothingLeft()
})

test('[feed/denied] whenSynced rejects when requested to, while the feed continues to retry', async () => {
  const world = new World(['a'])
  world.server.faults.add({ times: 2, fault: { type: 'status', status: 403, reason: 'Forbidden' } })
  await using scene = new Scene(world)
  await expect(scene.informer.whenSynced({ onDenied: 'reject' })).rejects.toThrow('403 Forbidden')
  expect(scene.informer.state).toBe('denied')
  await world.advance(120_000)
  expect(scene.informer.state).toBe('live')
})

test('[feed/refused-object] objects of another kind than the resource’s are left out', async () => {
  const world = new World(['a'])
  await using scene = await new Scene(world).settle()
  const object = { kind: 'Secret', apiVersion: 'v1', metadata: { name: 's', namespace: 'shop', uid: 's', resourceVersion: '102' } }
  world.server.faults.add({ match: { verb: 'watch' }, fault: { type: 'line', text: JSON.stringify({ type: 'ADDED', object }) } })
  world.server.disconnect()
  await world.advance(2_000)
  expect(scene.informer.store.keys()).toEqual(['shop/a'])
})
