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

test('what there is comes first, then each change: a definition that comes, and goes', async () => {
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

test('definitions are watched as metadata', async () => {
  await using followed = await new Followed().start()
  const watch = followed.server.requests.find(({ resource, verb }) => resource.startsWith('customresourcedefinitions') && verb === 'watch')
  expect(watch?.headers.get('accept')).toContain('as=PartialObjectMetadata')
})

test('many changes at a time cost one look', async () => {
  await using followed = await new Followed().start()
  await followed.clock.advance(600_000)
  followed.asked()
  for (const name of ['as', 'bs', 'cs']) define(followed.server, widgets(name, 'A'))
  await followed.clock.advance(300)
  expect(followed.asked()).toBe(1)
  expect(followed.plurals).toEqual(['as', 'bs', 'cs'])
})

test('the server is asked again after a change, ever less often, as its discovery may come late', async () => {
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

test('who may not watch definitions learns of a change at the next poll', async () => {
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

test('a server that is down is asked again; what cannot be told is reported', async () => {
  const down = new Followed()
  down.server.faults.add({ match: ({ url }) => url.endsWith('/apis'), times: 2, fault: { type: 'refuse' } })
  await using followed = await down.start()
  expect(followed.seen).toEqual([])
  await followed.clock.advance(10_000)
  expect(followed.seen).toHaveLength(1)
  expect(followed.errors.map(String)).toEqual(Array(2).fill(expect.stringContaining('GET http://kubernetes.test/apis: no answer')))
})

test('an aborted signal ends it before it begins', async () => {
  const server = new FakeApiServer()
  await watchDiscovery(clientOf(server), { signal: AbortSignal.abort(), onChange: () => expect.unreachable() })
  expect(server.requests).toEqual([])
})
