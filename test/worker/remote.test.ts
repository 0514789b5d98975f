// The client and the persister that forward their calls to a Worker.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  ApiError,
  ConnectionError,
  ExpiredError,
  isConnectionError,
  isParseError,
  isPersistenceError,
  KubeError,
} from '../../src/api/errors'
import type { WatchEntry } from '../../src/codec/wire'
import type { KubeClientOptions } from '../../src/http/client'
import { KubeClient } from '../../src/http/client'
import type { StoredRecord } from '../../src/persistence/persister'
import { ConfigMap } from '../../src/resources/core/v1'
import { VirtualClock } from '../../src/testing'
import { remotePersister } from '../../src/worker/page/remote'
import { batchCells, batchesOf, CHUNK_SIZE } from '../../src/worker/protocol'
import { World } from '../conformance/world'
import { contract, Holder, loadTold, replace, scopeOf, textsOf } from '../persistence/contract'
import { freshIndexedDB } from '../persistence/support/fake-idb'
import { startConnection } from './support'

function start(world: World, options: KubeClientOptions = {}) {
  const messages: unknown[] = []
  const asked: Request[] = []
  const fetch = (request: Request) => {
    asked.push(request)
    return world.fetch(request)
  }
  const started = startConnection({ baseUrl: world.baseUrl, fetch, ...options }, world.clock, (message) => messages.push(message))
  return { ...started, messages, asked }
}

const brief = (event: WatchEntry<ConfigMap>) =>
  !('entry' in event) ? event.type : `${event.type} ${event.entry.name}@${event.entry.resourceVersion}`

describe('a client that forwards its requests to a Worker', () => {
  test('a client in a Worker reports skipped items like one on the main thread', async () => {
    const items = ['{"metadata":{"name":"a"}}', ...Array(12).fill('null')]
    const { client } = start(new World(), {
      fetch: async ({ url }) =>
        new Response(url.includes('watch=') ? '{"type":"ADDED","object":{"metadata":{}}}\n' : `{"metadata":{},"items":[${items}]}`),
    })
    const { entries, skipped } = await client.listEntries(ConfigMap, {})
    expect(entries.map(({ name }) => name)).toEqual(['a'])
    expect(skipped).toMatchObject({ count: 12, errors: { length: 10 } })
    expect(skipped?.errors[0]).toSatisfy(isParseError)
    const events: WatchEntry<ConfigMap>[] = []
    for await (const batch of client.watchEntries(ConfigMap, {})) events.push(...batch)
    expect(events).toEqual([{ type: 'SKIPPED', error: expect.toSatisfy(isParseError) }])
  })

  test('a client in a Worker lists the same entries as one on the main thread, page by page', async () => {
    const world = new World(['a', 'b', 'c'])
    world.update('b', { data: { wide: 'ü€😀' }, labels: { app: 'web' } })
    const { client } = start(world)
    const direct = new KubeClient({ baseUrl: world.baseUrl, fetch: world.fetch })
    for (const options of [{}, { limit: 2 }, { namespace: 'shop', labelSelector: 'app=web' }, { namespace: 'elsewhere' }]) {
      const [one, other] = [await client.listEntries(ConfigMap, options), await direct.listEntries(ConfigMap, options)]
      expect({ ...one, continue: one.continue !== '', entries: one.entries.map(({ text }) => text) }).toEqual({
        ...other,
        continue: other.continue !== '',
        entries: other.entries.map(({ text }) => text),
      })
      expect(one.entries.map(({ key, uid, resourceVersion, object }) => ({ key, uid, resourceVersion, object }))).toEqual(
        other.entries.map(({ key, uid, resourceVersion, object }) => ({ key, uid, resourceVersion, object })),
      )
    }
  })

  test('a client in a Worker yields an empty batch when the watch is accepted, then events and bookmarks', async () => {
    const world = new World(['a'])
    const { client } = start(world)
    const abort = new AbortController()
    const batches = client
      .watchEntries(ConfigMap, { resourceVersion: '101', allowWatchBookmarks: true, signal: abort.signal })
      [Symbol.asyncIterator]()
    expect(await batches.next()).toEqual({ done: false, value: [] })
    world.update('a')
    const changed = batches.next()
    await world.advance(16)
    expect((await changed).value.map(brief)).toEqual(['MODIFIED a@102'])
    const next = batches.next()
    await world.advance(70_000)
    expect((await next).value.map(brief)).toEqual(['BOOKMARK'])
    abort.abort()
    await expect(batches.next()).rejects.toBe(abort.signal.reason)
  })

  test('an abort ends a request in a Worker at once, and closes its connection to the server', async () => {
    const world = new World(['a'])
    const { client } = start(world)
    const abort = new AbortController()
    const batches = client.watchEntries(ConfigMap, { resourceVersion: '101', signal: abort.signal })[Symbol.asyncIterator]()
    await batches.next()
    const next = batches.next()
    expect(world.server.openRequests).toHaveLength(1)
    abort.abort(new Error('enough'))
    await expect(next).rejects.toThrow('enough')
    await world.settle()
    world.expectNothingLeft()
  })

  test('leaving the loop over a watch in a Worker closes its connection to the server', async () => {
    const world = new World(['a'])
    const { client } = start(world)
    for await (const _ of client.watchEntries(ConfigMap, { resourceVersion: '101' })) break
    await world.settle()
    world.expectNothingLeft()
  })

  test('errors from a Worker have the same class and message as on the main thread', async () => {
    const world = new World(['a'])
    const { client } = start(world)
    const direct = new KubeClient({ baseUrl: world.baseUrl, fetch: world.fetch })
    world.server.compact()
    world.expire()
    for (const options of [
      { continue: 'nonsense' },
      { resourceVersion: '99999', resourceVersionMatch: 'NotOlderThan' as const },
      { resourceVersion: '1', resourceVersionMatch: 'Exact' as const },
    ]) {
      const answers = [client, direct].map((each) => each.listEntries(ConfigMap, options).catch((thrown: unknown) => thrown))
      // The server waits a while for a version that it has not reached.
      await world.advance(5_000)
      const [error, expected] = await Promise.all(answers)
      expect(error).toBeInstanceOf(ApiError)
      expect(error).toEqual(expected)
      expect(error instanceof ExpiredError).toBe(expected instanceof ExpiredError)
    }
  })

  test('a request that fails in a Worker rejects with a ConnectionError and its cause', async () => {
    const world = new World()
    const { client } = start(world, { fetch: () => Promise.reject(new TypeError('no route')) })
    const error = await client.listEntries(ConfigMap, {}).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ConnectionError)
    expect(error).toMatchObject({ cause: { name: 'TypeError', message: 'no route' } })
  })

  test('a watch in a Worker delivers the events before an error', async () => {
    const world = new World(['a'])
    const lines = '{"type":"ADDED","object":{"metadata":{"name":"x","resourceVersion":"1"}}}\nnonsense\n'
    const { client } = start(world, { fetch: async () => new Response(lines) })
    const seen: string[] = []
    const read = async () => {
      for await (const batch of client.watchEntries(ConfigMap, {})) seen.push(...batch.map(brief))
    }
    await expect(read()).rejects.toMatchObject({ name: 'ParseError', excerpt: 'nonsense' })
    expect(seen).toEqual(['ADDED x@1'])
  })

  test('the token provider stays on the main thread, and is called once, and once more after a 401', async () => {
    const world = new World(['a'])
    const tokens = ['old', 'new']
    let asked = 0
    const seen: (string | null)[] = []
    const { client } = start(world, {
      token: () => tokens[asked++],
      fetch: async (request) => {
        seen.push(request.headers.get('authorization'))
        return request.headers.get('authorization') === 'Bearer old' ? new Response('', { status: 401 }) : world.fetch(request)
      },
    })
    await client.listEntries(ConfigMap, {})
    await client.listEntries(ConfigMap, {})
    expect(seen).toEqual(['Bearer old', 'Bearer new', 'Bearer new'])
    expect(asked).toBe(2)
  })

  test('a request in a Worker with a refused fixed token fails', async () => {
    const { client, asked } = start(new World(), { token: 'fixed', fetch: async () => new Response('', { status: 401 }) })
    await expect(client.listEntries(ConfigMap, {})).rejects.toMatchObject({ name: 'ApiError', status: 401 })
    expect(asked).toHaveLength(0)
  })

  test('a request in a Worker fails with the error of the token provider', async () => {
    const { client } = start(new World(), { token: () => Promise.reject(new Error('logged out')) })
    await expect(client.listEntries(ConfigMap, {})).rejects.toThrow('logged out')
  })

  test('a client in a Worker sends the client’s headers and impersonation', async () => {
    const { client, asked } = start(new World(), { headers: { 'x-trace': 't' }, impersonate: { user: 'ann', groups: ['dev'] } })
    await client.listEntries(ConfigMap, {})
    expect(Object.fromEntries(asked[0]?.headers ?? [])).toMatchObject({
      'x-trace': 't',
      'impersonate-user': 'ann',
      'impersonate-group': 'dev',
    })
  })

  test('a client in a Worker reports warnings on the main thread', async () => {
    const warnings: string[] = []
    const world = new World()
    const { client } = start(world, {
      onWarning: ({ text }) => warnings.push(text),
      fetch: async (request) => {
        const response = await world.fetch(request)
        return new Response(response.body, { headers: { warning: '299 - "old"' } })
      },
    })
    await client.listEntries(ConfigMap, {})
    expect(warnings).toEqual(['old'])
  })

  test('a client in a Worker reports bytes as they arrive, also for a list', async () => {
    const world = new World(['a', 'b'])
    const direct = new KubeClient({ baseUrl: world.baseUrl, fetch: world.fetch })
    const [bytes, expected] = await Promise.all(
      [start(world).client, direct].map(async (client) => {
        const counts: number[] = []
        await client.listEntries(ConfigMap, { onBytes: (count) => counts.push(count) })
        return counts.reduce((sum, count) => sum + count, 0)
      }),
    )
    expect(bytes).toBeGreaterThan(100)
    expect(bytes).toBe(expected)
  })

  test('a Worker combines the events that arrive during a batch and in the next frame, and sends them as strings', async () => {
    const world = new World(['a'])
    const { client, messages } = start(world)
    const batches = client.watchEntries(ConfigMap, { resourceVersion: '101' })[Symbol.asyncIterator]()
    await batches.next()
    for (let change = 0; change < 20; change++) {
      world.update('a')
      await world.settle()
    }
    // The second batch has not been requested yet, so all changes wait for it.
    const next = batches.next()
    await world.advance(15)
    world.update('a')
    await world.advance(1)
    expect((await next).value).toHaveLength(21)
    await batches.return?.()
    const chunks = messages.filter((message) => (message as { type: string }).type === 'chunk') as { cells?: unknown[] }[]
    expect(chunks).toHaveLength(2)
    expect(chunks.flatMap(({ cells = [] }) => cells).every((cell) => typeof cell === 'string')).toBe(true)
  })

  test('a Worker with a slow listener stops reading after one chunk', async () => {
    const world = new World(['a'])
    const { client, messages } = start(world)
    const batches = client.watchEntries(ConfigMap, { resourceVersion: '101' })[Symbol.asyncIterator]()
    await batches.next()
    const wide = 'x'.repeat(CHUNK_SIZE / 4)
    for (let change = 0; change < 40; change++) {
      world.update('a', { data: { wide: wide + change } })
      await world.settle()
    }
    const sizes: number[] = []
    for (let seen = 0; seen < 40; ) {
      const { value } = await batches.next()
      seen += value.length
      sizes.push(value.length)
    }
    await batches.return?.()
    expect(Math.max(...sizes)).toBeLessThan(10)
    expect(messages.length).toBeGreaterThan(8)
  })

  test('a large list crosses from the Worker in chunks', async () => {
    const world = new World()
    for (let number = 0; number < 30; number++) world.create(`big-${number}`, { data: { wide: 'x'.repeat(CHUNK_SIZE / 8) } })
    const { client, messages } = start(world)
    expect((await client.listEntries(ConfigMap, {})).entries).toHaveLength(30)
    const chunks = messages.filter((message) => (message as { type: string }).type === 'chunk')
    expect(chunks.length).toBeGreaterThan(3)
  })

  test('a request fails with a ConnectionError when its Worker is terminated', async () => {
    const world = new World(['a'])
    const { client, connection } = start(world)
    const batches = client.watchEntries(ConfigMap, { namespace: 'shop', resourceVersion: '101' })[Symbol.asyncIterator]()
    await batches.next()
    const next = batches.next()
    connection.fail(new KubeError('it crashed'))
    const error = await next.catch((thrown: unknown) => thrown)
    expect(isConnectionError(error) && error.message).toBe(
      'GET http://kubernetes.test/api/v1/namespaces/shop/configmaps: no answer (it crashed)',
    )
    await expect(client.listEntries(ConfigMap, {})).rejects.toMatchObject({ name: 'ConnectionError' })
    await world.settle()
    world.expectNothingLeft()
  })
})

describe('a persister that forwards its calls to a Worker', () => {
  beforeEach(freshIndexedDB)
  afterEach(() => vi.restoreAllMocks())

  function open() {
    const { connection } = startConnection({ baseUrl: 'http://kubernetes.test' }, new VirtualClock())
    return { connection, persister: new Holder(remotePersister(connection, { number: 1, database: 'test' })) }
  }

  for (const { title, run } of contract) test(title, () => run({ open: () => open().persister }))

  test('a persister in a Worker stores and loads more than one chunk', async () => {
    const texts = Object.fromEntries(Array.from({ length: 30 }, (_, number) => [`k${number}`, `${number} ${'x'.repeat(CHUNK_SIZE / 8)}`]))
    await open().persister.commit(scopeOf(), replace('7', texts))
    const snapshot = await open().persister.load(scopeOf())
    expect(snapshot?.resourceVersion).toBe('7')
    expect(textsOf(snapshot).sort()).toEqual(Object.values(texts).sort())
  })

  test('a persister in a Worker delivers arrived batches during the load, and sends each text once', async () => {
    const texts = Object.fromEntries(Array.from({ length: 30 }, (_, number) => [`k${number}`, `${number} ${'x'.repeat(CHUNK_SIZE / 8)}`]))
    await open().persister.commit(scopeOf(), replace('7', texts))
    const { times } = await loadTold(open().persister)
    expect(times).toBeGreaterThan(3)
  })

  test('a persister in a Worker delivers batches from the beginning when its load restarts', async () => {
    const texts = { a: 'a'.repeat(CHUNK_SIZE * 5), b: 'b'.repeat(CHUNK_SIZE * 5), c: 'c'.repeat(CHUNK_SIZE * 5) }
    await open().persister.commit(scopeOf(), replace('7', texts))
    const get = IDBObjectStore.prototype.get
    let reads = 0
    vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementation(function (this: IDBObjectStore, key) {
      const request = get.call(this, key)
      if (++reads === 3) request.addEventListener('success', () => this.transaction.abort())
      return request
    })
    const batches: string[] = []
    const onRecords = (read: readonly StoredRecord[], before: number) => void batches.push(`${before}: ${read.map(({ key }) => key)}`)
    const snapshot = await open().persister.load(scopeOf(), { onRecords })
    expect(batches).toEqual(['0: c', '1: b', '0: c', '1: b', '2: a'])
    expect(textsOf(snapshot)).toEqual(Object.values(texts))
  })

  test('a persister in a Worker separates chunks that cross together', () => {
    const some = (...texts: string[]) => texts.map((text, n) => ({ key: `k${n}`, text }))
    const cells = [...batchCells(some('a', 'b'), 0), ...batchCells([], 2), ...batchCells(some('c'), 0), ...batchCells(some('', 'd'), 1)]
    expect([...batchesOf(cells.flat())]).toEqual([
      { records: some('a', 'b'), before: 0 },
      { records: some('c'), before: 0 },
      { records: some('', 'd'), before: 1 },
    ])
  })

  test('a persister is unavailable when its Worker has terminated', async () => {
    const { connection, persister } = open()
    connection.fail(new KubeError('it crashed'))
    const error = await persister.load(scopeOf()).catch((thrown: unknown) => thrown)
    expect(isPersistenceError(error) && error.code).toBe('unavailable')
  })
})
