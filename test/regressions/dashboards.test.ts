import { expect, test } from 'vitest'
import type { Clock } from '../../src/internal/clock'
import type { Wake } from '../../src/internal/wake'
import { memoryPersister } from '../../src/persistence/memory/memory-persister'
import { World } from '../conformance/world'
import { noting, Scene } from '../informer/support'

test('an empty table can be distinguished from one that is still loading', async () => {
  const world = new World()
  world.server.faults.add({ fault: { type: 'delay', ms: 5_000 } })
  await using scene = await new Scene(world).settle()
  expect(scene.informer.status).toMatchObject({ state: 'connecting', hasSynced: false, source: undefined })
  await world.advance(5_000)
  expect(scene.informer.status).toMatchObject({ state: 'live', hasSynced: true, source: 'stream' })
  expect(scene.informer.store.size).toBe(0)
})

test('a reload does not show an empty table: the rows are there before any request, and nothing is listed', async () => {
  const world = new World(['a', 'b'])
  const persister = memoryPersister()
  {
    await using first = new Scene(world, { persist: { to: persister } })
    await first.settle()
  }
  world.server.faults.add({ fault: { type: 'delay', ms: 5_000 } })
  await using scene = new Scene(world, { persist: { to: persister } })
  const states: string[] = [scene.informer.state]
  scene.informer.subscribe(({ state }) => states.push(state))
  await scene.settle()
  expect(scene.informer.store.size).toBe(2)
  await world.advance(5_000)
  expect(new Set(states)).toEqual(new Set(['connecting', 'live']))
  expect(scene.requests.map(({ searchParams }) => [searchParams.get('watch'), searchParams.get('resourceVersion')])).toEqual([
    ['true', '102'],
  ])
})

test('a connection that died in the machine’s sleep is not taken for a quiet one', async () => {
  const world = new World(['a'])
  world.server.faults.add({ match: { verb: 'watch' }, fault: { type: 'stall', afterBytes: 0 } })
  let asleepMs = 0
  const clock: Clock = {
    now: () => world.clock.now() + asleepMs,
    setTimeout: (callback, ms) => world.clock.setTimeout(callback, ms),
    clearTimeout: (timer) => world.clock.clearTimeout(timer),
  }
  let wake: (wake: Wake) => void = () => {}
  const onWake = (listener: typeof wake) => {
    wake = listener
    return () => {}
  }
  await using scene = await new Scene(world, { initialList: 'list', clock, onWake }).settle()
  const states: string[] = []
  scene.informer.subscribe(({ state }) => states.at(-1) !== state && states.push(state))
  world.create('b')
  await scene.settle()
  asleepMs = 3_600_000
  wake('visible')
  await world.advance(5_000)
  expect(states).toEqual(['stale', 'backoff', 'connecting', 'live'])
  expect(scene.informer.store.size).toBe(2)
})

test('a lost network is a visible state, and the rows stay', async () => {
  await using scene = await new Scene(['a']).settle()
  const { world, informer } = scene
  const restore = world.server.faults.add({ times: 99, fault: { type: 'refuse' } })
  world.server.disconnect()
  await world.advance(10_000)
  expect(informer.status).toMatchObject({ state: 'backoff', hasSynced: true, error: { name: 'ConnectionError' } })
  expect(informer.store.size).toBe(1)
  restore()
  await world.advance(120_000)
  expect(informer.status).toMatchObject({ state: 'live', error: undefined })
})

test('rows keep their identity unless their version changes', async () => {
  await using scene = await new Scene(['a', 'b']).settle()
  const { informer, world } = scene
  const before = informer.store.list().map(({ object }) => object)
  world.update('b')
  await scene.settle()
  world.server.disconnect()
  await world.advance(5_000)
  const after = informer.store.list().map(({ object }) => object)
  expect(before.map((object, at) => object === after[at])).toEqual([true, false])
})

test('one slow widget does not hold up the others', async () => {
  await using scene = await new Scene(['a']).settle()
  const notes: string[] = []
  let release = () => {}
  scene.informer.addEventHandler({ onAdd: () => new Promise<void>((resolve) => (release = resolve)) })
  scene.informer.addEventHandler(noting(notes))
  await scene.settle()
  scene.world.create('b')
  await scene.settle()
  expect(notes).toEqual(['+a@101!', '+b@102'])
  release()
})
