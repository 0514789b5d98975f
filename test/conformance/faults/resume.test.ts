import { describe, expect, test } from 'vitest'
import { type MemoryStorage, memoryPersister } from '../../../src/persistence/memory/memory-persister'
import { Page } from '../page'
import { World } from '../world'

const listing = { initialList: 'list' } as const

describe('versions from the future, as after an etcd restore', () => {
  test('[resume/future-version] detects a hydrated version from the future by a small list sent beside the watch, and relists', async () => {
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

  test('[resume/future-version] relists when a live feed reconnects to a restored, older server', async () => {
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

  test('[resume/future-version] relists on a restored, older server after the previous server closed the watch cleanly', async () => {
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

  test('[resume/future-version] relists when a bookmark is older than the feed’s version', async () => {
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

  test('[resume/future-version] accepts a bookmark whose version is not a number, because such versions have no order', async () => {
    const world = new World(['a'])
    const bookmark = { type: 'BOOKMARK', object: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { resourceVersion: 'a' } } }
    world.server.faults.add({ match: { verb: 'watch' }, fault: { type: 'line', text: JSON.stringify(bookmark) } })
    await using page = await new Page(world, listing).open()
    expect(page.requests).toEqual(['list ≥0', 'watch 101'])
    expect(page.errors).toEqual([])
    expect(page.reflector.lastSyncResourceVersion).toBe('a')
  })

  test('[resume/future-version] relists after a sleep during which the server was restored', async () => {
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

test('[resume/hydrate] hydrates the store from the snapshot at once, and keeps hasSynced false until the watch’s headers confirm it, without a list', async () => {
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

test('[resume/410-gone] relists when the hydrated version is gone, and deletes the objects that vanished meanwhile', async () => {
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

test('[resume/store-version] persists the store’s version, so that the server replays the events a crash kept from being stored', async () => {
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
