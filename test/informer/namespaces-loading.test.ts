import { afterEach, expect, test, vi } from 'vitest'
import { newInformer } from '../../src/informer/create-informer'
import type { SharedInformer } from '../../src/informer/shared-informer'
import { ConfigMap } from '../../src/resources/core/v1'
import { World } from '../conformance/world'
import { clientOf, quiet } from './support'

const FAN_IN = '../../src/informer/namespaces-fan-in'

afterEach(() => {
  vi.doUnmock(FAN_IN)
  vi.resetModules()
})

function informerOf(world: World, requests: URL[] = []): SharedInformer<ConfigMap> {
  const lease = () => {
    throw new Error('nobody needs the Namespaces')
  }
  return newInformer(clientOf(world, requests), ConfigMap, { ...quiet(world), fallbackNamespaces: ['shop'] }, lease)
}

test('an informer that is stopped while what follows namespaces is loaded ends at once, and asks for nothing', async () => {
  vi.doMock(FAN_IN, () => new Promise(() => {}))
  const world = new World()
  const requests: URL[] = []
  const informer = informerOf(world, requests)
  const running = informer.run()
  await world.settle()
  expect(informer.state).toBe('connecting')
  await informer.stop()
  await running
  expect(informer.status).toMatchObject({ state: 'stopped', error: undefined })
  expect(requests).toEqual([])
  world.expectNothingLeft()
})

test('when what follows namespaces cannot be loaded, run rejects, the status says why, and nobody waits any longer', async () => {
  const error = new TypeError('Failed to fetch dynamically imported module')
  vi.doMock(FAN_IN, () => Promise.reject(error))
  const world = new World()
  const informer = informerOf(world)
  const synced = expect(informer.whenSynced()).rejects.toThrow('stopped before it had synced')
  await expect(informer.run()).rejects.toMatchObject({ cause: error })
  await synced
  expect(informer.status).toMatchObject({ state: 'stopped', hasSynced: false, error: { cause: error } })
  world.expectNothingLeft()
})

test.each([1, 2])('an informer that is stopped by who was told %d times that it connects ends', async (times) => {
  const world = new World()
  const informer = informerOf(world)
  let told = 0
  informer.subscribe(({ state }) => {
    if (state === 'connecting' && ++told === times) void informer.stop()
  })
  await informer.run()
  expect(informer.state).toBe('stopped')
  await world.settle()
  world.expectNothingLeft()
})
