// A resourceVersion belongs to one history. These tests put another history behind the same URL.
import { describe, expect, test } from 'vitest'
import { entryFromObject } from '../../src/codec/entry'
import { type MemoryStorage, memoryPersister } from '../../src/persistence/memory/memory-persister'
import { HistoryCheck } from '../../src/reflector/history-check'
import { ConfigMap } from '../../src/resources/core/v1'
import type { FakeApiServerOptions, VirtualClock } from '../../src/testing'
import { FakeApiServer } from '../../src/testing'
import { Page, type PageOptions } from '../conformance/page'
import { World } from '../conformance/world'

/** A world whose URL is served by one cluster after the other. */
class Clusters extends World {
  #current: FakeApiServer = this.server
  #uids = 0

  override get fetch(): World['fetch'] {
    return (request) => this.#current.fetch(request)
  }

  get current(): FakeApiServer {
    return this.#current
  }

  /** Another cluster whose version is `resourceVersion` before its objects. */
  replace(resourceVersion: number, names: readonly string[], options: FakeApiServerOptions = {}): FakeApiServer {
    const uid = () => `other-${this.#uids++}`
    const next = new FakeApiServer({ clock: this.clock as VirtualClock, resourceVersion, uid, ...options })
    for (const name of names) next.create(ConfigMap, this.object(name))
    this.#current.disconnect()
    this.#current = next
    return next
  }

  override expectNothingLeft(): void {
    expect(this.#current.openRequests).toEqual([])
    expect(this.clock.pending).toBe(0)
  }

  stateOf(server: FakeApiServer): string {
    return server
      .list(ConfigMap)
      .map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`)
      .sort()
      .join(' ')
  }
}

const names = (count: number, prefix = 'a') => Array.from({ length: count }, (_, i) => `${prefix}${String(i).padStart(3, '0')}`)
const lists = (page: Page) => page.requests.filter((request) => !request.startsWith('watch')).length

/** Notes what is shown as confirmed: the store's objects whenever the feed is live. */
function confirmed(page: Page): Set<string> {
  const shown = new Set<string>()
  const look = () => {
    if (page.reflector.state === 'live') for (const { uid } of page.store.list()) shown.add(uid)
  }
  page.reflector.subscribe(look)
  page.store.subscribe(look)
  return shown
}

describe('another cluster answers at the same URL', () => {
  for (const stored of [true, false]) {
    for (const [where, version] of [
      ['ahead of', 180],
      ['equal to', 138],
      ['behind', 20],
    ] as const) {
      for (const options of [{}, { initialList: 'list' }, { listWatch: { labelSelector: '!none' } }] satisfies PageOptions[]) {
        test(`its versions ${where} the first one's, ${stored ? 'after a reload with a snapshot' : 'while the page is open'} (${JSON.stringify(options)}): the store is the second one's within 15 s`, async () => {
          const world = new Clusters(names(40))
          const storage: MemoryStorage = new Map()
          const persisted = { ...options, persister: memoryPersister(storage) }
          let page = await new Page(world, persisted).open()
          await world.advance(1000)
          expect(page.reflector.lastSyncResourceVersion).toBe('140')
          if (stored) {
            await page.close()
            page = new Page(world, { ...options, persister: memoryPersister(storage) })
          }
          const count = where === 'equal to' ? 2 : 60
          const other = world.replace(version - 2, names(count, where === 'behind' ? 'a' : 'b'))
          page.forget()
          const shown = stored ? confirmed(page) : new Set<string>()
          if (stored) await page.open()
          await using _ = page
          await world.advance(15_000)
          expect(page.state).toBe(world.stateOf(other))
          expect(page.reflector.state).toBe('live')
          expect(lists(page)).toBe(1)
          for (const uid of shown) expect(uid).toMatch(/^other-/)
        })
      }
    }
  }

  test('another cluster answers at the same URL whose objects have the names of the first one’s', async () => {
    const world = new Clusters(names(5))
    await using page = await new Page(world).open()
    const other = world.replace(150, names(5))
    await world.advance(15_000)
    expect(page.state).toBe(world.stateOf(other))
    expect(page.store.list().every(({ uid }) => uid.startsWith('other-'))).toBe(true)
  })

  test('another cluster answers at the same URL that is busy: its events do not confirm the objects of the first one', async () => {
    const world = new Clusters(names(5))
    const storage: MemoryStorage = new Map()
    await (await new Page(world, { persister: memoryPersister(storage) }).open()).close()
    const other = world.replace(150, ['b1', 'b2'])
    const busy = () => {
      other.update(ConfigMap, world.object('b1'))
      world.clock.setTimeout(busy, 100)
    }
    const page = new Page(world, { persister: memoryPersister(storage) })
    const shown = confirmed(page)
    await page.open()
    busy()
    await world.advance(15_000)
    expect(page.state).toBe(world.stateOf(other))
    for (const uid of shown) expect(uid).toMatch(/^other-/)
    await page.close()
  })

  test('another cluster at the same URL is noticed where the first had no objects, or the second has none', async () => {
    for (const [first, second] of [
      [[], ['b1', 'b2']],
      [['a1', 'a2'], []],
    ] as const) {
      const world = new Clusters(first)
      await using page = await new Page(world).open()
      const other = world.replace(150, second)
      await world.advance(15_000)
      expect(page.state).toBe(world.stateOf(other))
    }
  })

  test('another cluster answers at the same URL that has forgotten the exact version: what the watch does not bring gives it away', async () => {
    for (const prefix of ['a', 'b']) {
      const world = new Clusters(names(5))
      await using page = await new Page(world).open()
      const other = world.replace(90, names(30, prefix))
      other.compact()
      // The watch is still possible, lists at the exact version are not.
      world.server.faults.clear()
      other.faults.add({ times: 99, match: ({ url }) => url.includes('Exact'), fault: { type: 'status', status: 410 } })
      await world.advance(15_000)
      expect(page.state).toBe(world.stateOf(other))
    }
  })

  test('another cluster behind the first one is noticed when a request meets a reset connection: its response takes longer, and the other one counts', async () => {
    const world = new Clusters(names(5))
    const storage: MemoryStorage = new Map()
    await (await new Page(world, { persister: memoryPersister(storage) }).open()).close()
    const other = world.replace(20, names(5, 'b'))
    // Repeated after two seconds; a server that has not come as far takes three more to say so.
    other.faults.add({ match: ({ url }) => url.includes('limit=1') && !url.includes('fieldSelector'), fault: { type: 'refuse' } })
    const page = new Page(world, { persister: memoryPersister(storage) })
    const shown = confirmed(page)
    await using _ = await page.open()
    await world.advance(15_000)
    expect(page.state).toBe(world.stateOf(other))
    for (const uid of shown) expect(uid).toMatch(/^other-/)
  })

  test('when nothing can be asked, the watch is trusted: the right to list may be missing for a while', async () => {
    const world = new World(['a'])
    await using page = await new Page(world).open()
    world.server.faults.add({ times: 99, match: { verb: 'list' }, fault: { type: 'status', status: 403 } })
    world.server.disconnect()
    await world.advance(15_000)
    expect(page.reflector.state).toBe('live')
    expect(page.requests).toEqual(['stream newest', 'watch 101'])
  })
})

describe('a backup is restored, and has gone past the stored version since', () => {
  const changes: Record<string, (world: World) => void> = {
    'an object was made': (world) => void world.create('lost'),
    'an object was changed': (world) => void world.update('a001'),
    'an object was deleted': (world) => world.delete('a003'),
  }
  for (const [what, change] of Object.entries(changes)) {
    test(`a backup restored past the stored version is noticed when between the backup and the restore ${what}`, async () => {
      const world = new World(names(10))
      const backup = world.server.backup()
      change(world)
      await using page = await new Page(world).open()
      world.server.disconnect()
      world.server.restart(backup)
      for (const name of ['x1', 'x2', 'x3', 'x4']) world.create(name)
      await world.advance(15_000)
      expect(page.state).toBe(world.state)
      expect(lists(page)).toBe(2)
    })
  }
})

describe('the same cluster goes on', () => {
  test('the same cluster goes on without a list, whatever has changed meanwhile', async () => {
    for (const options of [{}, { listWatch: { labelSelector: '!none' } }] satisfies PageOptions[]) {
      const world = new World(names(10))
      const storage: MemoryStorage = new Map()
      await (await new Page(world, { ...options, persister: memoryPersister(storage) }).open()).close()
      world.delete('a000')
      world.update('a009')
      world.create('b')
      await using page = await new Page(world, { ...options, persister: memoryPersister(storage) }).open()
      await world.advance(15_000)
      expect(page.requests).toEqual(['watch 110'])
      expect(page.state).toBe(world.state)
    }
  })

  test('the same cluster goes on without a list where the exact version is forgotten', async () => {
    const world = new World(names(10))
    const storage: MemoryStorage = new Map()
    await (await new Page(world, { persister: memoryPersister(storage) }).open()).close()
    world.delete('a000')
    world.update('a009')
    world.create('0')
    world.server.faults.add({ times: 99, match: ({ url }) => url.includes('Exact'), fault: { type: 'status', status: 410 } })
    await using page = await new Page(world, { persister: memoryPersister(storage) }).open()
    await world.advance(15_000)
    expect(page.requests).toEqual(['watch 110'])
    expect(page.state).toBe(world.state)
  })

  test('the same cluster goes on without a list at each reconnect where objects are refused, after one', async () => {
    const world = new World(names(10))
    const schema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value: unknown) =>
          (value as ConfigMap).metadata.name === 'a000' ? { issues: [{ message: 'not this one' }] } : { value: value as ConfigMap },
      },
    } as const
    await using page = await new Page(world, { expectedType: schema }).open()
    for (let i = 0; i < 4; i++) {
      world.server.disconnect()
      await world.advance(60_000)
    }
    expect(lists(page)).toBeLessThanOrEqual(2)
    expect(page.reflector.state).toBe('live')
    expect(page.state).toBe(world.state.replace(/a000@\d+ /, ''))
  })
})

test('entries that were hydrated and never were on the server are replaced by what it has', async () => {
  const world = new World(['a'])
  const page = new Page(world)
  page.store.hydrate([entryFromObject(world.object('ghost'))], '101')
  await using _ = await page.open()
  await world.advance(15_000)
  expect(page.state).toBe('a@101')
})

test('a state is confirmed whose newest object has the characters of selectors in its name, as roles have them', () => {
  const name = 'team=a,CORP\\admins'
  const role = entryFromObject({ metadata: { name, namespace: 'shop', uid: '1', resourceVersion: '5' } })
  const check = new HistoryCheck([role], '5', true)
  expect(check.newest?.fieldSelector).toBe('metadata.name=team\\=a\\,CORP\\\\admins,metadata.namespace=shop')
})
