import { describe, expect, test } from 'vitest'
import { type MemoryStorage, memoryPersister } from '../../../src/persistence/memory'
import { Page } from '../page'
import { World } from '../world'

const listing = { initialList: 'list' } as const

describe('13. an RV from the future (an etcd restore) → detected, relist; not a silent hang:', () => {
  test('of a hydrated store, by a small list that is sent beside the watch', async () => {
    const world = new World(['a', 'b'])
    await using page = await new Page(world).hydrate([world.object('old')], '999').open()
    await world.advance(20_000)
    expect(page.requests).toEqual(['watch 999', 'stream newest'])
    expect(page.probes.slice(0, 1)).toEqual(['list 999 (Exact) limit 1'])
    // The server waits 3 s for the version before it says that there is none.
    expect(page.times).toEqual([0, 4_200])
    expect(page.changes).toEqual(['replace 999: +old@', 'replace 102: -old@ +a@101 +b@102'])
    expect(page.reflector.lastSyncResourceVersion).toBe('102')
  })

  test('of a live feed whose connection broke', async () => {
    const world = new World(['a'])
    const backup = world.server.backup()
    world.create('b')
    await using page = await new Page(world).open()
    world.server.disconnect()
    world.server.restart(backup)
    await world.advance(20_000)
    expect(page.requests).toEqual(['stream newest', 'watch 102', 'stream newest'])
    expect(page.changes.slice(1)).toEqual(['replace 101: -b@102'])
  })

  test('of a live feed whose watch the old server ended in good order', async () => {
    const world = new World(['a'])
    const backup = world.server.backup()
    world.create('b')
    await using page = await new Page(world).open()
    await world.advance(5000)
    world.server.restart(backup)
    await world.advance(20_000)
    expect(page.requests).toEqual(['stream newest', 'watch 102', 'stream newest'])
    expect(page.state).toBe(world.state)
  })

  test('of a live feed, when a bookmark says that the server has not come as far', async () => {
    const world = new World(['a', 'b'])
    const bookmark = { type: 'BOOKMARK', object: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { resourceVersion: '101' } } }
    world.server.faults.add({ match: { verb: 'watch' }, fault: { type: 'line', text: JSON.stringify(bookmark) } })
    await using page = await new Page(world, listing).open()
    world.create('c')
    await world.advance(5000)
    expect(page.requests).toEqual(['list ≥0', 'watch 102', 'list newest', 'watch 103'])
    expect(page.errors).toMatchObject([{ message: 'a bookmark at 101, which is older than 102' }])
    expect(page.state).toBe(world.state)
  })

  test('but not by a bookmark whose version is no number: such versions have no order', async () => {
    const world = new World(['a'])
    const bookmark = { type: 'BOOKMARK', object: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { resourceVersion: 'a' } } }
    world.server.faults.add({ match: { verb: 'watch' }, fault: { type: 'line', text: JSON.stringify(bookmark) } })
    await using page = await new Page(world, listing).open()
    expect(page.requests).toEqual(['list ≥0', 'watch 101'])
    expect(page.errors).toEqual([])
    expect(page.reflector.lastSyncResourceVersion).toBe('a')
  })

  test('of a live feed that slept through the restore', async () => {
    const world = new World(['a'])
    const backup = world.server.backup()
    world.create('b')
    world.server.faults.add({ match: { verb: 'watch' }, fault: { type: 'stall', afterBytes: 0 } })
    let wake: (why: 'online') => void = () => undefined
    await using page = await new Page(world, {
      ...listing,
      onWake: (listener) => {
        wake = listener
        return () => undefined
      },
    }).open()
    world.server.faults.clear()
    world.server.restart(backup)
    await world.advance(6000)
    wake('online')
    await world.advance(20_000)
    expect(page.requests.slice(-3)).toEqual(['watch 102', 'list newest', 'watch 101'])
    expect(page.state).toBe(world.state)
  })
})

test('14. the store hydrates from the snapshot at once; hasSynced stays false until the server confirmed by its headers; nothing is listed', async () => {
  const world = new World(['a', 'b'])
  const storage: MemoryStorage = new Map()
  const first = await new Page(world, { persister: memoryPersister(storage) }).open()
  await first.close()
  world.update('a')
  world.delete('b')

  world.server.faults.add({ fault: { type: 'delay', ms: 1000 } })
  await using page = await new Page(world, { persister: memoryPersister(storage) }).open()
  expect(page.hydration).toBe('persisted')
  expect(page.state).toBe('a@101 b@102')
  expect(page.reflector.status).toMatchObject({
    state: 'connecting',
    hasSynced: false,
    source: 'persisted',
    lastSyncResourceVersion: '102',
  })
  const synced = page.reflector.whenSynced()
  await world.advance(1000)
  expect(await synced).toEqual({ source: 'persisted' })
  expect(page.reflector.status).toMatchObject({ state: 'live', hasSynced: true })
  expect(page.requests).toEqual(['watch 102'])
  expect(page.changes.slice(1)).toEqual(['apply 104: ~a@103 -b@104'])
})

test('15. hydrate, then 410 → relist; objects that vanished meanwhile leave as deletes', async () => {
  const world = new World(['a', 'b'])
  const storage: MemoryStorage = new Map()
  await (await new Page(world, { persister: memoryPersister(storage) }).open()).close()
  world.delete('a')
  world.expire()
  await using page = await new Page(world, { ...listing, persister: memoryPersister(storage) }).open()
  await world.advance(5000)
  expect(page.requests).toEqual(['watch 102', 'list ≥102', 'watch 105'])
  expect(page.changes).toEqual(['replace 102: +a@101 +b@102', 'replace 105: -a@101'])
})

test('16. the persisted RV is the store’s: what a crash kept from being stored is replayed', async () => {
  const world = new World(['a'])
  const storage: MemoryStorage = new Map()
  const first = await new Page(world, { persister: memoryPersister(storage) }).open()
  await world.advance(1000)
  world.create('b')
  await world.settle()
  expect(first.reflector.lastSyncResourceVersion).toBe('102')
  await first.crash()

  await using page = await new Page(world, { persister: memoryPersister(storage) }).open()
  expect(page.requests).toEqual(['watch 101'])
  expect(page.changes).toEqual(['replace 101: +a@101', 'apply 102: +b@102'])
})
