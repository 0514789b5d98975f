import { expect, test } from 'vitest'
import { createInformer } from '../../src/informer/create-informer'
import { memoryPersister } from '../../src/persistence/memory/memory-persister'
import type { Persister } from '../../src/persistence/persister'
import { Secret } from '../../src/resources/core/v1'
import { World } from '../conformance/world'
import { clientOf, noting, quiet, Scene } from './support'

async function persisted(world: World): Promise<Persister> {
  const persister = memoryPersister()
  await using scene = new Scene(world, { persist: { to: persister } })
  await scene.settle()
  return persister
}

test('[resume/hydrate] store and handlers have the stored objects at once, and have synced when the server has confirmed them', async () => {
  const world = new World(['a', 'b'])
  const persister = await persisted(world)
  world.server.faults.add({ fault: { type: 'delay', ms: 5_000 } })
  world.update('a')
  await using scene = new Scene(world, { persist: { to: persister } })
  const notes: string[] = []
  const registration = scene.informer.addEventHandler(noting(notes))
  await scene.settle()
  expect(notes).toEqual(['+a@101!', '+b@102!'])
  expect([scene.informer.hasSynced, registration.hasSynced, scene.informer.status.source]).toEqual([false, false, 'persisted'])
  await world.advance(5_000)
  expect(notes).toEqual(['+a@101!', '+b@102!', '~a@103<101'])
  expect([scene.informer.hasSynced, registration.hasSynced]).toEqual([true, true])
  expect(await scene.informer.whenSynced()).toEqual({ source: 'persisted' })
  expect(scene.requests.map(({ searchParams }) => searchParams.get('resourceVersion'))).toEqual(['102'])
})

test('[resume/410-gone] a stored state that has expired is listed again, and objects that vanished meanwhile are reported as deleted', async () => {
  const world = new World(['a', 'b'])
  const persister = await persisted(world)
  world.delete('b')
  world.expire()
  await using scene = new Scene(world, { persist: { to: persister } })
  const notes: string[] = []
  scene.informer.addEventHandler(noting(notes))
  await world.advance(10_000)
  expect(notes).toEqual(['+a@101!', '+b@102!', '-b@102'])
})

test('disposing of an informer stores its last changes', async () => {
  const world = new World(['a'])
  const persister = memoryPersister()
  {
    await using scene = await new Scene(world, { persist: { to: persister } }).settle()
    world.update('a')
    await scene.settle()
    await scene.informer.close()
    expect(scene.informer.persistence?.status).toBe('stopped')
  }
  world.server.faults.add({ times: 100, fault: { type: 'refuse' } })
  await using scene = await new Scene(world, { persist: { to: persister } }).settle()
  expect(scene.informer.lister.get('shop/a')?.resourceVersion).toBe('102')
})

test('[persistence/identity] stored state belongs to cluster, user, resource, namespace, selectors and version', async () => {
  const world = new World(['a'])
  const persister = await persisted(world)
  world.server.faults.add({ times: 1_000, fault: { type: 'refuse' } })
  const persist = { to: persister }
  const others = [
    { persist: { ...persist, user: 'eve' } },
    { persist: { ...persist, version: '2' } },
    { persist: { ...persist, cluster: 'blue' } },
    { persist, labelSelector: 'app=web' },
    { persist, namespace: 'default' },
  ]
  for (const other of others) {
    await using scene = await new Scene(world, other).settle()
    expect(scene.informer.store.size).toBe(0)
  }
  await using scene = await new Scene(world, { persist: { to: persister } }).settle()
  expect(scene.informer.store.size).toBe(1)
})

test('[persistence/failure] storage that never responds is not waited for beyond the limit; a failure is reported, and the informer continues', async () => {
  const world = new World(['a'])
  const hanging: Persister = { load: () => new Promise(() => {}), commit: async () => {}, clear: async () => {} }
  {
    await using scene = await new Scene(world, { persist: { to: hanging, loadTimeoutMs: 300 } }).settle()
    expect(scene.informer.store.size).toBe(0)
    await world.advance(300)
    expect(scene.informer.store.size).toBe(1)
  }
  const failing: Persister = { ...hanging, load: () => Promise.reject(new Error('no disk')) }
  await using scene = await new Scene(world, { persist: { to: failing } }).settle()
  expect(scene.informer.store.size).toBe(1)
  expect(scene.errors).toEqual(['Error: no disk'])
  expect(scene.informer.persistence?.status).toBe('failed')
})

test('[feed/abort] an abort while the stored state is being read ends everything', async () => {
  const world = new World(['a'])
  const hanging: Persister = { load: () => new Promise(() => {}), commit: async () => {}, clear: async () => {} }
  await using scene = await new Scene(world, { persist: { to: hanging } }).settle()
  const synced = expect(scene.informer.whenSynced()).rejects.toThrow('stopped')
  await scene.informer.close()
  await synced
  expect(scene.requests).toEqual([])
})

test('[persistence/clear] Secrets are not stored unless requested by name', async () => {
  const world = new World()
  const options = { ...quiet(world), persist: { to: memoryPersister() } }
  expect(() => createInformer(clientOf(world), Secret, options)).toThrow("sensitive: ['secrets']")
  await using informer = createInformer(clientOf(world), Secret, { ...options, persist: { ...options.persist, sensitive: ['secrets'] } })
  await informer.whenSynced()
})
