import { expect, test } from 'vitest'
import { isApiError } from '../../../src/errors'
import { Page } from '../page'
import { fromNewest } from '../tweaks'
import { World } from '../world'

const listing = { initialList: 'list' } as const
const paged = { ...listing, pageSize: 2, listWatch: { tweakListOptions: fromNewest } } as const
const tooLarge = { code: 504, reason: 'Timeout', message: 'Timeout: Too large resource version: 999, current: 102' }

test('1. watch answers 200 and ERROR 410 → relist at LSRV, unpaged; never at "" unless that list is refused too', async () => {
  const world = new World(['a', 'b'])
  await using page = await new Page(world, listing).open()
  world.server.disconnect()
  world.expire()
  await world.advance(10_000)
  expect(page.requests).toEqual(['list ≥0', 'watch 102', 'watch 102', 'list ≥102', 'watch 104'])
  expect(page.errors.at(-1)).toMatchObject({ name: 'WatchError', status: { code: 410, reason: 'Expired' } })
  expect(page.state).toBe(world.state)

  page.forget()
  world.server.disconnect()
  world.expire()
  world.server.faults.add({
    match: ({ verb, url }) => verb === 'list' && !url.includes('limit=1'),
    fault: { type: 'status', status: 410 },
  })
  await world.advance(30_000)
  expect(page.requests).toEqual(['watch 104', 'list ≥104', 'list newest', 'watch 106'])
})

test('1. streamed: watch answers 200 and ERROR 410 → the state is streamed, not older than LSRV', async () => {
  const world = new World(['a', 'b'])
  await using page = await new Page(world).open()
  world.server.disconnect()
  world.expire()
  await world.advance(10_000)
  expect(page.requests).toEqual(['stream newest', 'watch 102', 'stream ≥102'])
  expect(page.reflector.lastSyncResourceVersion).toBe('104')
})

test('2. LIST answers 410 → one immediate retry at ""; the flag clears on the next success', async () => {
  const world = new World(['a'])
  world.server.faults.add({ match: { verb: 'list' }, fault: { type: 'status', status: 410 } })
  await using page = await new Page(world, listing).open()
  expect(page.requests).toEqual(['list ≥0', 'list newest', 'watch 101'])
  expect(page.times).toEqual([0, 0, 0])

  page.forget()
  world.server.disconnect()
  world.expire()
  await world.advance(10_000)
  expect(page.requests).toEqual(['watch 101', 'list ≥101', 'watch 103'])
})

test('2. a 410 in plain text, as a proxy says it, means the same', async () => {
  const world = new World(['a'])
  world.server.faults.add({ match: { verb: 'list' }, fault: { type: 'status', status: 410, text: 'Gone' } })
  await using page = await new Page(world, listing).open()
  expect(page.requests).toEqual(['list ≥0', 'list newest', 'watch 101'])
})

test('2. when the retry at "" is refused as well, further ones wait', async () => {
  const world = new World(['a'])
  world.server.faults.add({ match: { verb: 'list' }, times: 4, fault: { type: 'status', status: 410 } })
  await using page = await new Page(world, listing).open()
  await world.advance(10_000)
  expect(page.requests).toEqual(['list ≥0', 'list newest', 'list newest', 'list newest', 'list newest', 'watch 101'])
  expect(page.times).toEqual([0, 0, 1200, 3600, 8400, 8400])
})

test('3. LIST answers 504 too large → immediate retry at ""', async () => {
  const world = new World(['a', 'b'])
  // The server does not say what it would have said of the version at once.
  world.server.faults.add({ match: ({ url }) => url.includes('Exact'), times: 2, fault: { type: 'status', status: 403 } })
  await using page = await new Page(world, { ...listing, relistPeriodMs: 5000 }).hydrate([world.object('a')], '999').open()
  await world.advance(9000)
  // The server waits 3 s for the version before it says that there is none.
  expect(page.requests).toEqual(['watch 999', 'list ≥999', 'list newest', 'watch 102'])
  expect(page.times).toEqual([0, 5000, 8000, 8000])
  expect(page.errors).toMatchObject([{ status: 504, body: { details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } } }])
  expect(page.state).toBe(world.state)
})

test('4. too large that is told only by the legacy message is still recognised', async () => {
  const world = new World(['a'])
  const legacy = JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', ...tooLarge })
  world.server.faults.add({ match: { verb: 'list' }, fault: { type: 'status', status: 504, text: legacy } })
  await using page = await new Page(world, listing).open()
  expect(page.requests).toEqual(['list ≥0', 'list newest', 'watch 101'])
  expect(page.errors.map((error) => isApiError(error) && error.body?.message)).toEqual([tooLarge.message])
})

test('5. page size set and RV > 0 → limit never goes out with an RV and no NotOlderThan', async () => {
  const world = new World(['a', 'b', 'c'])
  await using page = await new Page(world, { ...listing, pageSize: 2 }).open()
  world.server.disconnect()
  world.expire()
  await world.advance(10_000)
  // From "0" a server sends everything in one answer.
  expect(page.requests).toEqual(['list ≥0 limit 2', 'watch 103', 'watch 103', 'list ≥103 limit 2', 'list next limit 2', 'watch 105'])
})

test('6. 410 on page 2 → the full list, unpaged, at the first page’s RV', async () => {
  const world = new World(['a', 'b', 'c'])
  world.server.faults.add({ match: isContinued, fault: { type: 'status', status: 410 } })
  await using page = await new Page(world, paged).open()
  expect(page.requests).toEqual(['list newest limit 2', 'list next limit 2', 'list ≥103', 'watch 103'])
  expect(page.changes).toEqual(['replace 103: +a@101 +b@102 +c@103'])
  expect(page.errors).toEqual([])
})

test('6. 410 on page 1 → case 2, still in pages', async () => {
  const world = new World(['a', 'b', 'c'])
  world.server.faults.add({ match: { verb: 'list' }, fault: { type: 'status', status: 410 } })
  await using page = await new Page(world, { ...listing, pageSize: 2 }).open()
  expect(page.requests).toEqual(['list ≥0 limit 2', 'list newest limit 2', 'list next limit 2', 'watch 103'])
})

test('7. three pages → the list’s RV is page 1’s; continuation requests carry no RV and no match', async () => {
  const world = new World(['a', 'b', 'c', 'd', 'e'])
  world.server.faults.add({ match: isContinued, times: 2, fault: { type: 'delay', ms: 1000 } })
  await using page = await new Page(world, paged).open()
  await world.advance(500)
  world.delete('e')
  world.create('f')
  await world.advance(2000)
  expect(page.requests).toEqual(['list newest limit 2', 'list next limit 2', 'list next limit 2', 'watch 105'])
  expect(page.changes).toEqual(['replace 105: +a@101 +b@102 +c@103 +d@104 +e@105', 'apply 107: -e@106 +f@107'])
  expect(page.state).toBe(world.state)
})

test('8. an inconsistent continue token is never used', async () => {
  const world = new World(['a', 'b', 'c', 'd'])
  const tokens: (string | null)[] = []
  await using page = await new Page(world, {
    ...paged,
    async fetch(request, next) {
      const { searchParams } = new URL(request.url)
      tokens.push(searchParams.get('continue'))
      // Between the pages so much happens that the server has forgotten the first one's version.
      if (searchParams.has('continue')) world.expire()
      return next(request)
    },
  }).open()
  expect(page.requests).toEqual(['list newest limit 2', 'list next limit 2', 'list ≥104', 'watch 106'])
  expect(tokens.filter(Boolean)).toHaveLength(1)
  expect(page.changes).toEqual(['replace 106: +a@101 +b@102 +c@103 +d@104'])
})

test('9. the first list uses RV "0", relists use LSRV, a flagged RV uses ""', async () => {
  const world = new World(['a'])
  await using page = await new Page(world, { ...listing, relistPeriodMs: 60_000 }).open()
  world.create('b')
  await world.advance(60_000)
  expect(page.requests).toEqual(['list ≥0', 'watch 101', 'list ≥102', 'watch 102'])
  world.server.faults.add({ match: { verb: 'list' }, fault: { type: 'status', status: 410 } })
  await world.advance(60_000)
  expect(page.requests.slice(4)).toEqual(['list ≥102', 'list newest', 'watch 102'])
  await world.advance(60_000)
  expect(page.requests.slice(7)).toEqual(['list ≥102', 'watch 102'])
})

function isContinued({ url }: { readonly url: string }): boolean {
  return new URL(url).searchParams.has('continue')
}
