import { describe, expect, test } from 'vitest'
import { MAX_BROKEN_STREAMS } from '../../../src/reflector/state'
import { Page } from '../page'
import { World } from '../world'

test('[stream/initial-state] shows nothing until the annotated bookmark, then replaces the store once at its version and continues as the watch', async () => {
  const world = new World(['a', 'b'])
  world.server.faults.add({ fault: { type: 'chunks', sizes: [200] } })
  const seen: string[] = []
  await using page = new Page(world, { onEvent: ({ type }) => type === 'bytes' && seen.push(page.state) })
  await page.open()
  expect(page.requests).toEqual(['stream newest'])
  expect(seen.length).toBeGreaterThan(2)
  expect(seen.filter(Boolean)).toEqual([])
  expect(page.changes).toEqual(['replace 102: +a@101 +b@102'])
  expect(page.reflector.status).toMatchObject({ state: 'live', hasSynced: true, source: 'stream', lastSyncResourceVersion: '102' })
  world.update('a')
  await world.settle()
  expect(page.requests).toEqual(['stream newest'])
  expect(page.changes.slice(1)).toEqual(['apply 103: ~a@103'])
})

test('[stream/cut-early] leaves the live store untouched when the stream is cut before the annotated bookmark', async () => {
  const world = new World(['a', 'b'])
  await using page = await new Page(world).open()
  world.server.disconnect()
  world.expire()
  world.server.faults.add({ match: isStream, fault: { type: 'cut', afterBytes: 250 } })
  world.delete('a')
  await world.advance(4000)
  expect(page.requests).toEqual(['stream newest', 'watch 102', 'stream ≥102'])
  expect(page.changes).toEqual(['replace 102: +a@101 +b@102'])
  expect(page.state).toBe('a@101 b@102')
  await world.advance(10_000)
  expect(page.requests.slice(3)).toEqual(['stream ≥102'])
  expect(page.changes.slice(1)).toEqual(['replace 105: -a@101'])
})

test('[stream/cut-early] does not end the initial state at a bookmark without the annotation', async () => {
  const world = new World(['a', 'b'])
  const bookmark = { type: 'BOOKMARK', object: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { resourceVersion: '101' } } }
  world.server.faults.add({ match: isStream, fault: { type: 'line', afterLines: 1, text: JSON.stringify(bookmark) } })
  await using page = await new Page(world).open()
  expect(page.changes).toEqual(['replace 102: +a@101 +b@102'])
})

describe('streamed lists that a server refuses', () => {
  for (const status of [400, 403, 422]) {
    test(`[stream/refused] lists in the same cycle after a ${status} to a streamed list, and remembers it`, async () => {
      const world = new World(['a'])
      world.server.faults.add({ match: isStream, fault: { type: 'status', status } })
      await using page = await new Page(world).open()
      expect(page.requests).toEqual(['stream newest', 'list ≥0', 'watch 101'])
      expect(page.times).toEqual([0, 0, 0])
      world.server.disconnect()
      world.expire()
      await world.advance(10_000)
      expect(page.requests.slice(3)).toEqual(['watch 101', 'list ≥101', 'watch 103'])
    })
  }

  test('[stream/refused] lists in the same cycle when the server lacks streamed lists', async () => {
    const world = new World(['a'], { watchList: 'refused' })
    await using page = await new Page(world).open()
    expect(page.requests).toEqual(['stream newest', 'list ≥0', 'watch 101'])
    expect(page.state).toBe(world.state)
  })

  test(`[stream/refused] lists after ${MAX_BROKEN_STREAMS} streams that closed without the annotated bookmark, and remembers it`, async () => {
    const world = new World(['a'])
    world.server.faults.add({ match: isStream, times: 99, fault: { type: 'cut', afterBytes: 10, ending: 'close' } })
    await using page = await new Page(world).open()
    await world.advance(10_000)
    expect(page.requests).toEqual(['stream newest', 'stream newest', 'stream newest', 'list ≥0', 'watch 101'])
    expect(page.times).toEqual([0, 1200, 3600, 8400, 8400])
    world.server.disconnect()
    world.expire()
    await world.advance(30_000)
    expect(page.requests.slice(5)).toEqual(['watch 101', 'list ≥101', 'watch 103'])
  })
})

function isStream({ url }: { readonly url: string }): boolean {
  return new URL(url).searchParams.has('sendInitialEvents')
}
