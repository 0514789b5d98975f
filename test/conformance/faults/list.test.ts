import { expect, test } from 'vitest'
import { isApiError } from '../../../src/api/errors'
import { Page } from '../page'
import { fromNewest } from '../tweaks'
import { World } from '../world'

const listing = { initialList: 'list' } as const
const paged = { ...listing, pageSize: 2, listWatch: { tweakListOptions: fromNewest } } as const
const tooLarge = { code: 504, reason: 'Timeout', message: 'Timeout: Too large resource version: 999, current: 102' }

test('[watch/410-gone] relists at the last version, unpaged, after an ERROR 410 in the watch, and at "" only when that list is refused too', async () => {
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

test('[watch/410-gone] streams the state, not older than the last version, after an ERROR 410 in the watch', async () => {
  const world = new World(['a', 'b'])
  await using page = await new Page(world).open()
  world.server.disconnect()
  world.expire()
  await world.advance(10_000)
  expect(page.requests).toEqual(['stream newest', 'watch 102', 'stream ≥102'])
  expect(page.reflector.lastSyncResourceVersion).toBe('104')
})

test('[list/410-gone] retries a list once at "" after a 410, and clears the flag on the next success', async () => {
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

test('[list/410-gone] treats a plain-text 410 of a proxy like one of the API server', async () => {
  const world = new World(['a'])
  world.server.faults.add({ match: { verb: 'list' }, fault: { type: 'status', status: 410, text: 'Gone' } })
  await using page = await new Page(world, listing).open()
  expect(page.requests).toEqual(['list ≥0', 'list newest', 'watch 101'])
})

test('[list/410-gone] backs off when the retry at "" is refused as well', async () => {
  const world = new World(['a'])
  world.server.faults.add({ match: { verb: 'list' }, times: 4, fault: { type: 'status', status: 410 } })
  await using page = await new Page(world, listing).open()
  await world.advance(10_000)
  expect(page.requests).toEqual(['list ≥0', 'list newest', 'list newest', 'list newest', 'list newest', 'watch 101'])
  expect(page.times).toEqual([0, 0, 1200, 3600, 8400, 8400])
})

test('[list/version-too-large] retries a list at once at "" after a 504 with cause ResourceVersionTooLarge', async () => {
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

test('[list/version-too-large-legacy] recognises a version that is too large by the legacy message alone', async () => {
  const world = new World(['a'])
  const legacy = JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', ...tooLarge })
  world.server.faults.add({ match: { verb: 'list' }, fault: { type: 'status', status: 504, text: legacy } })
  await using page = await new Page(world, listing).open()
  expect(page.requests).toEqual(['list ≥0', 'list newest', 'watch 101'])
  expect(page.errors.map((error) => isApiError(error) && error.body?.message)).toEqual([tooLarge.message])
})

test('[list/limit-match] never sends limit with a version above 0 and without NotOlderThan', async () => {
  const world = new World(['a', 'b', 'c'])
  await using page = await new Page(world, { ...listing, pageSize: 2 }).open()
  world.server.disconnect()
  world.expire()
  await world.advance(10_000)
  // From "0" a server sends everything in one answer.
  expect(page.requests).toEqual(['list ≥0 limit 2', 'watch 103', 'watch 103', 'list ≥103 limit 2', 'list next limit 2', 'watch 105'])
})

test('[list/expired-continue] reads the full list, unpaged, at the first page’s version after a 410 to page 2', async () => {
  const world = new World(['a', 'b', 'c'])
  world.server.faults.add({ match: isContinued, fault: { type: 'status', status: 410 } })
  await using page = await new Page(world, paged).open()
  expect(page.requests).toEqual(['list newest limit 2', 'list next limit 2', 'list ≥103', 'watch 103'])
  expect(page.changes).toEqual(['replace 103: +a@101 +b@102 +c@103'])
  expect(page.errors).toEqual([])
})

test('[list/expired-continue] retries at "" after a 410 to page 1, still in pages', async () => {
  const world = new World(['a', 'b', 'c'])
  world.server.faults.add({ match: { verb: 'list' }, fault: { type: 'status', status: 410 } })
  await using page = await new Page(world, { ...listing, pageSize: 2 }).open()
  expect(page.requests).toEqual(['list ≥0 limit 2', 'list newest limit 2', 'list next limit 2', 'watch 103'])
})

test('[list/pages] takes the list’s version from the first of three pages, and sends no version or match with continue', async () => {
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

test('[list/inconsistent-continue] never uses an inconsistent continue token', async () => {
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

test('[list/start-version] lists first at "0", relists at the last version, and at "" when that version is flagged', async () => {
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
