import { expect, test } from 'vitest'
import { createInformer } from '../../src/informer/create-informer'
import { eachAllowed } from '../../src/informer/namespaces/each-allowed'
import { table } from '../../src/informer/sources/table'
import { ConfigMap } from '../../src/resources/core/v1'
import { inWorker } from '../../src/worker/page/in-worker'
import { World } from '../conformance/world'
import { clientOf, quiet, Scene } from './support'

test('a store, its informer and its lister have the same names for reading', async () => {
  const world = new World(['a', 'b'])
  await using scene = await new Scene(world, { indexers: { name: ({ metadata }) => [metadata.name ?? ''] } }).settle()
  const { store, indexer, lister } = scene.informer
  for (const reader of [store, indexer, lister]) {
    expect(reader.get('shop/a')?.name).toBe('a')
    expect(reader.list()).toHaveLength(2)
    expect(reader.byIndex('name', 'b').map(({ key }) => key)).toEqual(['shop/b'])
    expect(() => reader.byIndex('node' as 'name', 'n1')).toThrow("there is no index 'node'")
  }
  expect(store.get({ metadata: { namespace: 'shop', name: 'b' } })).toBe(store.get('shop/b'))
})

test('the plain objects equal those of the entries', async () => {
  const world = new World(['a', 'b'])
  await using scene = await new Scene(world).settle()
  const objects = scene.informer.objects()
  expect(objects.map(({ metadata }) => metadata.name).sort()).toEqual(['a', 'b'])
  expect(scene.informer.store.objects()).toEqual(objects)
})

test('a table in a Worker is refused with an explanation: the client itself reads rows', () => {
  const world = new World()
  const options = { ...quiet(world), source: table(), worker: inWorker() }
  // @ts-expect-error: the types refuse it, too.
  expect(() => createInformer(clientOf(world), ConfigMap, options)).toThrow('table: rows are read by a KubeReader or KubeClient')
})

test('namespaces that are not an array are refused at the call', () => {
  expect(() => eachAllowed('shop' as never)).toThrow('eachAllowed: expected an array of namespaces, got "shop"')
})
