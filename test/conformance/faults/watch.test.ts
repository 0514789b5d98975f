import { describe, expect, test } from 'vitest'
import type { FakeApiServerOptions } from '../../../src/testing'
import { Page, type PageOptions } from '../page'
import { World } from '../world'

const status = (code: number, retryAfterSeconds?: number) => ({
  code,
  message: `injected ${code}`,
  ...(retryAfterSeconds && { details: { retryAfterSeconds } }),
})

/** A page that has listed `a`, and of whose next watches each meets the fault. */
async function disconnected(
  fault: Parameters<World['server']['faults']['add']>[0]['fault'],
  { times = 1, ...options }: PageOptions & { times?: number } = {},
) {
  const world = new World(['a'])
  const page = await new Page(world, { initialList: 'list', ...options }).open()
  await world.advance(5000)
  world.server.disconnect()
  world.server.faults.add({ match: { verb: 'watch' }, times, fault })
  page.forget()
  return { world, page, at: world.clock.now() }
}

describe('watches that do not open', () => {
  test('[watch/refused] backs off and retries at the same version, without a relist, after a 429 to the watch', async () => {
    const { world, page, at } = await disconnected({ type: 'status', status: 429, retryAfterSeconds: 7 })
    await using _ = page
    await world.advance(10_000)
    expect(page.requests).toEqual(['watch 101', 'watch 101'])
    expect(page.times).toEqual([at + 1200, at + 8200])
  })

  test('[watch/refused] backs off and retries at the same version after a plain-text 429, as a server sends while it shuts down', async () => {
    const { world, page, at } = await disconnected({
      type: 'status',
      status: 429,
      text: 'The apiserver is shutting down, please try again later.',
      retryAfterSeconds: 5,
    })
    await using _ = page
    await world.advance(10_000)
    expect(page.requests).toEqual(['watch 101', 'watch 101'])
    expect(page.times).toEqual([at + 1200, at + 6200])
  })

  test('[watch/refused] backs off and retries at the same version when the connection fails before headers', async () => {
    const { world, page, at } = await disconnected({ type: 'refuse' }, { times: 3 })
    await using _ = page
    await world.advance(20_000)
    expect(page.requests).toEqual(['watch 101', 'watch 101', 'watch 101', 'watch 101'])
    expect(page.times.slice(0, 4)).toEqual([at + 1200, at + 3600, at + 8400, at + 18_000])
  })
})

test('[watch/in-stream-status] honours retryAfterSeconds of a 429 in the stream, without a relist', async () => {
  const { world, page, at } = await disconnected({ type: 'error-event', status: status(429, 20) })
  await using _ = page
  await world.advance(25_000)
  expect(page.requests).toEqual(['watch 101', 'watch 101'])
  expect(page.times).toEqual([at + 1200, at + 21_200])
})

test('[watch/in-stream-status] watches again three times after a 500 in the stream, then relists', async () => {
  const { world, page } = await disconnected({ type: 'error-event', status: status(500) }, { times: 4 })
  await using _ = page
  await world.advance(60_000)
  expect(page.requests.slice(0, 6)).toEqual(['watch 101', 'watch 101', 'watch 101', 'watch 101', 'list ≥101', 'watch 101'])
  expect(page.reflector.state).toBe('live')
})

test('[watch/closed] backs off and relists when a watch closes in under 1 s without an event', async () => {
  const { world, page, at } = await disconnected({ type: 'cut', afterBytes: 0, ending: 'close' })
  await using _ = page
  await world.advance(5000)
  expect(page.requests).toEqual(['watch 101', 'list ≥101', 'watch 101'])
  expect(page.times).toEqual([at + 1200, at + 3600, at + 3600])
})

test('[watch/closed] watches again from the last version when a watch closes after 1 s', async () => {
  const world = new World(['a'])
  await using page = await new Page(world, { initialList: 'list' }).open()
  world.create('b')
  await world.advance(455_000)
  expect(page.requests).toEqual(['list ≥0', 'watch 101', 'watch 102'])
  // The server ends a watch at the time it was asked to; that is no failure, so the next one comes at once.
  expect(page.times).toEqual([0, 0, 450_000])
})

describe('backoff of reconnects', () => {
  test('[watch/backoff] doubles the wait from 800 ms to 30 s, and draws each between d and 2d', async () => {
    const { world, page, at } = await disconnected({ type: 'refuse' }, { times: 8, random: () => 0 })
    await using _ = page
    await world.advance(200_000)
    expect(gaps(page.times, at).slice(0, 8)).toEqual([800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000])
    const other = await disconnected({ type: 'refuse' }, { times: 8, random: () => 0.999 })
    await using __ = other.page
    await other.world.advance(400_000)
    expect(gaps(other.page.times, other.at).slice(0, 8).map(Math.round)).toEqual([1599, 3198, 6397, 12_794, 25_587, 51_174, 59_970, 59_970])
  })

  test('[watch/backoff] backs off after a 410 and after the clean close of a short watch', async () => {
    const world = new World(['a'])
    await using page = await new Page(world, { initialList: 'list' }).open()
    for (let i = 0; i < 3; i++) {
      world.server.restart()
      world.create(`b${i}`)
      world.expire()
      await world.advance(9_000)
    }
    const [, ...waits] = page.events.flatMap((event) => (event.type === 'backoff' ? [{ ms: event.ms, reason: event.reason }] : []))
    expect(page.requests.slice(0, 5)).toEqual(['list ≥0', 'watch 101', 'list ≥101', 'watch 104', 'watch 104'])
    expect(waits.map(({ reason }) => reason)).toEqual(['closed', 'expired', 'closed'])
    expect(waits.map(({ ms }) => ms)).toEqual([2400, 4800, 9600])
  })

  test('[watch/backoff] asks a server that closes at once fewer than 60 times in ten minutes', async () => {
    const { world, page } = await disconnected({ type: 'cut', afterBytes: 0, ending: 'close' }, { times: 1000 })
    await using _ = page
    await world.advance(600_000)
    expect(page.requests.length).toBeLessThan(60)
  })

  for (const { how, live } of [
    { how: 'lasted ten seconds', live: (world: World) => world.advance(10_000) },
    { how: 'brought an event', live: async (world: World) => void world.create('b') },
  ]) {
    test(`[watch/backoff] a watch that ${how} resets the backoff: the first wait follows a cut`, async () => {
      const { world, page } = await disconnected({ type: 'refuse' }, { times: 4 })
      await using _ = page
      await world.advance(37_300)
      expect(page.reflector.state).toBe('live')
      await live(world)
      await world.settle()
      page.forget()
      const at = world.clock.now()
      world.server.disconnect()
      await world.advance(2000)
      expect(page.times).toEqual([at + 900])
    })
  }

  for (const ending of ['error', 'close'] as const) {
    test(`[watch/backoff] asks a server that sends one event and ends the watch (${ending}) at most 20 times a minute, evenly spaced`, async () => {
      const world = new World(['a'])
      const answer = (): Response => {
        const text = JSON.stringify({ type: 'MODIFIED', object: world.update('a') })
        const pull = (controller: ReadableStreamDefaultController<Uint8Array>) =>
          ending === 'close' ? controller.close() : controller.error(new TypeError('terminated'))
        const start = (controller: ReadableStreamDefaultController<Uint8Array>) => controller.enqueue(new TextEncoder().encode(`${text}\n`))
        return new Response(new ReadableStream({ start, pull }))
      }
      await using page = await new Page(world, {
        initialList: 'list',
        fetch: async (request, next) => (request.url.includes('watch=true') ? answer() : next(request)),
      }).open()
      await world.advance(600_000)
      const watches = page.times.slice(1)
      for (let minute = 0; minute < 10; minute++) {
        const asked = watches.filter((at) => Math.floor(at / 60_000) === minute)
        expect(asked.length).toBeLessThanOrEqual(20)
        expect(asked.length).toBeGreaterThanOrEqual(10)
      }
      expect(Math.max(...watches.slice(1).map((at, i) => at - (watches[i] ?? 0)))).toBeLessThanOrEqual(6000)
    })
  }
})

test('[watch/parameters] sends a random timeoutSeconds from 300 to 600, and always allowWatchBookmarks=true', async () => {
  const asked: (string | null)[] = []
  for (const random of [0, 0.25, 0.5, 0.9999]) {
    for (const initialList of ['list', 'stream'] as const) {
      await using page = await new Page(new World(['a']), { initialList, random: () => random }).open()
      const watch = page.urls.at(-1)?.searchParams
      expect(watch?.get('allowWatchBookmarks')).toBe('true')
      asked.push(watch?.get('timeoutSeconds') ?? null)
    }
  }
  expect(asked).toEqual(['300', '300', '375', '375', '450', '450', '599', '599'])
})

describe('silent watches', () => {
  const stalled = async ({
    afterBytes = 0,
    server,
    ...options
  }: PageOptions & { afterBytes?: number; server?: FakeApiServerOptions } = {}) => {
    const world = new World(['a'], server)
    world.server.faults.add({ match: { verb: 'watch' }, fault: { type: 'stall', afterBytes } })
    const page = await new Page(world, { initialList: 'list', ...options }).open()
    return { world, page }
  }

  test('[watch/silence] reconnects after the watch’s timeout plus 30 s of silence while the server has sent no bookmark', async () => {
    const { world, page } = await stalled({ proofIntervalMs: 0 })
    await using _ = page
    await world.advance(479_999)
    expect(page.reflector.state).toBe('live')
    await world.advance(10_000)
    expect(page.requests.slice(0, 3)).toEqual(['list ≥0', 'watch 101', 'watch 101'])
    expect(page.times.slice(2, 3)).toEqual([480_900])
    expect(page.states).toEqual(['connecting', 'live', 'stale', 'backoff', 'connecting', 'live'])
  })

  test('[watch/silence] reconnects after 150 s of silence once the server has sent bookmarks', async () => {
    const bookmark = { type: 'BOOKMARK', object: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { resourceVersion: '102' } } }
    const { world, page } = await stalled({ proofIntervalMs: 0, afterBytes: `${JSON.stringify(bookmark)}\n`.length })
    await using _ = page
    world.changeElsewhere()
    await world.advance(60_000)
    expect(page.events.filter(({ type }) => type === 'bookmark')).toHaveLength(1)
    await world.advance(160_000)
    expect(page.requests.slice(2, 3)).toEqual(['watch 102'])
    expect(page.times.slice(2, 3)).toEqual([60_000 + 150_000 + 900])
  })

  test('[watch/silence] reconnects after the silence bound that the caller sets', async () => {
    const { world, page } = await stalled({ silenceMs: 20_000 })
    await using _ = page
    await world.advance(22_000)
    expect(page.times).toEqual([0, 0, 20_900])
  })

  test('[watch/silence] checks the silence bound at once on wake from sleep, on `online` and when the page becomes visible', async () => {
    for (const { why, asleepMs, ended } of [
      { why: 'visible', asleepMs: 30_000, ended: false },
      { why: 'visible', asleepMs: 600_000, ended: true },
      { why: 'online', asleepMs: 4000, ended: true },
      { why: 'resume', asleepMs: 4000, ended: true },
      // Three seconds of silence are over within the two that the test waits.
      { why: 'resume', asleepMs: 1500, ended: true },
      { why: 'resume', asleepMs: 500, ended: false },
    ] as const) {
      let wake: (why: 'online' | 'resume' | 'visible') => void = () => undefined
      let asleep = 0
      const world = new World(['a'])
      const clock = {
        now: () => world.clock.now() + asleep,
        setTimeout: (callback: () => void, ms: number) => world.clock.setTimeout(callback, ms),
        clearTimeout: (timer: unknown) => world.clock.clearTimeout(timer),
      }
      const onWake = (listener: typeof wake) => {
        wake = listener
        return () => undefined
      }
      await using page = await new Page(world, { initialList: 'list', clock, onWake }).open()
      asleep = asleepMs
      wake(why)
      await world.advance(2000)
      expect({ why, asleepMs, requests: page.requests.slice(2) }).toEqual({ why, asleepMs, requests: ended ? ['watch 101'] : [] })
    }
  })

  test('[watch/backoff] `online` ends the wait for the next attempt', async () => {
    let wake: (why: 'online') => void = () => undefined
    const onWake = (listener: typeof wake) => {
      wake = listener
      return () => undefined
    }
    const { world, page, at } = await disconnected({ type: 'refuse' }, { times: 5, onWake })
    await using _ = page
    await world.advance(20_000)
    wake('online')
    await world.settle()
    expect(page.times.slice(4)).toEqual([at + 20_000])
  })
})

test('[watch/progress] a bookmark advances the versions of reflector and store, and calls no handler', async () => {
  const world = new World(['a'])
  await using page = await new Page(world).open()
  world.changeElsewhere()
  await world.advance(60_000)
  expect(page.reflector.lastSyncResourceVersion).toBe('102')
  expect(page.store.resourceVersion).toBe('102')
  expect(page.changes).toEqual(['replace 101: +a@101'])
})

test('[watch/progress] a DELETED event sets the last version to the deletion’s', async () => {
  const world = new World(['a', 'b'])
  await using page = await new Page(world).open()
  world.delete('a')
  await world.settle()
  expect(page.reflector.lastSyncResourceVersion).toBe('103')
  expect(page.store.resourceVersion).toBe('103')
  expect(page.changes.slice(1)).toEqual(['apply 103: -a@103'])
})

test('[watch/from-zero] replayed ADDED events of a watch from "0" do not move the last version', async () => {
  const world = new World(['a', 'b'])
  // An aggregated server may not know versions: its lists are at "0", and it has no bookmark that ends a state.
  world.server.watchList = 'refused'
  await using page = await new Page(world, {
    initialList: 'list',
    async fetch(request, next) {
      const response = await next(request)
      if (request.url.includes('watch=')) return response
      return new Response(
        (await response.text()).replace('"metadata":{"resourceVersion":"102"', '"metadata":{"resourceVersion":"0"'),
        response,
      )
    },
  }).open()
  expect(page.requests).toEqual(['list ≥0', 'watch 0'])
  expect(page.changes).toEqual(['replace 0: +a@101 +b@102'])
  expect(page.reflector.lastSyncResourceVersion).toBe('0')
  world.update('a')
  await world.settle()
  expect(page.reflector.lastSyncResourceVersion).toBe('103')
})

function gaps(times: readonly number[], from: number): number[] {
  return times.map((time, i) => time - (times[i - 1] ?? from))
}
