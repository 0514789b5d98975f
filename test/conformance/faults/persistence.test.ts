import { describe, expect, test } from 'vitest'
import { PersistenceError } from '../../../src/api/errors'
import { type MemoryStorage, memoryPersister } from '../../../src/persistence/memory/memory-persister'
import type { Persister, Scope } from '../../../src/persistence/persister'
import { StorePersistence } from '../../../src/persistence/store-persistence'
import { Store } from '../../../src/store/store'
import { Page, type PageOptions } from '../page'
import { World } from '../world'

/** What a page that opens now would begin with: `102: a@101 b@102`. It takes the scope over, as a page does. */
async function persisted(storage: MemoryStorage, scope?: Partial<Scope>): Promise<string | undefined> {
  const page = new Page(new World(), { persister: memoryPersister(storage), ...(scope && { scope }) })
  await page.persistence?.start()
  await page.persistence?.close()
  return page.store.resourceVersion ? `${page.store.resourceVersion}: ${page.state}` : undefined
}

describe('atomic commits', () => {
  test('[persistence/atomic] a kill at any moment leaves the state that the server had at the stored version', async () => {
    const script = [
      (world: World) => void world.create('c'),
      (world: World) => void world.update('a'),
      (world: World) => world.delete('b'),
      (world: World) => world.server.disconnect(),
      (world: World) => world.expire(),
      (world: World) => void world.create('b'),
    ]
    for (let killedAt = 0; killedAt <= 5000; killedAt += 70) {
      const world = new World(['a', 'b'])
      const storage: MemoryStorage = new Map()
      const page = await new Page(world, { persister: memoryPersister(storage) }).open()
      const states = new Set<string | undefined>([undefined, `102: ${world.state}`])
      for (let now = 0; now < killedAt; now += 70) {
        if (now % 490 === 0) script[now / 490]?.(world)
        states.add(`${world.server.resourceVersion}: ${world.state}`)
        await world.advance(70)
      }
      await page.crash()
      const found = await persisted(storage)
      expect(states).toContain(found)
    }
  })

  test('[persistence/atomic] stores what the server sent, and shows it again in a page that opens later', async () => {
    const world = new World(['a'])
    const storage: MemoryStorage = new Map()
    await (await new Page(world, { persister: memoryPersister(storage) }).open()).close()
    await using page = await new Page(world, { persister: memoryPersister(storage) }).open()
    expect(page.store.get('shop/a')?.object).toEqual(
      world.server.list({ group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', scope: 'Namespaced' })[0],
    )
  })
})

describe('snapshots of other scopes', () => {
  const others: Record<string, PageOptions> = {
    'another cluster': { scope: { cluster: 'another' } },
    'another user': { scope: { user: 'somebody' } },
    'another resource': { scope: { resource: 'pods/v1' } },
    'another namespace': { listWatch: { namespace: 'default' } },
    'another label selector': { listWatch: { labelSelector: 'app=web' } },
    'another field selector': { listWatch: { fieldSelector: 'metadata.name=a' } },
    'another version of the transform': { scope: { version: '2' } },
  }
  for (const [what, options] of Object.entries(others)) {
    test(`[persistence/identity] does not load a snapshot of ${what}`, async () => {
      const world = new World(['a'])
      const storage: MemoryStorage = new Map()
      await (await new Page(world, { persister: memoryPersister(storage) }).open()).close()
      await using page = await new Page(world, { ...options, persister: memoryPersister(storage) }).open()
      expect(page.hydration).toBe('none')
      expect(page.requests).toEqual(['stream newest'])
    })
  }
})

describe('storage that fails', () => {
  const failing = (failure: { load?: Error; commit?: Error }): Persister => {
    const persister = memoryPersister()
    return {
      ...persister,
      load: (scope, options) => (failure.load ? Promise.reject(failure.load) : persister.load(scope, options)),
      commit: (scope, change) => (failure.commit ? Promise.reject(failure.commit) : persister.commit(scope, change)),
    }
  }

  for (const code of ['quota', 'unavailable'] as const) {
    test(`[persistence/failure] continues from memory and reports it when commits fail with ${code}`, async () => {
      const world = new World(['a'])
      await using page = await new Page(world, { persister: failing({ commit: new PersistenceError(code, 'no') }) }).open()
      world.create('b')
      await world.advance(60_000)
      expect(page.persistence?.status).toBe('failed')
      expect(page.persistenceErrors.length).toBeGreaterThan(0)
      expect(page.reflector.state).toBe('live')
      expect(page.errors).toEqual([])
      expect(page.state).toBe(world.state)
    })
  }

  test('[persistence/failure] stores the missed changes once a lost storage connection is back', async () => {
    const world = new World(['a'])
    const failure: { commit?: Error } = { commit: new PersistenceError('unavailable', 'gone') }
    const persister = failing(failure)
    await using page = await new Page(world, { persister }).open()
    world.create('b')
    await world.advance(1000)
    expect(page.persistenceErrors).toHaveLength(1)
    delete failure.commit
    await world.advance(10_000)
    expect(page.persistence?.status).toBe('active')
  })

  test('[persistence/failure] continues from memory and reports it when the snapshot cannot be read, as in private mode', async () => {
    const world = new World(['a'])
    await using page = await new Page(world, { persister: failing({ load: new PersistenceError('unavailable', 'private mode') }) }).open()
    expect(page.hydration).toBe('failed')
    expect(page.persistence?.status).toBe('failed')
    expect(page.requests).toEqual(['stream newest'])
    expect(page.state).toBe(world.state)
  })

  test('[persistence/failure] does not wait for storage that hangs', async () => {
    const world = new World(['a'])
    const page = new Page(world, { persister: { ...memoryPersister(), load: () => new Promise(() => undefined) } })
    const opened = page.open()
    await world.advance(1000)
    await using _ = await opened
    expect(page.hydration).toBe('late')
    expect(page.state).toBe(world.state)
  })

  test('[persistence/failure] lists after a corrupt record, and replaces the record with the next state', async () => {
    const world = new World(['a'])
    const storage: MemoryStorage = new Map()
    await (await new Page(world, { persister: memoryPersister(storage) }).open()).close()
    for (const { texts } of storage.values()) texts.set('shop/a', '{"kind":"Confi')
    await using page = await new Page(world, { persister: memoryPersister(storage) }).open()
    expect(page.hydration).toBe('none')
    expect(page.persistenceErrors).toMatchObject([{ code: 'damaged', cause: { name: 'ParseError' } }])
    expect(page.requests).toEqual(['stream newest'])
    await world.advance(1000)
    await page.close()
    expect(await persisted(storage)).toBe('101: a@101')
  })

  test('[persistence/failure] finds a record with a damaged object when it is read, and lists', async () => {
    const world = new World(['a'])
    const storage: MemoryStorage = new Map()
    await (await new Page(world, { persister: memoryPersister(storage) }).open()).close()
    for (const { texts } of storage.values()) {
      const text = texts.get('shop/a') ?? ''
      texts.set('shop/a', text.replace('"data":{', '"data":{x'))
    }
    await using page = await new Page(world, { persister: memoryPersister(storage) }).open()
    expect(page.hydration).toBe('persisted')
    expect(() => page.store.get('shop/a')?.object).toThrow('the text of shop/a is not JSON')
    await world.advance(5000)
    expect(page.requests).toEqual(['watch 101', 'stream ≥101'])
    expect(page.state).toBe(world.state)
    await page.close()
    expect(storage.values().next().value?.texts.get('shop/a')).toBe(page.store.get('shop/a')?.text)
  })
})

describe('logout and secrets', () => {
  test('[persistence/clear] clear() removes everything of that identity, and fences tabs that still write; they continue from memory', async () => {
    const world = new World(['a'])
    const storage: MemoryStorage = new Map()
    await using mine = await new Page(world, { persister: memoryPersister(storage), scope: { user: 'me' } }).open()
    await world.advance(1000)
    await memoryPersister(storage).clear({ user: 'me' })
    world.create('b')
    await world.advance(1000)
    expect(mine.persistence?.status).toBe('fenced')
    expect(mine.persistenceErrors).toMatchObject([{ name: 'PersistenceError', code: 'fenced' }])
    expect(mine.state).toBe('a@101 b@102')
    expect(mine.reflector.state).toBe('live')
    expect(await persisted(storage, { user: 'me' })).toBeUndefined()
  })

  test('[persistence/clear] clear() keeps what belongs to another identity', async () => {
    const world = new World(['a'])
    const storage: MemoryStorage = new Map()
    for (const user of ['me', 'you']) await (await new Page(world, { persister: memoryPersister(storage), scope: { user } }).open()).close()
    await memoryPersister(storage).clear({ user: 'me' })
    expect(await persisted(storage, { user: 'you' })).toBe('101: a@101')
  })

  test('[persistence/clear] refuses to store secrets unless the caller opts in by name', () => {
    const scope = { cluster: 'c', user: '', resource: 'secrets/v1', namespace: '', labelSelector: '', fieldSelector: '', version: '' }
    const make = (sensitive?: string[]) => new StorePersistence(new Store(), memoryPersister(), scope, { sensitive })
    expect(() => make()).toThrow("sensitive: ['secrets']")
    expect(make(['secrets']).status).toBe('stopped')
  })
})

test('[persistence/fence] the tab that opened last stores; the other is fenced and continues from memory', async () => {
  const world = new World(['a'])
  const storage: MemoryStorage = new Map()
  const first = await new Page(world, { persister: memoryPersister(storage) }).open()
  await world.advance(1000)
  const second = await new Page(world, { persister: memoryPersister(storage) }).open()
  world.create('b')
  await world.advance(1000)
  expect([first.persistence?.status, second.persistence?.status]).toEqual(['fenced', 'active'])
  expect([first.state, second.state]).toEqual(['a@101 b@102', 'a@101 b@102'])
  await first.close()
  await second.close()
  expect(await persisted(storage)).toBe('102: a@101 b@102')
})
