import { expect, test } from 'vitest'
import { KubeClient } from '../../src/http/client'
import { createInformer } from '../../src/informer/create-informer'
import { SharedInformerFactory } from '../../src/informer/factory'
import { ConfigMap } from '../../src/resources/core/v1'
import { World } from '../conformance/world'
import { clientOf, noting, quiet, Scene } from '../informer/support'

const watches = (scene: Scene) => scene.requests.flatMap(({ searchParams }) => (searchParams.has('watch') ? [searchParams] : []))

test('HTTP 500 does not end an informer: not for a list, and not for a watch', async () => {
  const world = new World(['a'])
  for (const verb of ['list', 'watch'] as const) {
    world.server.faults.add({ match: { verb }, times: 3, fault: { type: 'status', status: 500, reason: 'InternalError' } })
  }
  await using scene = new Scene(world, { initialList: 'list' })
  await world.advance(120_000)
  expect(scene.informer.state).toBe('live')
  world.create('b')
  await scene.settle()
  expect(scene.informer.store.size).toBe(2)
})

test('an ERROR in the stream that is not 410 is reported, and the watch continues from its version', async () => {
  const world = new World(['a'])
  world.server.faults.add({ match: { verb: 'watch' }, fault: { type: 'error-event', status: { code: 403, message: 'no longer yours' } } })
  const errors: unknown[] = []
  await using scene = await new Scene(world, {
    initialList: 'list',
    onEvent: (event) => event.type === 'error' && errors.push(event.error),
  })
  await scene.settle()
  expect(errors.map(String)).toEqual(['WatchError: no longer yours'])
  expect(scene.informer.status).toMatchObject({ state: 'denied', error: errors[0] })
  await world.advance(60_000)
  expect(scene.informer.state).toBe('live')
  expect(watches(scene).map((params) => params.get('resourceVersion'))).toEqual(['101', '101'])
})

test('HTTP 410 does not end an informer, and no wait hangs: handlers receive the differences of the relist', async () => {
  await using scene = await new Scene(['a']).settle()
  const { world } = scene
  const notes: string[] = []
  scene.informer.addEventHandler(noting(notes))
  world.server.faults.add({ match: { verb: 'watch' }, fault: { type: 'status', status: 410, reason: 'Expired' } })
  world.server.disconnect()
  world.create('b')
  await world.advance(20_000)
  expect(scene.informer.state).toBe('live')
  expect(notes).toEqual(['+a@101!', '+b@102'])
})

test('a server that closes every watch at once is not asked 530 times a second', async () => {
  const world = new World(['a'])
  world.server.faults.add({ match: { verb: 'watch' }, times: 10_000, fault: { type: 'cut', afterBytes: 0, ending: 'close' } })
  await using scene = new Scene(world, { initialList: 'list' })
  await world.advance(60_000)
  expect(scene.requests.length).toBeLessThan(20)
  await world.advance(600_000)
  expect(scene.requests.length).toBeLessThan(80)
})

test('a resource version of one namespace does not move the cluster-wide one', async () => {
  const world = new World(['a'])
  const requests: URL[] = []
  await using informers = new SharedInformerFactory(clientOf(world, requests), { ...quiet(world), initialList: 'list' })
  const everywhere = informers.informer(ConfigMap)
  const shop = informers.informer(ConfigMap, { namespace: 'shop' })
  // From now on the cluster-wide watch is silent.
  world.server.faults.add({
    match: ({ url, verb }) => verb === 'watch' && !url.includes('/namespaces/'),
    fault: { type: 'stall', afterBytes: 0 },
  })
  informers.start()
  await informers.whenSynced()
  await world.settle()
  world.create('b')
  await world.settle()
  expect([everywhere.lastSyncResourceVersion, shop.lastSyncResourceVersion]).toEqual(['101', '102'])
  world.server.disconnect()
  await world.advance(5_000)
  expect(everywhere.store.keys()).toEqual(['shop/a', 'shop/b'])
  const watched = requests.filter(({ pathname, search }) => pathname === '/api/v1/configmaps' && search.includes('watch='))
  expect(watched.map(({ searchParams }) => searchParams.get('resourceVersion'))).toEqual(['101', '101'])
})

test('where streamed lists are refused, the state is listed instead', async () => {
  await using scene = await new Scene(new World(['a'], { watchList: 'refused' })).settle()
  expect(await scene.informer.whenSynced()).toEqual({ source: 'list' })
  expect(scene.informer.state).toBe('live')
})

test('every watch asks for bookmarks, so that a quiet feed can resume', async () => {
  await using scene = await new Scene(['a'], { initialList: 'list' }).settle()
  scene.world.server.disconnect()
  await scene.world.advance(5_000)
  expect(watches(scene).map((params) => params.get('allowWatchBookmarks'))).toEqual(['true', 'true'])
})

test('a logout causes no storm of 401: ten feeds share one refresh, and each retries once or twice a minute', async () => {
  const world = new World(['a'])
  world.server.faults.add({ times: 1e6, fault: { type: 'status', status: 401 } })
  let sent = 0
  let tokens = 0
  const client = new KubeClient({
    baseUrl: world.baseUrl,
    token: async () => `token ${++tokens}`,
    fetch: (request) => {
      sent++
      return world.fetch(request)
    },
  })
  const informers = Array.from({ length: 10 }, () => createInformer(client, ConfigMap, { ...quiet(world), initialList: 'list' }))
  await world.settle()
  expect(new Set(informers.map(({ state }) => state))).toEqual(new Set(['denied']))
  expect({ sent, tokens }).toEqual({ sent: 20, tokens: 2 })
  await world.advance(10 * 60_000)
  // With the token that was refused, and with a fresh one, every half minute at the most.
  expect(sent).toBeLessThanOrEqual(10 * 2 * 21)
  await Promise.all(informers.map((informer) => informer.close()))
})

test('a user who may not list the cluster gets a state, and a promise that rejects when requested to', async () => {
  const world = new World(['a'])
  world.server.faults.add({ times: 1_000, fault: { type: 'status', status: 403, reason: 'Forbidden' } })
  await using scene = new Scene(world)
  await expect(scene.informer.whenSynced({ onDenied: 'reject' })).rejects.toMatchObject({ status: 403 })
  expect(scene.informer.state).toBe('denied')
})
