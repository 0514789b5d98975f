import { expect, test } from 'vitest'
import { CustomResourceDefinition } from '../../src/discovery/custom-resource-definition'
import type { Discovery } from '../../src/discovery/discovery'
import { watchDiscovery } from '../../src/discovery/watch'
import { FakeApiServer } from '../../src/testing'
import { World } from '../conformance/world'
import { quiet } from '../informer/support'
import { clientOf, define, widgets } from './support'

/** A server whose discovery is followed; when it is disposed of, nothing may be left. */
class Followed implements AsyncDisposable {
  readonly world = new World()
  readonly server = this.world.server
  readonly clock = this.world.clock
  readonly seen: Discovery[] = []
  readonly errors: unknown[] = []
  readonly #stop = new AbortController()
  #done: Promise<void> | undefined

  async start({ onChange = () => {} }: { onChange?: () => void } = {}): Promise<this> {
    this.#done = watchDiscovery(clientOf(this.server), {
      ...quiet(this.world),
      signal: this.#stop.signal,
      onError: (error) => this.errors.push(error),
      onChange: (discovery) => {
        this.seen.push(discovery)
        onChange()
      },
    })
    await this.clock.settle()
    return this
  }

  get plurals(): string[] {
    return (
      this.seen
        .at(-1)
        ?.resources.filter(({ group }) => group === 'example.com')
        .map(({ plural }) => plural) ?? []
    )
  }

  /** How often discovery was asked for since the last time. */
  asked(): number {
    const count = this.server.requests.filter(({ url }) => new URL(url).pathname === '/apis').length
    this.server.forgetRequests()
    return count
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.clock.settle()
    await this.#done
    this.world.expectNothingLeft()
  }
}

test('watchDiscovery reports the current resources first, then each definition that comes or goes', async () => {
  await using followed = await new Followed().start()
  expect(followed.plurals).toEqual([])
  await followed.clock.advance(1_000)
  expect(followed.seen).toHaveLength(1)
  define(followed.server)
  await followed.clock.advance(250)
  expect(followed.plurals).toEqual(['widgets'])
  followed.server.delete(CustomResourceDefinition, { name: 'widgets.example.com' })
  await followed.clock.advance(250)
  expect(followed.plurals).toEqual([])
  expect(followed.seen).toHaveLength(3)
})

test('watchDiscovery watches definitions as metadata', async () => {
  await using followed = await new Followed().start()
  const watch = followed.server.requests.find(({ resource, verb }) => resource.startsWith('customresourcedefinitions') && verb === 'watch')
  expect(watch?.headers.get('accept')).toContain('as=PartialObjectMetadata')
})

test('watchDiscovery reads discovery once for many changes at a time', async () => {
  await using followed = await new Followed().start()
  await followed.clock.advance(600_000)
  followed.asked()
  for (const name of ['as', 'bs', 'cs']) define(followed.server, widgets(name, 'A'))
  await followed.clock.advance(300)
  expect(followed.asked()).toBe(1)
  expect(followed.plurals).toEqual(['as', 'bs', 'cs'])
})

test('watchDiscovery reads again at growing intervals after a change, because the server updates its discovery late', async () => {
  await using followed = await new Followed().start()
  await followed.clock.advance(600_000)
  followed.asked()
  define(followed.server)
  await followed.clock.advance(250)
  const counts: number[] = []
  for (const seconds of [1, 2, 4, 8, 16]) {
    await followed.clock.advance(seconds * 1_000)
    counts.push(followed.asked())
  }
  expect(counts).toEqual([2, 1, 1, 1, 1])
  await followed.clock.advance(3_600_000)
  expect(followed.asked()).toBeLessThan(20)
})

test('watchDiscovery reports a change at the next poll to a user who may not watch definitions', async () => {
  const denied = new Followed()
  denied.server.faults.add({
    match: { resource: 'customresourcedefinitions.apiextensions.k8s.io' },
    times: 1_000,
    fault: { type: 'status', status: 403, reason: 'Forbidden' },
  })
  await using followed = await denied.start()
  await followed.clock.advance(1_000_000)
  define(followed.server)
  await followed.clock.advance(300_000)
  expect(followed.plurals).toEqual(['widgets'])
  expect(followed.errors).toEqual([])
})

test('watchDiscovery retries while the server is down, and reports errors of the listener', async () => {
  const down = new Followed()
  down.server.faults.add({ match: ({ url }) => url.endsWith('/apis'), times: 2, fault: { type: 'refuse' } })
  await using followed = await down.start()
  expect(followed.seen).toEqual([])
  await followed.clock.advance(10_000)
  expect(followed.seen).toHaveLength(1)
  expect(followed.errors.map(String)).toEqual(Array(2).fill(expect.stringContaining('GET http://kubernetes.test/apis: no answer')))
})

test('watchDiscovery does nothing for an aborted signal', async () => {
  const server = new FakeApiServer()
  await watchDiscovery(clientOf(server), { signal: AbortSignal.abort(), onChange: () => expect.unreachable() })
  expect(server.requests).toEqual([])
})
