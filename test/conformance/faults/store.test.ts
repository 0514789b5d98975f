import { expect, test } from 'vitest'
import { Page } from '../page'
import { World } from '../world'

const listing = { initialList: 'list' } as const

for (const initialList of ['list', 'stream'] as const) {
  test(`[store/replace] a replace (${initialList}) completes the store before the first callback, and reports deletes before adds and updates`, async () => {
    const world = new World(['a', 'b', 'c'])
    await using page = await new Page(world, { initialList }).open()
    const seen: string[] = []
    page.store.subscribe(() => seen.push(page.state))
    world.server.disconnect()
    world.delete('a')
    world.update('b')
    world.create('d')
    world.expire()
    await world.advance(10_000)
    expect(page.changes.slice(1)).toEqual(['replace 108: -a@101 ~b@105 +d@106'])
    expect(seen).toEqual(['b@105 c@103 d@106'])
  })

  test(`[store/new-uid] reports a delete and an add for the same name with a new UID in a relist (${initialList})`, async () => {
    const world = new World(['a', 'b'])
    await using page = await new Page(world, { initialList }).open()
    world.server.disconnect()
    world.delete('a')
    world.create('a')
    world.expire()
    await world.advance(10_000)
    expect(page.changes.slice(1)).toEqual(['replace 106: -a@101 +a@104'])
  })

  test(`[store/same-version] keeps the entry and reports no update when a relist (${initialList}) returns an object at the stored version`, async () => {
    const world = new World(['a', 'b'])
    await using page = await new Page(world, { initialList }).open()
    const before = page.store.get('shop/a')
    world.server.disconnect()
    world.update('b')
    world.expire()
    await world.advance(10_000)
    expect(page.changes.slice(1)).toEqual(['replace 105: ~b@103'])
    expect(page.store.get('shop/a')).toBe(before)
  })
}

test('[store/new-uid] reports a delete and an add for the same name with a new UID in a watch without a DELETED event', async () => {
  const world = new World(['a'])
  await using page = await new Page(world).open()
  world.server.faults.add({
    match: { verb: 'watch' },
    fault: { type: 'line', text: event('MODIFIED', object(world, 'a', '102', 'another')) },
  })
  world.server.disconnect()
  await world.advance(2000)
  expect(page.changes).toEqual(['replace 101: +a@101', 'apply 102: -a@101 +a@102'])
})

test('[store/event-type] takes ADDED of a known key as an update, MODIFIED of an unknown one as an add, and drops DELETED of an unknown one', async () => {
  const world = new World(['a'])
  await using page = await new Page(world, listing).open()
  const uid = page.store.get('shop/a')?.uid ?? ''
  world.server.disconnect()
  const lines = [
    event('ADDED', object(world, 'a', '102', uid)),
    event('MODIFIED', object(world, 'b', '103', 'b')),
    event('DELETED', object(world, 'c', '104', 'c')),
  ]
  // Each is put before the others.
  for (const text of lines.reverse()) world.server.faults.add({ match: { verb: 'watch' }, fault: { type: 'line', text: text } })
  await world.advance(2000)
  expect([...page.changes.slice(1)].sort()).toEqual(['apply 102: ~a@102', 'apply 103: +b@103'])
})

test('[store/same-version] [informer/resync-and-relist] a resync reports every object again, marked as a resync, and sends no request', async () => {
  const world = new World(['a', 'b'])
  await using page = await new Page(world, { resyncPeriodMs: 10_000 }).open()
  world.delete('b')
  await world.advance(25_000)
  expect(page.changes).toEqual(['replace 102: +a@101 +b@102', 'apply 103: -b@103', 'resync 103: =a@101', 'resync 103: =a@101'])
  expect(page.requests).toEqual(['stream newest'])
})

test('[informer/resync-and-relist] a resync before the first state reports nothing', async () => {
  const world = new World(['a'])
  world.server.faults.add({ times: 2, fault: { type: 'delay', ms: 25_000 } })
  await using page = await new Page(world, { resyncPeriodMs: 10_000 }).open()
  await world.advance(25_000)
  expect(page.changes).toEqual(['replace 101: +a@101'])
})

test('[informer/resync-and-relist] a relist replaces the store atomically, reports the differences, and the watch continues', async () => {
  const world = new World(['a', 'b'])
  await using page = await new Page(world, { ...listing, relistPeriodMs: 60_000 }).open()
  // Somebody has damaged the cache.
  page.store.delete({ namespace: 'shop', name: 'a' })
  page.store.add(world.object('stray'))
  page.forget()
  await world.advance(61_000)
  expect(page.requests).toEqual(['list ≥102', 'watch 102'])
  expect(page.changes).toEqual(['replace 102: -stray@ +a@101'])
  expect(page.errors).toEqual([])
  expect(page.states).toEqual(['connecting', 'live'])
})

test('[informer/resync-and-relist] a relist that falls due during a list does not disturb it', async () => {
  const world = new World(['a'])
  world.server.faults.add({ match: { verb: 'list' }, times: 2, fault: { type: 'delay', ms: 25_000 } })
  await using page = await new Page(world, { ...listing, relistPeriodMs: 10_000 }).open()
  await world.advance(26_000)
  expect(page.requests).toEqual(['list ≥0', 'watch 101'])
  expect(page.reflector.state).toBe('live')
  await world.advance(60_000)
  expect(page.requests.slice(0, 4)).toEqual(['list ≥0', 'watch 101', 'list ≥101', 'watch 101'])
})

const event = (type: string, object: object): string => JSON.stringify({ type, object })

function object(world: World, name: string, resourceVersion: string, uid: string): object {
  const { metadata, ...rest } = world.object(name)
  return { ...rest, metadata: { ...metadata, uid, resourceVersion } }
}
