import { expect, test } from 'vitest'
import { NamespacesFeed, type NamespacesFeedOptions } from '../../src/informer/namespaces/namespaces-feed'
import { SharedInformer } from '../../src/informer/shared-informer'
import { ConfigMap } from '../../src/resources/core/v1'
import { ListWatch } from '../../src/source/list-watch'
import { World } from '../conformance/world'
import { clientOf, quiet } from './support'

function informerOf(
  world: World,
  { requests = [], load }: { requests?: URL[] } & Pick<NamespacesFeedOptions<ConfigMap>, 'load'> = {},
): SharedInformer<ConfigMap> {
  const client = clientOf(world, requests)
  const source = (namespace: string) => new ListWatch(client, ConfigMap, { namespace })
  const lease = () => {
    throw new Error('nobody needs the Namespaces')
  }
  return new SharedInformer((host) => new NamespacesFeed(host, { source, fallback: ['shop'], lease, load }), quiet(world))
}

test('an informer that is stopped while the code for single namespaces is loading ends at once, and sends no request', async () => {
  const world = new World()
  const requests: URL[] = []
  const informer = informerOf(world, { requests, load: () => new Promise(() => {}) })
  const running = informer.run()
  await world.settle()
  expect(informer.state).toBe('connecting')
  await informer.close()
  await running
  expect(informer.status).toMatchObject({ state: 'stopped', error: undefined })
  expect(requests).toEqual([])
  world.expectNothingLeft()
})

test('when the code for single namespaces cannot be loaded, run rejects, the status says why, and waits end', async () => {
  const error = new TypeError('Failed to fetch dynamically imported module')
  const world = new World()
  const informer = informerOf(world, { load: () => Promise.reject(error) })
  const synced = expect(informer.whenSynced()).rejects.toThrow('stopped before it had synced')
  await expect(informer.run()).rejects.toBe(error)
  await synced
  expect(informer.status).toMatchObject({ state: 'stopped', hasSynced: false, error })
  world.expectNothingLeft()
})

test.each([1, 2])('stopping an informer from a status listener (call %d while it connects) ends it', async (times) => {
  const world = new World()
  const informer = informerOf(world)
  let told = 0
  informer.subscribe(({ state }) => {
    if (state === 'connecting' && ++told === times) void informer.close()
  })
  await informer.run()
  expect(informer.state).toBe('stopped')
  await world.settle()
  world.expectNothingLeft()
})
