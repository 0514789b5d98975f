import { expect, it, vi } from 'vitest'
import { FakeCluster } from '../../playground/server/fake-cluster.ts'
import { RelayedCluster } from '../../playground/server/relayed-cluster.ts'
import { readWatch } from '../relay/world'

it('a playground behind a relay serves all watches of a resource from one, which outlive the troubles behind it', async () => {
  using inner = new FakeCluster({ pods: 3, changesPerSecond: 0 })
  await using cluster = new RelayedCluster(inner)
  const path = 'http://127.0.0.1/api/v1/pods'
  const upstream = () => inner.server.openRequests.filter(({ verb, resource }) => verb === 'watch' && resource === 'pods').length
  await vi.waitFor(() => expect(cluster.relay.upstream).toBe(10), 10_000)
  const watches = await Promise.all(
    [1, 2, 3].map(async () => readWatch(await cluster.fetch(new Request(`${path}?watch=1&resourceVersion=0&timeoutSeconds=600`)))),
  )
  expect([cluster.relay.served, upstream()]).toEqual([3, 1])
  cluster.expire()
  const { items } = await (await cluster.fetch(new Request(path))).json()
  const [{ metadata }] = items
  await cluster.fetch(new Request(`http://127.0.0.1/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`, { method: 'DELETE' }))
  await vi.waitFor(() => {
    for (const { events, state } of watches)
      expect([events.some((event) => event.startsWith(`MODIFIED ${metadata.name}@`)), state]).toEqual([true, 'open'])
  }, 10_000)
  for (const watch of watches) await watch.cancel()
}, 30_000)
