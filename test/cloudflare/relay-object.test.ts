import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { RelayObject, type RelayObjectOptions, relayWorker } from '../../src/cloudflare'
import { ConfigMap } from '../../src/resources/core/v1'
import { World } from '../conformance/world'
import { briefList, CONFIG_MAPS, readWatch } from '../relay/world'

/** A namespace of Durable Objects in this process, each with a database in memory, in virtual time. */
class Objects {
  readonly world: World
  readonly #options: Partial<RelayObjectOptions>
  readonly #objects = new Map<string, RelayObject<Objects>>()
  readonly #databases = new Map<string, ReturnType<typeof storageOf>>()

  constructor(world: World, options: Partial<RelayObjectOptions> = {}) {
    this.world = world
    this.#options = options
  }

  idFromName(name: string): string {
    return name
  }

  get(id: unknown): RelayObject<Objects> {
    const name = String(id)
    const known = this.#objects.get(name)
    if (known) return known
    const storage = this.#databases.get(name) ?? storageOf()
    this.#databases.set(name, storage)
    const objects = this
    class ConfigMaps extends RelayObject<Objects> {
      readonly relayOptions = ({ world }: Objects): RelayObjectOptions => ({
        client: { baseUrl: world.baseUrl, fetch: world.server.fetch, clock: world.clock },
        callerFetch: world.server.fetch,
        resources: [ConfigMap],
        authorize: 'none',
        objects,
        clock: world.clock,
        random: () => 0.5,
        onError: () => undefined,
        ...objects.#options,
      })
    }
    const made = new ConfigMaps({ storage }, this)
    this.#objects.set(name, made)
    return made
  }

  /** Forgets an object without telling it, as an eviction does. */
  evict(name: string): void {
    this.#objects.delete(name)
  }

  /** Runs a statement in the database of the root. */
  exec(sql: string): void {
    this.#databases.get('root')?.sql.exec(sql)
  }

  get names(): string[] {
    return [...this.#objects.keys()].sort()
  }

  async fetch(leaves: number, query: string, headers: Record<string, string> = {}): Promise<Response> {
    const worker = relayWorker<Objects>({ objects: (env) => env, leaves })
    const answer = worker.fetch(new Request(`http://relay.test${CONFIG_MAPS}?${query}`, { headers }), this)
    await this.world.settle()
    return answer
  }
}

function storageOf() {
  const database = new DatabaseSync(':memory:')
  let alarm: number | null = null
  return {
    sql: {
      exec(sql: string, ...parameters: (string | number | null)[]) {
        const rows = database.prepare(sql).all(...parameters)
        return { toArray: () => rows }
      },
    },
    transactionSync<R>(work: () => R): R {
      database.exec('BEGIN')
      try {
        const result = work()
        database.exec('COMMIT')
        return result
      } catch (error) {
        database.exec('ROLLBACK')
        throw error
      }
    },
    getAlarm: async () => alarm,
    setAlarm: async (time: number) => {
      alarm = time
    },
  }
}

const upstreamWatches = ({ server }: World) => server.openRequests.filter(({ verb, state }) => verb === 'watch' && state === 'open').length

it('[relay/39] watches through leaves show the same events and versions as one at the root, and cost one upstream watch', async () => {
  const world = new World(['a'])
  const objects = new Objects(world)
  const query = 'watch=1&resourceVersion=0&allowWatchBookmarks=true&timeoutSeconds=3600'
  const root = readWatch(await objects.fetch(0, query))
  const leaves = await Promise.all(
    Array.from({ length: 8 }, (_, n) => objects.fetch(3, query, { 'user-agent': `client ${n}` }).then(readWatch)),
  )
  await world.settle()
  expect(objects.names).toEqual(['leaf-0', 'leaf-1', 'leaf-2', 'root'])
  world.create('b')
  world.update('a')
  world.delete('b')
  await world.settle()
  expect(root.events).toEqual(['ADDED a@101', 'BOOKMARK 101 end', 'ADDED b@102', 'MODIFIED a@103', 'DELETED b@104'])
  for (const leaf of leaves) expect(leaf.events).toEqual(root.events)
  expect(upstreamWatches(world)).toBe(1)
})

it('[relay/39] a list at "" through a leaf is the newest state of the API server', async () => {
  const world = new World(['a'])
  const objects = new Objects(world)
  await objects.fetch(1, 'resourceVersion=0')
  world.create('b')
  expect(await briefList(await objects.fetch(1, ''))).toMatchObject({ items: 'a@101 b@102', version: '102' })
})

it('[relay/39] a leaf that dies costs its watchers one resume', async () => {
  const world = new World(['a'])
  const objects = new Objects(world)
  const before = readWatch(await objects.fetch(1, 'watch=1&resourceVersion=0&timeoutSeconds=3600'))
  world.create('b')
  await world.settle()
  objects.evict('leaf-0')
  const after = readWatch(await objects.fetch(1, 'watch=1&resourceVersion=102&timeoutSeconds=3600'))
  world.create('c')
  await world.settle()
  expect(before.events.slice(0, 2)).toEqual(['ADDED a@101', 'ADDED b@102'])
  expect(after.events).toEqual(['ADDED c@103'])
})

it('[relay/40] an object without watchers closes its upstream watch after a minute, and the next request resumes without a list', async () => {
  const world = new World(['a'])
  const objects = new Objects(world)
  const watch = readWatch(await objects.fetch(0, 'watch=1&resourceVersion=0&timeoutSeconds=300'))
  await world.advance(200_000)
  expect(upstreamWatches(world)).toBe(1)
  await watch.cancel()
  await world.advance(59_000)
  expect(upstreamWatches(world)).toBe(1)
  await world.advance(2000)
  expect(upstreamWatches(world)).toBe(0)
  expect(world.clock.pending).toBe(0)
  world.create('b')
  world.server.forgetRequests()
  objects.evict('root')
  expect(await briefList(await objects.fetch(0, 'resourceVersion=0'))).toMatchObject({ items: 'a@101 b@102' })
  const { requests } = world.server
  expect(requests.find(({ verb }) => verb === 'watch')?.url).toContain('resourceVersion=101')
  // Lists of one object only check that the server has the history of the stored version.
  expect(requests.filter(({ verb, url }) => verb === 'list' && !url.includes('limit=1'))).toEqual([])
})

it('[relay/31] an object that is evicted without warning resumes at the last stored version', async () => {
  const world = new World(['a'])
  const objects = new Objects(world)
  await objects.fetch(0, 'watch=1&resourceVersion=0&timeoutSeconds=3600')
  world.create('b')
  await world.advance(6000)
  objects.evict('root')
  world.create('c')
  world.server.forgetRequests()
  const resumed = readWatch(await objects.fetch(0, 'watch=1&resourceVersion=102&timeoutSeconds=3600'))
  await world.settle()
  expect(resumed.events).toEqual(['ADDED c@103'])
  expect(world.server.requests.filter(({ verb, url }) => verb === 'list' && !url.includes('limit=1'))).toEqual([])
})

it('an object whose storage was taken over ends its watches at once', async () => {
  const world = new World(['a'])
  const objects = new Objects(world)
  const old = readWatch(await objects.fetch(0, 'watch=1&resourceVersion=0&timeoutSeconds=3600'))
  objects.evict('root')
  const young = readWatch(await objects.fetch(0, 'watch=1&resourceVersion=0&timeoutSeconds=3600'))
  world.create('b')
  await world.advance(6000)
  expect([old.state, young.state]).toEqual(['ended', 'open'])
})

it('[relay/31] texts beyond residentBytes are read from the storage: lists, selectors and events are the same, before and after an eviction', async () => {
  const world = new World(['a', 'b'])
  const objects = new Objects(world, { residentBytes: 0 })
  const query = 'watch=1&resourceVersion=0&labelSelector=app&timeoutSeconds=3600'
  const changes = async () => {
    const watch = readWatch(await objects.fetch(0, query))
    await world.settle()
    world.update('b', { labels: { app: 'web' } })
    await world.advance(6000)
    // Its last state, which the watcher gets, is in the storage only.
    world.update('b')
    world.delete('a')
    await world.advance(6000)
    world.create('a')
    await world.advance(6000)
    await watch.cancel()
    return watch.events.map((event) => event.replace(/@\d+/, ''))
  }
  const before = await changes()
  expect(before).toEqual(['ADDED b', 'DELETED b'])
  objects.evict('root')
  world.server.forgetRequests()
  const list = await briefList(await objects.fetch(0, 'resourceVersion=0'))
  expect(list.items).toMatch(/^a@\d+ b@\d+$/)
  expect(await changes()).toEqual(before)
  expect((await briefList(await objects.fetch(0, 'resourceVersion=0&labelSelector=app'))).items).toBe('')
  expect(world.server.requests.filter(({ verb, url }) => verb === 'list' && !url.includes('limit=1'))).toEqual([])
})

it('an object that cannot read its storage any more answers 503 and ends its watches', async () => {
  const world = new World(['a'])
  const objects = new Objects(world, { residentBytes: 0 })
  const watch = readWatch(await objects.fetch(0, 'watch=1&resourceVersion=0&timeoutSeconds=3600'))
  await world.advance(6000)
  const old = objects.get('root')
  objects.evict('root')
  await objects.fetch(0, 'watch=1&resourceVersion=0&timeoutSeconds=3600')
  world.server.disconnect()
  objects.exec('DELETE FROM kubeflect_segments_2')
  const response = await old.fetch(new Request(`http://relay.test${CONFIG_MAPS}?resourceVersion=0&labelSelector=app`))
  await world.settle()
  expect([response.status, watch.state]).toEqual([503, 'ended'])
})

it('a client cannot name the part of the relay that answers it', async () => {
  const world = new World(['a'])
  const authorize = { sendsAs: 'caller' as const, identify: async () => undefined }
  const objects = new Objects(world, { authorize })
  expect((await objects.fetch(0, 'resourceVersion=0', { 'kubeflect-relay-part': 'feed' })).status).toBe(401)
})

it.each([-1, 1.5, 1001])('relayWorker refuses %s leaves', (leaves) => {
  expect(() => relayWorker({ objects: () => new Objects(new World()), leaves })).toThrow(RangeError)
})
