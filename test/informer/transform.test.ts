import { expect, test } from 'vitest'
import { entryFromText } from '../../src/codec/entry'
import type { WatchEntry } from '../../src/codec/wire'
import { memoryPersister } from '../../src/persistence/memory/memory-persister'
import type { ConfigMap } from '../../src/resources/core/v1'
import type { ListerWatcher } from '../../src/source/lister-watcher'
import { TransformingListerWatcher } from '../../src/source/transform'
import { World } from '../conformance/world'
import { brief, noting, Scene } from './support'

for (const initialList of ['list', 'stream'] as const) {
  test(`[informer/transform] the transform runs exactly once per object, before store and persister (${initialList})`, async () => {
    const world = new World(['a', 'b'])
    const storage: Parameters<typeof memoryPersister>[0] = new Map()
    const seen: string[] = []
    const transform = (object: ConfigMap): ConfigMap => {
      seen.push(brief(object))
      return { ...object, data: { small: 'yes' } }
    }
    await using scene = await new Scene(world, { initialList, transform, persist: { to: memoryPersister(storage), version: '1' } }).settle()
    const told: unknown[] = []
    scene.informer.addEventHandler({
      onAdd: ({ data }) => told.push(data),
      onUpdate: (_, { data }) => told.push(data),
      onDelete: ({ data }) => told.push(data),
    })
    world.update('a')
    world.delete('b')
    await world.advance(1_000)
    expect(seen).toEqual(['a@101', 'b@102', 'a@103', 'b@104'])
    expect(told).toEqual(Array(4).fill({ small: 'yes' }))
    const [record] = storage?.values() ?? []
    expect([...(record?.texts.values() ?? [])].map((text) => JSON.parse(text).data)).toEqual([{ small: 'yes' }])
    expect(scene.errors).toEqual([])
  })
}

test('[informer/transform] stored objects are not transformed again', async () => {
  const world = new World(['a'])
  const persister = memoryPersister()
  let runs = 0
  const options = { persist: { to: persister }, transform: (object: ConfigMap) => ({ ...object, data: { runs: String(++runs) } }) }
  {
    await using scene = new Scene(world, options)
    await scene.settle()
  }
  await using scene = await new Scene(world, options).settle()
  expect(scene.informer.lister.get('shop/a')?.object.data).toEqual({ runs: '1' })
  expect(runs).toBe(1)
})

test('[informer/transform] a transform may change its object in place', async () => {
  const transform = (object: ConfigMap): ConfigMap => {
    object.data = {}
    return object
  }
  await using scene = await new Scene(['a'], { transform }).settle()
  expect(scene.informer.lister.get('shop/a')?.object.data).toEqual({})
})

test('[informer/transform] managedFields that were requested reach the transform', async () => {
  const world = new World()
  world.create('a', { managedFields: [{ manager: 'me' }] })
  await using scene = await new Scene(world, { managedFields: 'keep', transform: (object) => ({ ...object }) }).settle()
  expect(scene.informer.lister.get('shop/a')?.object.metadata.managedFields).toEqual([{ manager: 'me' }])
})

test('[informer/transform] [feed/throwing-callback] a transform that throws is reported, its object left out, and its version counts; others are unaffected', async () => {
  const transform = (object: ConfigMap): ConfigMap => {
    if (object.metadata.name === 'b') throw new Error(`not ${brief(object)}`)
    return object
  }
  for (const initialList of ['list', 'stream'] as const) {
    await using scene = await new Scene(['a', 'b'], { initialList, transform }).settle()
    const { world, informer } = scene
    const notes: string[] = []
    informer.addEventHandler(noting(notes))
    world.update('a')
    world.update('b')
    await scene.settle()
    expect(scene.errors).toEqual(['Error: not b@102', 'Error: not b@104'])
    expect(informer.store.resourceVersion).toBe('104')
    expect(informer.lastSyncResourceVersion).toBe('104')
    expect(notes).toEqual(['+a@101!', '~a@103<101'])
  }
})

test('[informer/transform] an object leaves the store even if the transform fails for its deletion', async () => {
  let broken = false
  const transform = (object: ConfigMap): ConfigMap => {
    if (broken) throw new Error('broken')
    return object
  }
  await using scene = await new Scene(['a'], { transform }).settle()
  broken = true
  scene.world.delete('a')
  await scene.settle()
  expect(scene.informer.store.keys()).toEqual([])
})

test('[informer/transform] a transform that changes the identity of an object is reported, and the object left out', async () => {
  const transform = ({ metadata: { resourceVersion: _, ...metadata }, ...object }: ConfigMap): ConfigMap => ({ ...object, metadata })
  await using scene = await new Scene(['a'], { transform }).settle()
  expect(scene.errors).toEqual(["TypeError: a transform must not change an object's resourceVersion: it made nothing of 101"])
  expect(scene.informer.store.size).toBe(0)
})

test('[informer/transform] [wire/malformed] a text that is not JSON ends the watch, as wherever objects are parsed on arrival; the events before it are valid', async () => {
  const pod = (name: string, data: string) =>
    `{"metadata":{"name":"${name}","namespace":"shop","uid":"${name}","resourceVersion":"102"},"data":${data}}`
  const added = (text: string): WatchEntry<ConfigMap> => ({ type: 'ADDED', entry: entryFromText(text) })
  const source: ListerWatcher<ConfigMap> = {
    list: () => Promise.reject(new Error('not asked for')),
    async *watch() {
      yield [added(pod('a', '{}')), added(pod('b', 'nothing')), added(pod('c', '{}'))]
    },
  }
  const errors: unknown[] = []
  const events = new TransformingListerWatcher(
    source,
    (object) => object,
    (error) => errors.push(error),
  ).watch({})
  const { value } = await events.next()
  expect(value).toMatchObject([{ type: 'ADDED', entry: { key: 'shop/a' } }])
  await expect(events.next()).rejects.toThrow('the text of shop/b is not JSON')
  expect(errors).toEqual([])
})
