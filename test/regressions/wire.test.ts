import { expect, test } from 'vitest'
import type { KubeObject } from '../../src/api/object'
import { KubeClient } from '../../src/http/client'
import { createInformer } from '../../src/informer/create-informer'
import { ConfigMap, Namespace } from '../../src/resources/core/v1'
import { World } from '../conformance/world'
import { clientOf, quiet, Scene } from '../informer/support'

test('LIST and WATCH return the same types: a time is the string the server sent', async () => {
  await using scene = await new Scene(['listed'], { initialList: 'list' }).settle()
  scene.world.create('watched')
  await scene.settle()
  const times = ['listed', 'watched'].map((name) => scene.informer.lister.get(`shop/${name}`)?.object.metadata.creationTimestamp)
  expect(times).toEqual(['1970-01-01T00:00:00Z', '1970-01-01T00:00:00Z'])
})

test('U+2028 and U+2029 inside a string do not end a line', async () => {
  await using scene = await new Scene([]).settle()
  scene.world.create('a', { data: { text: 'one\u2028two\u2029three' } })
  await scene.settle()
  expect(scene.informer.lister.get('shop/a')?.object.data).toEqual({ text: 'one\u2028two\u2029three' })
  expect(scene.errors).toEqual([])
})

test('a base path such as /k8s/clusters/c1 is kept, in lists and in watches; plain http takes no option', async () => {
  const world = new World(['a'])
  const paths: string[] = []
  const client = new KubeClient({
    baseUrl: 'http://rancher.test/k8s/clusters/c1',
    fetch: (request) => {
      const { pathname, search } = new URL(request.url)
      paths.push(pathname)
      return world.fetch(new Request(`${world.baseUrl}${pathname.replace('/k8s/clusters/c1', '')}${search}`, request))
    },
  })
  await using informer = createInformer(client, ConfigMap, { ...quiet(world), namespace: 'shop', initialList: 'list' })
  await informer.whenSynced()
  await world.settle()
  expect(informer.store.keys()).toEqual(['shop/a'])
  expect(paths).toEqual(Array(2).fill('/k8s/clusters/c1/api/v1/namespaces/shop/configmaps'))
})

test('cluster-scoped keys match: found by name, changed and deleted', async () => {
  const world = new World()
  await using namespaces = createInformer(clientOf(world), Namespace, quiet(world))
  await namespaces.whenSynced()
  const told: string[] = []
  const note = (what: string) => (object: KubeObject) => told.push(`${what} ${object.metadata.name}`)
  namespaces.addEventHandler({ onUpdate: note('updated'), onDelete: note('deleted') })
  const shop = world.server.create(Namespace, { metadata: { name: 'shop' } })
  world.server.update(Namespace, { ...shop, metadata: { ...shop.metadata, labels: { team: 'a' } } })
  await world.settle()
  expect(namespaces.lister.get('shop')?.object.metadata.labels).toMatchObject({ team: 'a' })
  world.server.delete(Namespace, { name: 'shop' })
  await world.settle()
  expect(namespaces.lister.get('shop')).toBeUndefined()
  expect(told).toEqual(['updated shop', 'deleted shop'])
})

test('managedFields do not fill the memory', async () => {
  const world = new World()
  world.create('listed', { managedFields: [{ manager: 'me' }] })
  await using scene = await new Scene(world).settle()
  world.create('watched', { managedFields: [{ manager: 'me' }] })
  await scene.settle()
  expect(scene.informer.store.list().filter(({ text }) => text.includes('managedFields'))).toEqual([])
})

test('a stream without a line end does not fill the memory: the feed gives up at its bound, says so, and comes back', async () => {
  const world = new World(['a'])
  const reported: string[] = []
  await using scene = new Scene(world, {
    initialList: 'list',
    maxLineLength: 1_000,
    onError: (error) => reported.push(String(error)),
  })
  world.server.faults.add({ match: { verb: 'watch' }, fault: { type: 'line', text: `{"type":"ADDED","object":${' '.repeat(2_000)}` } })
  await world.advance(10_000)
  expect(reported).toEqual([expect.stringContaining('1000')])
  expect(scene.informer.state).toBe('live')
})
