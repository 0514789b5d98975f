import { expect, test } from 'vitest'
import { entryFromText } from '../../src/codec/entry'
import { SharedInformer } from '../../src/informer/shared-informer'
import type { ConfigMap } from '../../src/resources/core/v1'
import type { ListerWatcher } from '../../src/source/lister-watcher'
import { World } from '../conformance/world'
import { Gate, noting, quiet, Scene } from '../informer/support'

test('a handler that throws, or rejects, loses neither the event’s version nor what comes after it', async () => {
  await using scene = await new Scene(['a']).settle()
  const { world, informer } = scene
  const notes: string[] = []
  informer.addEventHandler({
    onAdd: () => {
      throw new Error('thrown')
    },
    onUpdate: () => Promise.reject(new Error('rejected')),
    onDelete: ({ metadata }) => notes.push(`-${metadata.name}`),
  })
  world.update('a')
  await scene.settle()
  expect(informer.lastSyncResourceVersion).toBe('102')
  world.delete('a')
  await scene.settle()
  expect(notes).toEqual(['-a'])
  expect(scene.errors).toEqual(['Error: thrown', 'Error: rejected'])
})

test('a slow asynchronous handler never receives DELETED before ADDED, and no ghost stays in the cache', async () => {
  await using scene = await new Scene([]).settle()
  const { world, informer } = scene
  const notes: string[] = []
  // The add takes longer than the delete.
  const pause = (ms: number) => new Promise<void>((resolve) => void world.clock.setTimeout(resolve, ms))
  informer.addEventHandler({
    onAdd: async ({ metadata }) => {
      await pause(1_000)
      notes.push(`+${metadata.name}`)
    },
    onDelete: async ({ metadata }) => void notes.push(`-${metadata.name}`),
  })
  await scene.settle()
  world.create('b')
  world.delete('b')
  await world.advance(5_000)
  expect(notes).toEqual(['+b', '-b'])
  expect(informer.store.keys()).toEqual([])
})

test('the backlog of a slow handler does not drop its oldest events at 1,000, or anywhere', async () => {
  await using scene = await new Scene(['first']).settle()
  const gate = new Gate()
  gate.close()
  const notes: string[] = []
  const registration = scene.informer.addEventHandler(noting(notes, gate.pass))
  await scene.settle()
  for (let n = 0; n < 3_000; n++) scene.world.create(`pod-${n}`)
  await scene.settle()
  expect(registration.backlog).toBe(3_000)
  gate.open()
  await scene.world.advance(1_000)
  expect(notes.map((note) => note.split('@')[0])).toEqual(['+first', ...Array.from({ length: 3_000 }, (_, n) => `+pod-${n}`)])
})

test('200,000 objects cause no RangeError, neither in a list nor in one batch of events', { timeout: 60_000 }, async () => {
  const world = new World()
  const entries = Array.from({ length: 200_000 }, (_, n) =>
    entryFromText<ConfigMap>(`{"metadata":{"name":"m-${n}","uid":"${n}","resourceVersion":"1"}}`),
  )
  const source: ListerWatcher<ConfigMap> = {
    list: async () => ({ entries, resourceVersion: '1', continue: '' }),
    async *watch({ signal }) {
      yield entries.map((entry) => ({ type: 'DELETED', entry }))
      await new Promise((resolve) => signal?.addEventListener('abort', resolve))
    },
  }
  const errors: unknown[] = []
  const onError = (error: unknown) => errors.push(error)
  await using informer = new SharedInformer(source, { ...quiet(world), initialList: 'list', onError })
  const told = { added: 0, updated: 0, deleted: 0, resynced: 0 }
  informer.addEventHandler({ onChange: ({ type }) => told[type]++ }, { maxBacklog: Number.POSITIVE_INFINITY })
  const running = informer.run()
  await world.settle()
  expect(told).toEqual({ added: 200_000, updated: 0, deleted: 200_000, resynced: 0 })
  expect(errors).toEqual([])
  await informer.close()
  await running
})

test('an object that was deleted and created again under the same name is not an update: another uid is another object', async () => {
  await using scene = await new Scene(['a']).settle()
  const notes: string[] = []
  scene.informer.addEventHandler(noting(notes))
  await scene.settle()
  const before = scene.informer.lister.get('shop/a')?.uid
  await scene.missing(() => {
    scene.world.delete('a')
    scene.world.create('a')
  })
  expect(notes).toEqual(['+a@101!', '-a@101', '+a@103'])
  expect(scene.informer.lister.get('shop/a')?.uid).not.toBe(before)
})

test('a relist does not hold a second copy of what has not changed: entries and objects stay the same', async () => {
  await using scene = await new Scene(['a', 'b']).settle()
  const { lister } = scene.informer
  const [entry, object] = [lister.get('shop/a'), lister.get('shop/a')?.object]
  await scene.missing(() => scene.world.update('b'))
  expect(lister.get('shop/b')?.resourceVersion).toBe('103')
  expect(lister.get('shop/a')).toBe(entry)
  expect(lister.get('shop/a')?.object).toBe(object)
})
