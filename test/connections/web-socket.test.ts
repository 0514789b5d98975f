// Tests for watches over WebSockets, on sockets in memory and in virtual time.

import { describe, expect, test } from 'vitest'
import { isApiError, isConnectionError, isExpiredError } from '../../src/api/errors'
import { restoreWatchOver } from '../../src/connections/restore'
import { turns } from '../../src/connections/turns'
import { watchBody } from '../../src/connections/watch-body'
import { webSocket } from '../../src/connections/web-socket'
import { KubeClient, type KubeClientOptions } from '../../src/http/client'
import type { WatchOverSettings } from '../../src/http/watch-over'
import { ConfigMap, Pod, Secret, Service } from '../../src/resources/core/v1'
import type { Socket } from '../../src/socket/socket'
import { failure } from '../streams/outcomes'
import { isProbe, SocketWorld } from './support'

const object = (name: string) => ({ metadata: { name, namespace: 'shop' } })
describe('webSocket', () => {
  test('carries every watch of an informer, and the informer follows the server', async () => {
    const world = new SocketWorld()
    world.server.create(ConfigMap, object('a'))
    const informer = world.informer(world.client({ watchOver: webSocket() }), ConfigMap)
    await world.clock.advance(1_000)
    world.server.create(ConfigMap, object('b'))
    world.server.delete(ConfigMap, { namespace: 'shop', name: 'a' })
    await world.clock.advance(1_000)
    expect(informer.objects().map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).toEqual(['shop/b'])
    expect(world.sockets.length).toBeGreaterThan(0)
    const watches = world.server.requests.filter(({ verb }) => verb === 'watch')
    expect(watches).toHaveLength(world.sockets.length)
    await informer.close()
    expect(world.openWatches).toBe(0)
  })

  test('goes on from the last resourceVersion after the connection broke', async () => {
    const world = new SocketWorld()
    world.server.create(ConfigMap, object('a'))
    const informer = world.informer(world.client({ watchOver: webSocket() }), ConfigMap)
    await world.clock.advance(20_000)
    world.server.disconnect()
    world.server.create(ConfigMap, object('b'))
    await world.clock.advance(20_000)
    expect(informer.objects().map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).toEqual(['shop/a', 'shop/b'])
    const lists = world.server.requests.filter(
      ({ verb, url }) => url.includes('sendInitialEvents') || (verb === 'list' && !url.includes('limit=1')),
    )
    expect(lists).toHaveLength(1)
    await informer.close()
  })

  test('keeps the first watches on fetch, as many as asked', async () => {
    const world = new SocketWorld()
    const client = world.client({ watchOver: webSocket({ beyond: 2 }) })
    const informers = [ConfigMap, Secret, Pod, Service].map((resource) => world.informer(client, resource))
    await world.clock.advance(5_000)
    const carried = new Set(world.sockets.filter(({ url }) => !isProbe(url)).map(({ url }) => new URL(url).pathname))
    expect([...carried]).toEqual(['/api/v1/pods', '/api/v1/services'])
    expect(world.openWatches).toBe(4)
    await Promise.all(informers.map((informer) => informer.close()))
  })

  test('falls back to fetch, in turns, where WebSockets fail', async () => {
    const world = new SocketWorld()
    const blocked = () => Promise.reject(new Error('blocked'))
    const client = world.client({ watchOver: webSocket({ beyond: 2 }), webSocket: blocked })
    const informers = [ConfigMap, Secret, Pod, Service].map((resource) => world.informer(client, resource))
    let most = 0
    for (let second = 0; second < 50; second++) {
      await world.clock.advance(1_000)
      most = Math.max(most, world.openWatches)
    }
    expect(informers.map(({ hasSynced }) => hasSynced)).toEqual([true, true, true, true])
    expect(most).toBe(2)
    await Promise.all(informers.map((informer) => informer.close()))
  })

  test('tries WebSockets again a minute after they failed where fetch did not', async () => {
    const world = new SocketWorld()
    let attempts = 0
    const client = world.client({
      watchOver: webSocket(),
      webSocket: () => {
        attempts++
        return Promise.reject(new Error('blocked'))
      },
    })
    const watch = async () => {
      const batches = client.watchEntries(ConfigMap, { resourceVersion: '1' })
      await batches.next()
      await batches.return()
      return attempts
    }
    expect(await watch()).toBe(1)
    await world.clock.advance(59_999)
    expect(await watch()).toBe(1)
    await world.clock.advance(1)
    expect(await watch()).toBe(2)
  })

  test('tries WebSockets again at once after the server was not there at all', async () => {
    const world = new SocketWorld()
    let attempts = 0
    const client = world.client({
      watchOver: webSocket(),
      fetch: () => Promise.reject(new TypeError('no server')),
      webSocket: () => {
        attempts++
        return Promise.reject(new Error('no server'))
      },
    })
    for (const expected of [1, 2]) {
      const error = await failure(client.watchEntries(ConfigMap, { resourceVersion: '1' }).next())
      expect(isConnectionError(error)).toBe(true)
      expect(attempts).toBe(expected)
    }
  })

  test('rejects with the reason of the server when it refuses the watch', async () => {
    const world = new SocketWorld()
    const client = world.client({ watchOver: webSocket() })
    world.server.access.deny({ verb: 'watch', resource: 'secrets' })
    const error = await failure(client.watchEntries(Secret, { resourceVersion: '1' }).next())
    expect(isApiError(error) && error.status).toBe(403)
    expect(String(error)).not.toContain('a stream needs')
  })

  test('finds the reason with a plain request where the runtime hides it', async () => {
    const world = new SocketWorld()
    world.server.access.deny({ verb: 'watch', resource: 'secrets' })
    const client = world.client({ watchOver: webSocket(), webSocket: () => Promise.reject(new Error('the WebSocket handshake failed')) })
    const error = await failure(client.watchEntries(Secret, { resourceVersion: '1' }).next())
    expect(isApiError(error) && error.status).toBe(403)
  })

  test('an expired resourceVersion is an ExpiredError or an ERROR event, as over fetch', async () => {
    const world = new SocketWorld({ windowSize: 1 })
    for (const name of ['a', 'b', 'c']) world.server.create(ConfigMap, object(name))
    world.server.compact()
    const outcome = async (client: ReturnType<typeof world.client>) => {
      const events: string[] = []
      const error = await failure(
        (async () => {
          for await (const batch of client.watchEntries(ConfigMap, { resourceVersion: '1' }))
            for (const { type } of batch) events.push(type)
        })(),
      )
      return [events, isExpiredError(error)]
    }
    expect(await outcome(world.client({ watchOver: webSocket() }))).toEqual(await outcome(world.client()))
  })

  test('a request with a header of its own travels over fetch', async () => {
    const world = new SocketWorld()
    const client = world.client({ watchOver: webSocket() })
    const watch = client.watchEntries(ConfigMap, {
      resourceVersion: '1',
      accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
    })
    await watch.next()
    expect(world.sockets).toEqual([])
    await watch.return()
  })

  test('sends an origin, without which API servers serve no watch to a WebSocket', async () => {
    const world = new SocketWorld()
    const watch = world.client({ watchOver: webSocket() }).watchEntries(ConfigMap, { resourceVersion: '1' })
    await watch.next()
    expect(world.sockets[0]?.headers.get('origin')).toBe('http://kube.test')
    expect(world.sockets[0]?.protocols).toHaveLength(1)
    await watch.return()
  })

  test('a client with it can move to a Worker, unless it opens WebSockets by means of its own', () => {
    const portable = (options: KubeClientOptions) => new KubeClient({ baseUrl: 'http://kube.test', ...options }).portable?.watchOver
    expect(portable({ watchOver: webSocket({ beyond: 4 }) })).toEqual({ way: 'webSocket', beyond: 4 })
    expect(portable({ watchOver: turns({ streams: 2 }) })).toEqual({ way: 'turns', streams: 2, turnMs: 10_000 })
    const own = new KubeClient({ baseUrl: 'http://kube.test', watchOver: webSocket(), webSocket: () => Promise.reject(new Error('none')) })
    expect(own.portable).toBeUndefined()
  })

  test('another thread restores it from its settings', async () => {
    const world = new SocketWorld()
    const watch = async (settings: WatchOverSettings) => {
      const batches = world.client({ watchOver: restoreWatchOver(settings) }).watchEntries(ConfigMap, { resourceVersion: '1' })
      await batches.next()
      await batches.return()
      return world.sockets.length
    }
    expect(await watch({ way: 'turns', streams: 1, turnMs: 1_000 })).toBe(0)
    expect(await watch({ way: 'webSocket', beyond: 0 })).toBe(1)
  })

  test.each([-1, 1.5])('refuses beyond: %d', (beyond) => {
    expect(() => webSocket({ beyond })).toThrow(new RangeError(`webSocket: beyond must be a whole number of at least 0, got ${beyond}`))
  })
})

describe('the body of a watch over a WebSocket', () => {
  /** A socket that sends messages as fast as they are read. */
  const socketOf = (messages: Iterable<string>, hasBackpressure: boolean) => {
    const iterator = messages[Symbol.iterator]()
    const state = { sent: 0, isClosed: false }
    const socket: Socket = {
      protocol: '',
      closed: new Promise(() => {}),
      readable: new ReadableStream(
        {
          pull(controller) {
            const { done, value } = iterator.next()
            if (done || state.isClosed) return controller.close()
            state.sent += value.length
            controller.enqueue(new TextEncoder().encode(value))
          },
        },
        { highWaterMark: 0 },
      ),
      writable: new WritableStream(),
      hasBackpressure,
      close: () => {
        state.isClosed = true
      },
    }
    return { socket, state }
  }
  const settled = () => new Promise((resolve) => setImmediate(resolve))

  test('gives each message a line end, unless it has one', async () => {
    const { socket } = socketOf(['{"a":1}', '{"b":2}\n', '{"c":3}'], true)
    expect(await new Response(watchBody(socket)).text()).toBe('{"a":1}\n{"b":2}\n{"c":3}\n')
  })

  test('joins the messages that wait', async () => {
    const { socket } = socketOf(
      Array.from({ length: 1_000 }, (_, i) => `{"i":${i}}`),
      true,
    )
    const reader = watchBody(socket).getReader()
    await settled()
    const { value } = await reader.read()
    expect(new TextDecoder().decode(value).trimEnd().split('\n')).toHaveLength(1_000)
  })

  test('reads at most 1 MiB ahead where it can pause the server', async () => {
    const message = 'x'.repeat(64 * 1024)
    const { socket, state } = socketOf(Array(1_000).fill(message), true)
    const reader = watchBody(socket).getReader()
    await settled()
    expect(state.sent).toBeLessThanOrEqual(1024 * 1024 + message.length)
    await reader.read()
    await settled()
    expect(state.sent).toBeGreaterThan(1024 * 1024 + message.length)
    await reader.cancel()
    expect(state.isClosed).toBe(true)
  })

  test('closes the connection at 64 MiB unread where it cannot, and still delivers those', async () => {
    const message = 'x'.repeat(1024 * 1024)
    const { socket, state } = socketOf(Array(200).fill(message), false)
    const body = watchBody(socket)
    for (let i = 0; i < 300 && !state.isClosed; i++) await settled()
    expect(state).toEqual({ sent: 64 * message.length, isClosed: true })
    expect((await new Response(body).bytes()).length).toBe(64 * (message.length + 1))
  })
})
