// What goes wrong with a feed is said by default: once per kind, in one line, until the feed works again.
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest'
import { watchDiscovery } from '../../src/discovery/watch'
// An informer loads it when it runs, which takes time that is not the world's: here it is loaded already.
import '../../src/informer/namespaces/fan-in'
import { KubeClient } from '../../src/http/client'
import { createInformer, type InformerOptions } from '../../src/informer/create-informer'
import { eachAllowed } from '../../src/informer/namespaces/each-allowed'
import type { ReflectorEvent, ReflectorOptions } from '../../src/reflector/options'
import { Reflector } from '../../src/reflector/reflector'
import { ConfigMap } from '../../src/resources/core/v1'
import { ListWatch } from '../../src/source/list-watch'
import { Store } from '../../src/store/store'
import type { Fault } from '../../src/testing'
import type { Fetch } from '../conformance/page'
import { World } from '../conformance/world'

const CONFIGMAPS = 'http://kubernetes.test/api/v1/configmaps'

let printed: MockInstance<typeof console.error>
beforeEach(() => {
  printed = vi.spyOn(console, 'error').mockImplementation(() => undefined)
})
afterEach(() => {
  printed.mockRestore()
})

/** What was printed since it was asked last. */
function lines(): string[] {
  const texts = printed.mock.calls.map((values) => values.map(String).join(' '))
  printed.mockClear()
  return texts
}

/** `fetch` as Node rejects it. */
function failing(code: string, message: string): Fetch {
  return () => Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error(message), { code }) }))
}

const always = (fault: Fault) => (world: World) => {
  world.server.faults.add({ times: Number.POSITIVE_INFINITY, fault })
  return undefined
}

/** Ways in which nothing works at all. */
const troubles: Record<string, (world: World) => Fetch | undefined> = {
  'no server': () => failing('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:8001'),
  'a certificate that is not trusted': () => failing('DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'),
  '401': always({ type: 'status', status: 401 }),
  '403': always({ type: 'status', status: 403 }),
  '404': always({ type: 'status', status: 404 }),
  '500 in plain text of several lines': always({ type: 'status', status: 500, text: '<html>\r\n<title>oops\u001b[31m</title>\n</html>\n' }),
  'a login page with status 403': () => async () => new Response('<!doctype html>\n<title>Sign in</title>\n', { status: 403 }),
}

/** The README's ten lines. */
function tenLines(world: World, options: ReflectorOptions<ConfigMap> = {}, fetch: Fetch = world.fetch) {
  const client = new KubeClient({ baseUrl: world.baseUrl, fetch: (request) => fetch(request) })
  const reflector = new Reflector(new ListWatch(client, ConfigMap), new Store<ConfigMap>(), {
    clock: world.clock,
    onWake: () => () => undefined,
    ...options,
  })
  const life = new AbortController()
  const running = reflector.run({ signal: life.signal })
  return {
    reflector,
    async [Symbol.asyncDispose]() {
      life.abort()
      await running
    },
  }
}

describe('a feed that cannot work', () => {
  for (const [what, begin] of Object.entries(troubles)) {
    test(`a feed that cannot work prints one line that names the request, however often it tries: ${what}`, async () => {
      const world = new World(['a'])
      const attempts: string[] = []
      const fetch = begin(world)
      await using feed = tenLines(world, { onEvent: ({ type }) => type === 'attempt' && attempts.push(type) }, fetch)
      await world.advance(600_000)
      expect(attempts.length).toBeGreaterThan(5)
      const [line, ...others] = lines()
      expect(others).toEqual([])
      expect(line).toContain(`GET ${CONFIGMAPS}`)
      expect(line).not.toMatch(/\p{Cc}/u)
      expect(feed.reflector.status.error).toBeInstanceOf(Error)
      expect(line).toContain((feed.reflector.status.error as Error).message.slice(0, 40))
    })

    test(`a feed that cannot work calls \`onError\` instead of printing, and \`onEvent\` with every error: ${what}`, async () => {
      const world = new World(['a'])
      const told: unknown[] = []
      const errors: unknown[] = []
      const attempts: string[] = []
      const fetch = begin(world)
      const onEvent: ReflectorOptions<ConfigMap>['onEvent'] = (event) => {
        if (event.type === 'error') errors.push(event.error)
        if (event.type === 'closed' && event.reason !== 'listed') attempts.push(event.reason)
      }
      await using feed = tenLines(world, { onEvent, onError: (error) => told.push(error) }, fetch)
      await world.advance(600_000)
      expect(lines()).toEqual([])
      expect(told).toEqual([errors[0]])
      expect(errors).toHaveLength(attempts.length)
      expect(feed.reflector.status.error).toBe(errors.at(-1))
    })
  }

  test('a feed that cannot work prints one line for each kind, and starts over when it has recovered', async () => {
    const world = new World(['a'])
    await using feed = tenLines(world, { proofIntervalMs: 0 })
    await world.settle()
    expect(lines()).toEqual([])
    for (let life = 0; life < 2; life++) {
      world.server.faults.add({ times: Number.POSITIVE_INFINITY, fault: { type: 'refuse' } })
      world.server.disconnect()
      await world.advance(300_000)
      expect(lines()).toHaveLength(1)
      world.server.faults.clear()
      world.server.faults.add({ times: Number.POSITIVE_INFINITY, fault: { type: 'status', status: 403 } })
      await world.advance(300_000)
      expect(lines()).toHaveLength(1)
      world.server.faults.clear()
      world.server.faults.add({ times: Number.POSITIVE_INFINITY, fault: { type: 'refuse' } })
      await world.advance(300_000)
      expect(lines()).toEqual([])
      world.server.faults.clear()
      await world.advance(120_000)
      expect(feed.reflector.status).toMatchObject({ state: 'live', error: undefined })
      expect(lines()).toEqual([])
    }
  })

  test('a feed that cannot work prints nothing while it works and is cut now and then', async () => {
    const world = new World(['a'])
    await using feed = tenLines(world)
    for (let cut = 0; cut < 20; cut++) {
      await world.advance(30_000)
      world.server.disconnect()
    }
    await world.advance(30_000)
    expect(feed.reflector.state).toBe('live')
    expect(lines()).toEqual([])
  })

  test('a feed that cannot work prints nothing for a third cut when a watch that the server closed in good order came before it', async () => {
    const world = new World(['a'])
    const plan = ['cut', 'cut', 'closed', 'cut']
    const onEvent = (event: ReflectorEvent) => {
      if (event.type === 'opened' && event.attempt === 'watch' && plan.shift() === 'cut') queueMicrotask(() => world.server.disconnect())
    }
    await using feed = tenLines(world, { onEvent })
    await world.advance(900_000)
    expect(plan).toEqual([])
    expect(feed.reflector.state).toBe('live')
    expect(lines()).toEqual([])
  })

  test('a feed that cannot work prints nothing when it is stopped, whatever it waits for', async () => {
    for (const begin of Object.values(troubles)) {
      const world = new World(['a'])
      const fetch = begin(world)
      const feed = tenLines(world, {}, fetch)
      await world.settle()
      lines()
      await feed[Symbol.asyncDispose]()
      await world.advance(60_000)
      expect(lines()).toEqual([])
    }
  })
})

describe('an informer', () => {
  const start = (world: World, options: InformerOptions<ConfigMap> = {}) =>
    createInformer(new KubeClient({ baseUrl: world.baseUrl, fetch: world.fetch }), ConfigMap, {
      clock: world.clock,
      onWake: () => () => undefined,
      ...options,
    })

  /** Forbids reading in all namespaces, and in those for which a function says so. */
  const forbid = (world: World, isForbidden: (namespace: string) => boolean) =>
    world.server.faults.add({
      times: Number.POSITIVE_INFINITY,
      match: ({ url }) => {
        const namespace = /\/namespaces\/([^/?]+)\//.exec(url)?.[1]
        return namespace === undefined || isForbidden(namespace)
      },
      fault: { type: 'status', status: 403 },
    })

  test('an informer prints one line for what is wrong with its feed', async () => {
    const world = new World(['a'])
    world.server.faults.add({ times: Number.POSITIVE_INFINITY, fault: { type: 'status', status: 403 } })
    await using _ = start(world)
    await world.advance(600_000)
    expect(lines()).toEqual([expect.stringContaining(`GET ${CONFIGMAPS}`)])
  })

  test('an informer that follows single namespaces prints nothing about the denied ones', async () => {
    const world = new World(['a'])
    forbid(world, (namespace) => namespace !== 'shop')
    await using informer = start(world, { namespaces: eachAllowed(['shop', 'closed', 'secret']) })
    await world.advance(1_000_000)
    expect(informer.status.state).toBe('live')
    expect(lines()).toEqual([])
  })

  test('an informer that follows single namespaces prints one line when all are denied, and another one when they are denied again', async () => {
    const world = new World(['a'])
    const restore = forbid(world, () => true)
    await using informer = start(world, { namespaces: eachAllowed(['shop', 'closed', 'secret']) })
    await world.advance(1_000_000)
    expect(informer.status.state).toBe('denied')
    expect(lines()).toEqual([expect.stringContaining('GET http://kubernetes.test/api/v1/')])
    restore()
    await world.advance(400_000)
    expect(informer.status.state).toBe('live')
    forbid(world, () => true)
    world.server.disconnect()
    await world.advance(1_000_000)
    expect(informer.status.state).toBe('denied')
    expect(lines()).toHaveLength(1)
  })
})

test('`watchDiscovery` prints nothing by default', async () => {
  for (const fault of [{ type: 'refuse' }, { type: 'status', status: 403 }] as const) {
    const world = new World(['a'])
    const restore = world.server.faults.add({ times: Number.POSITIVE_INFINITY, fault })
    const life = new AbortController()
    const found: unknown[] = []
    const running = watchDiscovery(new KubeClient({ baseUrl: world.baseUrl, fetch: world.fetch }), {
      signal: life.signal,
      clock: world.clock,
      onWake: () => () => undefined,
      onChange: (discovery) => found.push(discovery),
    })
    await world.advance(300_000)
    restore()
    await world.advance(600_000)
    expect(found).not.toEqual([])
    life.abort()
    await running
    expect(lines()).toEqual([])
  }
})
