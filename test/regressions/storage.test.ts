import { beforeEach, expect, test, vi } from 'vitest'
import { PersistenceError } from '../../src/api/errors'
import { idbPersister } from '../../src/idb'
import { createInformer } from '../../src/informer/create-informer'
import { memoryPersister } from '../../src/persistence/memory/memory-persister'
import type { Persister } from '../../src/persistence/persister'
import { Secret } from '../../src/resources/core/v1'
import { World } from '../conformance/world'
import { clientOf, noting, quiet, Scene } from '../informer/support'
import { freshIndexedDB } from '../persistence/support/fake-idb'

beforeEach(freshIndexedDB)

/** What a page without a server finds in storage. */
async function found(world: World, persister: Persister, options: { user?: string } = {}): Promise<string> {
  const stop = world.server.faults.add({ times: 100, fault: { type: 'refuse' } })
  await using scene = await new Scene(world, { persist: { to: persister, ...options } }).settle()
  stop()
  return `${scene.informer.store.resourceVersion} ${scene.informer.store.keys().join(' ')}`.trim()
}

test('a version is never stored ahead of its objects: a commit that fails leaves the older state and its version, and what came after is replayed', async () => {
  const world = new World(['a'])
  const memory = memoryPersister()
  let full = false
  const persister: Persister = {
    ...memory,
    commit: (scope, change) => (full ? Promise.reject(new PersistenceError('quota', 'the disk is full')) : memory.commit(scope, change)),
  }
  {
    await using scene = new Scene(world, { persist: { to: persister } })
    await world.advance(1_000)
    full = true
    world.create('b')
    await world.advance(1_000)
    // It goes on from memory, and says so.
    expect(scene.informer.store.size).toBe(2)
    expect(scene.errors).toEqual(['PersistenceError: the disk is full'])
    expect(scene.informer.persistence?.status).toBe('failed')
  }
  expect(await found(world, memory)).toBe('101 shop/a')
  const notes: string[] = []
  await using scene = new Scene(world, { persist: { to: memory } })
  scene.informer.addEventHandler(noting(notes))
  await scene.settle()
  expect(notes).toEqual(['+a@101!', '+b@102'])
})

test('storage that is slow loses to the network', async () => {
  const world = new World(['a'])
  const hanging: Persister = { load: () => new Promise(() => {}), commit: async () => {}, clear: async () => {} }
  await using scene = new Scene(world, { persist: { to: hanging } })
  await world.advance(1_000)
  expect(scene.informer.status).toMatchObject({ state: 'live', source: 'stream' })
})

test('a database that could not be opened once is opened the next time', async () => {
  const world = new World(['a'])
  const persister = idbPersister({ database: 'kubeflect' })
  const open = vi.spyOn(indexedDB, 'open').mockImplementation(() => {
    throw new DOMException('private mode', 'InvalidStateError')
  })
  const settled = async (scene: Scene) => {
    await vi.waitFor(async () => {
      await world.advance(1_000)
      expect(scene.informer.persistence?.status).not.toBe('loading')
    })
  }
  {
    await using first = new Scene(world, { persist: { to: persister } })
    await settled(first)
    expect(first.informer.store.size).toBe(1)
    open.mockRestore()
  }
  {
    await using second = new Scene(world, { persist: { to: persister } })
    await settled(second)
    await second.informer.persistence?.flush()
  }
  await using third = new Scene(world, { persist: { to: persister } })
  await vi.waitFor(() => expect(third.informer.store.size).toBe(1))
  await third.informer.whenSynced()
  expect(third.informer.status.source).toBe('persisted')
})

test('two tabs never mix their states: the older one is fenced, and goes on from memory', async () => {
  const world = new World(['a'])
  const storage: Parameters<typeof memoryPersister>[0] = new Map()
  const older = await new Scene(world, { persist: { to: memoryPersister(storage) } }).settle()
  await world.advance(1_000)
  const newer = await new Scene(world, { persist: { to: memoryPersister(storage) } }).settle()
  world.create('b')
  await world.advance(1_000)
  expect([older, newer].map(({ informer }) => informer.persistence?.status)).toEqual(['fenced', 'active'])
  expect(older.informer.store.size).toBe(2)
  await Promise.all([older.informer.close(), newer.informer.close()])
  expect(await found(world, memoryPersister(storage))).toBe('102 shop/a shop/b')
})

test('a snapshot is never shown to another user, and is gone after a logout', async () => {
  const world = new World(['a'])
  const persister = memoryPersister()
  {
    await using scene = new Scene(world, { persist: { to: persister, user: 'ann' } })
    await world.advance(1_000)
    expect(scene.informer.persistence?.status).toBe('active')
  }
  expect(await found(world, persister, { user: 'eve' })).toBe('')
  expect(await found(world, persister, { user: 'ann' })).toBe('101 shop/a')
  await persister.clear({ user: 'ann' })
  expect(await found(world, persister, { user: 'ann' })).toBe('')
})

test('Secrets are not written to disk because persistence was turned on', () => {
  const world = new World()
  expect(() => createInformer(clientOf(world), Secret, { ...quiet(world), persist: { to: memoryPersister() } })).toThrow(
    "set sensitive: ['secrets']",
  )
})
