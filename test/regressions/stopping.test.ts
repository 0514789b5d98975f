import { expect, test } from 'vitest'
import { SharedInformerFactory } from '../../src/informer/factory'
import { SharedInformer } from '../../src/informer/shared-informer'
import { ConfigMap } from '../../src/resources/core/v1'
import { ListWatch } from '../../src/source/list-watch'
import { World } from '../conformance/world'
import { clientOf, noting, quiet, Scene } from '../informer/support'

for (const verb of ['list', 'watch'] as const) {
  test(`stop() while the ${verb === 'list' ? 'LIST' : 'watch’s headers'} are pending leaves no watch behind, and is no error`, async () => {
    const world = new World(['a'])
    world.server.faults.add({ match: { verb }, fault: { type: 'delay', ms: 5_000 } })
    const reported: unknown[] = []
    await using scene = new Scene(world, {
      initialList: 'list',
      onError: (error) => reported.push(error),
      onEvent: (event) => event.type === 'error' && reported.push(event.error),
    })
    await scene.settle()
    expect(world.server.openRequests.map((request) => request.verb)).toEqual([verb])
    await scene.informer.close()
    world.expectNothingLeft()
    const asked = scene.requests.length
    await world.advance(600_000)
    expect(scene.requests).toHaveLength(asked)
    expect([...reported, ...scene.errors, scene.informer.status.error]).toEqual([undefined])
  })
}

test('an error handler that starts the informer again cannot bring a stopped one back', async () => {
  const world = new World(['a'])
  const restarts: string[] = []
  const informer = new SharedInformer(new ListWatch(clientOf(world), ConfigMap, { namespace: 'shop' }), {
    ...quiet(world),
    onError: () => void informer.run().catch((error: Error) => restarts.push(error.message)),
  })
  const running = informer.run()
  world.server.disconnect()
  world.server.faults.add({ fault: { type: 'refuse' } })
  await world.settle()
  await informer.close()
  await running
  await world.advance(600_000)
  expect(new Set(restarts)).toEqual(new Set(['the informer was started or stopped before: make another informer']))
  expect(informer.state).toBe('stopped')
  world.expectNothingLeft()
})

test('an abort does not throw: run() resolves', async () => {
  const world = new World(['a'])
  const informer = new SharedInformer(new ListWatch(clientOf(world), ConfigMap, { namespace: 'shop' }), quiet(world))
  const stop = new AbortController()
  const running = informer.run({ signal: stop.signal })
  await informer.whenSynced()
  stop.abort(new Error('the user left'))
  await expect(running).resolves.toBeUndefined()
  expect(informer.status).toMatchObject({ state: 'stopped', error: undefined })
})

test('the first of two subscribers to leave does not take the shared watch with it', async () => {
  const world = new World(['a'])
  const requests: URL[] = []
  await using informers = new SharedInformerFactory(clientOf(world, requests), { ...quiet(world), namespace: 'shop' })
  informers.start()
  const first = informers.lease(ConfigMap)
  const second = informers.lease(ConfigMap)
  const notes: string[] = []
  second.informer.addEventHandler(noting(notes))
  await world.settle()
  first.release()
  first.release()
  world.create('b')
  await world.settle()
  expect(notes).toEqual(['+a@101!', '+b@102'])
  expect(requests).toHaveLength(1)
})
