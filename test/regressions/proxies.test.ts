// What stands between a page and its server: load balancers that cut, proxies that hold, buffer and keep streams open, and pages that freeze.
import { afterEach, describe, expect, test, vi } from 'vitest'
// Loaded before virtual time begins.
import '../../src/informer/namespaces/fan-in'
import { KubeReader } from '../../src/http/reader'
import { createInformer } from '../../src/informer/create-informer'
import { eachAllowed } from '../../src/informer/namespaces/each-allowed'
import type { Wake } from '../../src/internal/wake'
import { type MemoryStorage, memoryPersister } from '../../src/persistence/memory/memory-persister'
import { ConfigMap } from '../../src/resources/core/v1'
import type { RequestRecord } from '../../src/testing'
import { type Fetch, Page, type PageOptions } from '../conformance/page'
import { World } from '../conformance/world'

const isWatch = (request: Request) => new URL(request.url).searchParams.has('watch')

/** Passes the body of a response on as a function says: `undefined` ends it, an error breaks it, and what it never gives is held back. */
function through(
  response: Response,
  pass: (controller: ReadableStreamDefaultController<Uint8Array>, body: ReadableStream<Uint8Array>) => void,
) {
  const { body } = response
  if (!body) return response
  return new Response(new ReadableStream<Uint8Array>({ start: (controller) => pass(controller, body) }), response)
}

/** Cuts each watch after `ms`. */
function cutting(world: World, ms: number, ending: 'error' | 'close') {
  return async (request: Request, next: Fetch) => {
    const response = await next(request)
    if (!isWatch(request)) return response
    return through(response, (controller, body) => {
      const reader = body.getReader()
      let over = false
      const timer = world.clock.setTimeout(() => {
        over = true
        if (ending === 'close') controller.close()
        else controller.error(new TypeError('terminated'))
        void reader.cancel()
      }, ms)
      const pump = async () => {
        for (;;) {
          const { value } = await reader.read().catch(() => ({ value: undefined }))
          if (over) return
          if (!value) break
          controller.enqueue(value)
        }
        world.clock.clearTimeout(timer)
        if (!over) controller.close()
      }
      request.signal.addEventListener('abort', () => {
        over = true
        world.clock.clearTimeout(timer)
        controller.error(request.signal.reason)
        void reader.cancel().catch(() => undefined)
      })
      void pump()
    })
  }
}

describe('a load balancer that cuts every watch', () => {
  for (const [ending, ms, chances] of [
    ['error', 50_000, [0, 0.5, 0.999]],
    ['close', 60_000, [0.5]],
    ['error', 15_000, [0.5]],
  ] as const) {
    for (const chance of chances) {
      test(`behind a load balancer that cuts every watch after ${ms / 1000} s (${ending}), with chance at ${chance}, a feed is live nearly all of an hour, and no event is late`, {
        timeout: 60_000,
      }, async () => {
        const world = new World(['a'])
        const arrived = new Map<string, number>()
        const page = new Page(world, { fetch: cutting(world, ms, ending), random: () => chance })
        page.store.subscribe(({ changes }) => {
          for (const { entry } of changes) if (!arrived.has(entry.resourceVersion)) arrived.set(entry.resourceVersion, world.clock.now())
        })
        await using _ = await page.open()
        let live = 0
        let since = page.reflector.state === 'live' ? world.clock.now() : undefined
        page.reflector.subscribe(({ state }) => {
          const now = world.clock.now()
          if (since !== undefined) live += now - since
          since = state === 'live' ? now : undefined
        })
        const made = new Map<string, number>()
        const hour = 3_600_000
        for (let at = 0; at < hour; at += 5_000) {
          await world.advance(5_000)
          made.set(world.update('a').metadata.resourceVersion ?? '', world.clock.now())
        }
        await world.advance(5_000)
        if (since !== undefined) live += world.clock.now() - since
        expect(live / world.clock.now()).toBeGreaterThan(ms >= 50_000 ? 0.98 : 0.9)
        const delays = [...made].map(([version, at]) => (arrived.get(version) ?? Number.POSITIVE_INFINITY) - at)
        expect(Math.max(...delays)).toBeLessThan(3_000)
        expect(page.requests.filter((request) => !request.startsWith('watch'))).toEqual(['stream newest'])
      })
    }
  }
})

describe('an initial stream that does not end', () => {
  const lines = (world: World, line: (n: number) => string, everyMs: number) => async (request: Request, next: Fetch) => {
    if (!request.url.includes('sendInitialEvents')) return next(request)
    let timer: unknown
    const stop = () => world.clock.clearTimeout(timer)
    request.signal.addEventListener('abort', stop)
    let n = 0
    return new Response(
      new ReadableStream({
        start(controller) {
          const next = () => {
            controller.enqueue(new TextEncoder().encode(`${line(n++)}\n`))
            if (everyMs > 0) timer = world.clock.setTimeout(next, everyMs)
          }
          next()
          request.signal.addEventListener('abort', () => controller.error(request.signal.reason))
        },
        cancel: stop,
      }),
    )
  }
  const event = (world: World, type: string, name: string, resourceVersion: number) => {
    const { metadata, ...rest } = world.object(name)
    return JSON.stringify({ type, object: { ...rest, metadata: { ...metadata, uid: name, resourceVersion: String(resourceVersion) } } })
  }
  const bookmark = (n: number) =>
    JSON.stringify({ type: 'BOOKMARK', object: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { resourceVersion: String(200 + n) } } })
  const cases: Record<string, { line: (world: World) => (n: number) => string; everyMs: number }> = {
    'quiet after two objects': {
      line: (world) => () => `${event(world, 'ADDED', 'a', 101)}\n${event(world, 'ADDED', 'b', 102)}`,
      everyMs: 0,
    },
    'with changes of objects it has brought': {
      line: (world) => (n) => event(world, n ? 'MODIFIED' : 'ADDED', 'a', 101 + n),
      everyMs: 1000,
    },
    'with bookmarks': { line: () => bookmark, everyMs: 5000 },
    'with an object that comes and goes': {
      line: (world) => (n) => event(world, n % 2 ? 'DELETED' : 'ADDED', 'a', 101 + n),
      everyMs: 2000,
    },
    'with a new object now and then': { line: (world) => (n) => event(world, 'ADDED', `n${n}`, 101 + n), everyMs: 4000 },
    'with blank lines': { line: () => () => '', everyMs: 1000 },
  }
  for (const [what, { line, everyMs }] of Object.entries(cases)) {
    test(`an initial stream with ${what} is replaced by a list within a minute, and not tried again`, async () => {
      const world = new World(['a', 'b'])
      await using page = await new Page(world, { fetch: lines(world, line(world), everyMs) }).open()
      await world.advance(60_000)
      expect(page.reflector.status.hasSynced).toBe(true)
      expect(page.state).toBe(world.state)
      expect(page.reflector.state).toBe('live')
      world.server.disconnect()
      world.expire()
      await world.advance(30_000)
      expect(page.requests.filter((request) => request.startsWith('stream'))).toHaveLength(1)
      expect(page.state).toBe(world.state)
    })
  }

  test('an initial stream that does not end is given up 20 s after its last new object', async () => {
    const world = new World(['a', 'b', 'c'])
    const names = ['a', 'b', 'c']
    const line = (n: number) => event(world, 'ADDED', names[n % 3] ?? '', 101 + (n % 3))
    await using page = await new Page(world, { fetch: lines(world, line, 1000) }).open()
    await world.advance(21_900)
    expect(page.requests).toEqual(['stream newest'])
    await world.advance(200)
    expect(page.requests).toEqual(['stream newest', 'list ≥0', 'watch 103'])
  })

  test('an initial stream is ended by a marker that comes late, after live events and a bookmark', async () => {
    const world = new World(['a'])
    const marker = JSON.stringify({
      type: 'BOOKMARK',
      object: { kind: 'ConfigMap', metadata: { resourceVersion: '230', annotations: { 'k8s.io/initial-events-end': 'true' } } },
    })
    const line = (n: number) => [event(world, 'ADDED', 'a', 101), event(world, 'MODIFIED', 'a', 220), bookmark(25), marker][n] ?? ''
    await using page = await new Page(world, { fetch: lines(world, line, 4000) }).open()
    await world.advance(13_000)
    expect(page.changes).toEqual(['replace 230: +a@220'])
    expect(page.requests).toEqual(['stream newest'])
  })
})

describe('a proxy that holds answers back', () => {
  const holding = (held: (request: Request) => boolean) => (request: Request, next: Fetch) =>
    held(request)
      ? new Promise<Response>((_, reject) => request.signal.addEventListener('abort', () => reject(request.signal.reason)))
      : next(request)

  test('behind a proxy that holds the headers of a resumed watch, the second visit lists after ten seconds, and has synced', async () => {
    const world = new World(['a'])
    const storage: MemoryStorage = new Map()
    await (await new Page(world, { persister: memoryPersister(storage) }).open()).close()
    world.create('b')
    const page = new Page(world, { persister: memoryPersister(storage), fetch: holding(isWatch) })
    await using _ = await page.open()
    expect(page.reflector.status.hasSynced).toBe(false)
    await world.advance(11_000)
    expect(page.reflector.status.hasSynced).toBe(true)
    expect(page.state).toBe(world.state)
    expect(page.requests.filter((request) => request.startsWith('list'))).toHaveLength(1)
  })

  test('behind a proxy that holds the bytes of a stream, the state is listed after ten seconds, and the stream is not tried again', async () => {
    for (const held of ['headers', 'body']) {
      const world = new World(['a'])
      const isStream = (request: Request) => request.url.includes('sendInitialEvents')
      const fetch =
        held === 'headers'
          ? holding(isStream)
          : async (request: Request, next: Fetch) => {
              if (!isStream(request)) return next(request)
              const start = (controller: ReadableStreamDefaultController) =>
                request.signal.addEventListener('abort', () => controller.error(request.signal.reason))
              return new Response(new ReadableStream({ start }))
            }
      await using page = await new Page(world, { fetch }).open()
      await world.advance(11_000)
      expect(page.reflector.status).toMatchObject({ state: 'live', hasSynced: true })
      expect(page.requests).toEqual(['stream newest', 'list ≥0', 'watch 101'])
      world.server.disconnect()
      world.expire()
      await world.advance(20_000)
      expect(page.requests.slice(3)).toEqual(['watch 101', 'list ≥101', 'watch 103'])
    }
  })

  test('behind a proxy that delays both, the first complete state counts, and the other one is given up', async () => {
    const world = new World(['a'])
    world.server.faults.add({ match: ({ url }) => url.includes('sendInitialEvents'), fault: { type: 'delay', ms: 12_000 } })
    world.server.faults.add({ match: { verb: 'list' }, fault: { type: 'delay', ms: 60_000 } })
    await using page = await new Page(world).open()
    await world.advance(13_000)
    expect(page.reflector.status).toMatchObject({ state: 'live', source: 'stream' })
    expect(page.changes).toEqual(['replace 101: +a@101'])
    await world.advance(60_000)
    expect(page.changes).toEqual(['replace 101: +a@101'])
  })
})

describe('a stream that stays open when its upstream dies', () => {
  /** Keeps the page's side of each watch open and silent once `dead` is set; requests fail while `away` is. */
  function half(world: World) {
    const upstream = { dead: false, away: false }
    const fetch = async (request: Request, next: Fetch) => {
      if (upstream.away) return new Response('proxy error: ECONNREFUSED', { status: 500, headers: { 'content-type': 'text/plain' } })
      const response = await next(request)
      if (!isWatch(request)) return response
      return through(response, (controller, body) => {
        const reader = body.getReader()
        const abort = () => {
          controller.error(request.signal.reason)
          void reader.cancel().catch(() => undefined)
        }
        request.signal.addEventListener('abort', abort)
        const pump = async () => {
          for (;;) {
            const { value } = await reader.read().catch(() => ({ value: undefined }))
            if (request.signal.aborted || upstream.dead) return
            if (value) controller.enqueue(value)
            else return void reader.closed.then(() => controller.close()).catch(() => undefined)
          }
        }
        void pump()
      })
    }
    return { upstream, fetch, world }
  }

  test('a stream that stays open when its upstream dies is not shown as live for longer than 45 seconds while the server is away', async () => {
    const { world, upstream, fetch } = half(new World(['a']))
    await using page = await new Page(world, { fetch }).open()
    await world.advance(60_000)
    upstream.dead = upstream.away = true
    world.server.disconnect()
    await world.advance(45_000)
    expect(page.reflector.state).not.toBe('live')
    upstream.dead = upstream.away = false
    world.create('b')
    await world.advance(60_000)
    expect(page.reflector.state).toBe('live')
    expect(page.state).toBe(world.state)
  })

  test('a stream that stays open when its upstream dies is replaced within 45 seconds when the server is back and has something new', async () => {
    const { world, upstream, fetch } = half(new World(['a']))
    await using page = await new Page(world, { fetch }).open()
    await world.advance(5_000)
    upstream.dead = true
    world.server.disconnect()
    await world.advance(1_000)
    world.create('b')
    await world.advance(100)
    upstream.dead = false
    await world.advance(45_000)
    expect(page.state).toBe(world.state)
    expect(page.reflector.state).toBe('live')
    expect(page.requests.filter((request) => !request.startsWith('watch'))).toEqual(['stream newest'])
  })

  test('a watch that is silent because nothing changes is probed at the stated interval, and stays open', async () => {
    const world = new World(['a'])
    await using page = await new Page(world).open()
    await world.advance(299_000)
    expect(page.requests).toEqual(['stream newest'])
    expect(page.probes.length).toBeGreaterThanOrEqual(4)
    expect(page.probes.length).toBeLessThanOrEqual(10)
    expect(page.states).toEqual(['connecting', 'live'])
  })

  test('a watch that delivers events is not probed', async () => {
    const world = new World(['a'])
    await using page = await new Page(world).open()
    for (let i = 0; i < 20; i++) {
      await world.advance(10_000)
      world.update('a')
    }
    expect(page.probes).toEqual([])
  })

  test('`proofIntervalMs: 0` sends no probe', async () => {
    const world = new World(['a'])
    await using page = await new Page(world, { proofIntervalMs: 0 }).open()
    await world.advance(299_000)
    expect(page.probes).toEqual([])
  })
})

describe('a page that was frozen', () => {
  const woken = async (options: PageOptions = {}) => {
    let wake: (why: Wake) => void = () => undefined
    const world = new World(['a'])
    const onWake = (listener: typeof wake) => {
      wake = listener
      return () => undefined
    }
    // From here on nothing comes: the stream is dead, without an error.
    world.server.faults.add({ match: { verb: 'watch' }, fault: { type: 'stall', afterBytes: 0 } })
    const page = await new Page(world, { initialList: 'list', onWake, ...options }).open()
    return { world, page, wake: (why: Wake) => wake(why) }
  }

  for (const frozenMs of [200, 1_000, 2_999, 36_000, 600_000]) {
    test(`a page that was frozen for ${frozenMs} ms is live again within 6 s, with all changes`, async () => {
      const { world, page, wake } = await woken({ proofIntervalMs: 0, silenceMs: 10_000_000 })
      await using _ = page
      world.create('b')
      await world.advance(frozenMs)
      wake('resume')
      await world.advance(6_000)
      expect(page.reflector.state).toBe('live')
      expect(page.state).toBe(world.state)
    })
  }

  test('a page that was frozen and receives data afterwards keeps its connection', async () => {
    let wake: (why: Wake) => void = () => undefined
    const world = new World(['a'])
    const onWake = (listener: typeof wake) => {
      wake = listener
      return () => undefined
    }
    await using page = await new Page(world, { onWake }).open()
    await world.advance(2_000)
    world.update('a')
    await world.settle()
    wake('resume')
    world.update('a')
    await world.advance(20_000)
    expect(page.requests).toEqual(['stream newest'])
  })

  test('a page that becomes visible probes its watch, and waits for it no longer than four seconds', async () => {
    const { world, page, wake } = await woken({ proofIntervalMs: 0, silenceMs: 10_000_000 })
    await using _ = page
    world.create('b')
    await world.advance(60_000)
    wake('visible')
    await world.advance(4_000)
    expect(page.state).toBe(world.state)
  })

  test('a clock that was set back by an hour does not hide a dead watch', async () => {
    const world = new World(['a'])
    let offset = 0
    const clock = {
      now: () => world.clock.now() + offset,
      setTimeout: (callback: () => void, ms: number) => world.clock.setTimeout(callback, ms),
      clearTimeout: (timer: unknown) => world.clock.clearTimeout(timer),
    }
    world.server.faults.add({ match: { verb: 'watch' }, fault: { type: 'stall', afterBytes: 0 } })
    await using page = await new Page(world, { initialList: 'list', clock, proofIntervalMs: 0, silenceMs: 60_000 }).open()
    await world.advance(10_000)
    offset = -3_600_000
    await world.advance(80_000)
    expect(page.requests).toEqual(['list ≥0', 'watch 101', 'watch 101'])
  })
})

describe('"Retry now"', () => {
  test('"Retry now" ends the wait before the next attempt, in every kind of wait', async () => {
    for (const status of [503, 403, 404, 401]) {
      const world = new World(['a'])
      const restore = world.server.faults.add({ times: 999, fault: { type: 'status', status } })
      await using page = await new Page(world).open()
      await world.advance(200_000)
      expect(page.reflector.state).not.toBe('live')
      restore()
      page.reflector.reconnect()
      await world.settle()
      expect(page.reflector.state).toBe('live')
    }
  })

  test('"Retry now" does nothing to a connection that delivers data', async () => {
    const world = new World(['a'])
    await using page = await new Page(world).open()
    world.update('a')
    await world.settle()
    page.reflector.reconnect()
    world.update('a')
    await world.advance(10_000)
    expect(page.requests).toEqual(['stream newest'])
  })

  test('a page that becomes visible ends one wait, not those after it', async () => {
    let wake: (why: Wake) => void = () => undefined
    const world = new World(['a'])
    world.server.faults.add({ times: 999, fault: { type: 'refuse' } })
    const onWake = (listener: typeof wake) => {
      wake = listener
      return () => undefined
    }
    await using page = await new Page(world, { initialList: 'list', onWake }).open()
    await world.advance(100_000)
    const before = page.requests.length
    wake('visible')
    await world.advance(10)
    expect(page.requests.length).toBe(before + 1)
  })
})

describe('an API that lists and does not watch', () => {
  const refused = (status: number) => ({
    times: 999,
    match: ({ verb }: RequestRecord) => verb === 'watch',
    fault: { type: 'status', status } as const,
  })
  for (const status of [405, 501]) {
    test(`an API that lists and does not watch (${status}) is polled: its state says so, changes arrive within the interval, one error`, async () => {
      const world = new World(['a'])
      world.server.faults.add(refused(status))
      const reported: unknown[] = []
      await using page = await new Page(world, { pollIntervalMs: 10_000, onError: (error) => reported.push(error) }).open()
      expect(page.reflector.status).toMatchObject({ state: 'polling', hasSynced: true, error: undefined })
      for (let i = 0; i < 20; i++) {
        world.update('a')
        await world.advance(10_000)
        expect(page.state).toBe(world.state)
        expect(page.reflector.state).toBe('polling')
      }
      expect(page.requests.filter((request) => request.startsWith('watch')).length).toBeLessThanOrEqual(1)
      expect(page.requests.filter((request) => request.startsWith('list')).length).toBeLessThanOrEqual(22)
      expect(reported).toHaveLength(1)
      page.reflector.reconnect()
      world.update('a')
      await world.settle()
      expect(page.state).toBe(world.state)
    })
  }

  test('an API that does not watch, and whose lists have no version, is polled', async () => {
    const world = new World(['a'])
    world.server.faults.add(refused(405))
    const fetch = async (request: Request, next: Fetch) => {
      const response = await next(request)
      if (!response.ok) return response
      return new Response((await response.text()).replace(/"metadata":\{"resourceVersion":"\d+"\}/, '"metadata":{}'), response)
    }
    await using page = await new Page(world, { fetch }).open()
    expect(page.reflector.status).toMatchObject({ state: 'polling', hasSynced: true })
    world.update('a')
    await world.advance(31_000)
    expect(page.state).toBe(world.state)
    expect(page.changes.filter((change) => change.includes('-'))).toEqual([])
  })

  test('a server that ignores `watch` and answers with the list is polled', async () => {
    const world = new World(['a'])
    const fetch = (request: Request, next: Fetch) => {
      const url = new URL(request.url)
      for (const name of ['watch', 'sendInitialEvents', 'allowWatchBookmarks', 'timeoutSeconds']) url.searchParams.delete(name)
      if (isWatch(request)) url.searchParams.delete('resourceVersionMatch')
      return next(new Request(url, request))
    }
    await using page = await new Page(world, { fetch }).open()
    await world.advance(60_000)
    expect(page.reflector.state).toBe('polling')
    expect(page.state).toBe(world.state)
  })

  test('a user who may list and may not watch is kept up to date nevertheless', async () => {
    const world = new World(['a'])
    world.server.faults.add(refused(403))
    await using page = await new Page(world).open()
    expect(page.reflector.state).toBe('polling')
    world.update('a')
    await world.advance(31_000)
    expect(page.state).toBe(world.state)
  })

  test('a user who may watch again is no longer polled, and nothing is reported on the way', async () => {
    const world = new World(['a'])
    const restore = world.server.faults.add(refused(403))
    const reported: unknown[] = []
    await using page = await new Page(world, { onError: (error) => reported.push(error) }).open()
    await world.advance(600_000)
    expect(page.reflector.state).toBe('polling')
    restore()
    await world.advance(1_200_000)
    expect(page.reflector.state).toBe('live')
    expect(reported).toHaveLength(1)
  })
})

describe('a plain Worker of Cloudflare, whose timers end with the request that started them', () => {
  afterEach(() => vi.unstubAllGlobals())

  /** A page whose clock moves on while none of its timers fires. */
  const suspended = async () => {
    const world = new World(['a'])
    let asleepMs = 0
    const clock = {
      now: () => world.clock.now() + asleepMs,
      setTimeout: (callback: () => void, ms: number) => world.clock.setTimeout(callback, ms),
      clearTimeout: (timer: unknown) => world.clock.clearTimeout(timer),
    }
    const page = await new Page(world, { clock }).open()
    return {
      world,
      clock,
      page,
      sleep: (ms: number) => {
        asleepMs += ms
      },
    }
  }

  test('a feed that the runtime has stopped is not shown as live by the next request', async () => {
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
    const { page, sleep } = await suspended()
    await using _ = page
    expect(page.reflector.status.state).toBe('live')
    sleep(8_000)
    expect(page.reflector.status.state).toBe('stale')
  })

  test('an informer of single namespaces that the runtime has stopped is not shown as live either', async () => {
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
    const { world, clock, page, sleep } = await suspended()
    await using _ = page
    world.server.faults.add({
      times: Number.POSITIVE_INFINITY,
      match: ({ url }) => !url.includes('/namespaces/'),
      fault: { type: 'status', status: 403 },
    })
    const client = new KubeReader({ baseUrl: world.baseUrl, fetch: world.fetch })
    const options = { namespaces: eachAllowed(['shop']), clock, onWake: () => () => undefined, onError: () => undefined }
    await using informer = createInformer(client, ConfigMap, options)
    await world.settle()
    expect(informer.status.state).toBe('live')
    sleep(8_000)
    expect(informer.status.state).toBe('stale')
  })

  test('a feed whose timers fire again, as in a Durable Object that was busy, reconnects', async () => {
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
    const { world, page, sleep } = await suspended()
    await using _ = page
    sleep(8_000)
    expect(page.reflector.status.state).toBe('stale')
    world.create('b')
    await world.advance(6_000)
    expect(page.reflector.status.state).toBe('live')
    expect(page.state).toBe(world.state)
  })

  test('other runtimes do not take a late timer for that', async () => {
    const { page, sleep } = await suspended()
    await using _ = page
    sleep(8_000)
    expect(page.reflector.status.state).toBe('live')
  })
})
