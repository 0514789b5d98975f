// Tests for forwarded ports: real connections on this machine, pods of the fake API server, sockets in memory.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { isApiError, isConnectionError } from '../../src/api/errors'
import { type ForwardedConnection, type ForwardPortOptions, forwardPort } from '../../src/local/forward-port'
import { selectorText } from '../../src/local/target'
import { Deployment } from '../../src/resources/apps/v1'
import { Pod, Service } from '../../src/resources/core/v1'
import { FakeApiServer, VirtualClock } from '../../src/testing'
import { memoryServer } from './memory-socket'
import { failure } from './outcomes'

const namespace = 'shop'
const portBytes = new Uint8Array(2)
/** Resolves when a connection is closed, however that ends; `once` would reject with a reset. */
const closing = (socket: Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()))

/** A cluster whose pods `web-1` and `web-2` listen on a port named `http`. */
function cluster() {
  const server = new FakeApiServer({ resources: [Pod, Service, Deployment] })
  const sockets = memoryServer({ baseUrl: 'http://kube.test', protocol: 'v4.channel.k8s.io', fetch: server.fetch })
  const createPod = (name: string, ready = true) =>
    server.create(Pod, {
      metadata: { name, namespace, labels: { app: 'web' } },
      spec: { containers: [{ name: 'main', ports: [{ name: 'http', containerPort: 8080 }] }] },
      status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
    } as Pod)
  createPod('web-1')
  createPod('web-2')
  server.create(Service, {
    metadata: { name: 'web', namespace },
    spec: { selector: { app: 'web' }, ports: [{ name: 'public', port: 80, targetPort: 'http' }] },
  })
  server.create(Deployment, {
    metadata: { name: 'web', namespace },
    spec: { selector: { matchLabels: { app: 'web' } }, template: {} },
  } as Deployment)
  const connections: ForwardedConnection[] = []
  const start = (options: Partial<ForwardPortOptions> = {}) =>
    forwardPort(sockets.client, {
      namespace,
      target: { service: 'web' },
      port: 'public',
      onConnection: (connection) => connections.push(connection),
      ...options,
    })
  /** Connects, and waits until the pod's side is open. */
  const open = async (port: number): Promise<Socket> => {
    const before = sockets.connections.length
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
    socket.on('error', () => undefined)
    await expect.poll(() => sockets.connections.length).toBe(before + 1)
    sockets.last.send(0, portBytes)
    return socket
  }
  return { server, sockets, createPod, connections, start, open }
}

const targetsOf = ({ sockets }: ReturnType<typeof cluster>) =>
  sockets.connections.map(({ request }) => request.url.replace(/^.*pods\//, ''))

test('[streams/19] forwardPort connects each connection to a ready pod, in turn, and copies both directions', async () => {
  const world = cluster()
  await using forwarded = await world.start()
  expect(forwarded.hostname).toBe('127.0.0.1')
  for (let i = 0; i < 3; i++) {
    const socket = await world.open(forwarded.port)
    socket.write(`question ${i}`)
    await expect.poll(() => world.sockets.last.received).toEqual([`0:question ${i}`])
    world.sockets.last.send(0, `answer ${i}`)
    const [answer] = await once(socket, 'data')
    expect(String(answer)).toBe(`answer ${i}`)
    world.sockets.last.close()
    await once(socket, 'end')
    socket.end()
  }
  expect(targetsOf(world)).toEqual(['web-1/portforward?ports=8080', 'web-2/portforward?ports=8080', 'web-1/portforward?ports=8080'])
  expect(world.connections.map(({ pod }) => pod)).toEqual(['web-1', 'web-2', 'web-1'])
  await Promise.all(world.connections.map(({ closed }) => closed))
})

test('[streams/19] a connection that is never read does not slow the others', async () => {
  const world = cluster()
  await using forwarded = await world.start()
  const stuck = await world.open(forwarded.port)
  stuck.pause()
  for (let i = 0; i < 400; i++) world.sockets.last.send(0, new Uint8Array(32 * 1024))
  const others = []
  for (let i = 0; i < 20; i++) {
    others.push(await world.open(forwarded.port))
    world.sockets.last.send(0, `answer ${i}`)
  }
  const answers = await Promise.all(others.map((socket) => once(socket, 'data')))
  expect(answers.map(String)).toEqual(others.map((_, i) => `answer ${i}`))
})

test('[streams/19] after its pod is deleted, the next connection goes to the successor', async () => {
  const world = cluster()
  world.server.delete(Pod, { name: 'web-2', namespace })
  await using forwarded = await world.start({ target: { deployment: 'web' }, port: 'http' })
  await world.open(forwarded.port)
  world.server.delete(Pod, { name: 'web-1', namespace })
  world.createPod('web-3')
  await expect
    .poll(async () => {
      await world.open(forwarded.port)
      return targetsOf(world).at(-1)
    })
    .toContain('web-3')
})

test('[streams/19] a connection that breaks is reset, and nothing is connected in its place', async () => {
  const world = cluster()
  await using forwarded = await world.start()
  const socket = connect(forwarded.port, '127.0.0.1')
  const outcome = closing(socket)
  const failed = new Promise<Error & { code?: string }>((resolve) => socket.once('error', resolve))
  await expect.poll(() => world.sockets.connections.length).toBe(1)
  world.sockets.last.send(0, portBytes)
  world.sockets.last.send(0, 'half')
  await new Promise((resolve) => socket.once('data', resolve))
  world.sockets.last.cut()
  expect((await failed).code).toBe('ECONNRESET')
  await outcome
  expect(isConnectionError(await failure(world.connections[0]?.closed ?? Promise.resolve()))).toBe(true)
  expect(world.sockets.connections).toHaveLength(1)
})

test('[streams/19] without a ready pod a connection waits for one, and is reset after 30 s', async () => {
  const world = cluster()
  for (const name of ['web-1', 'web-2']) world.server.delete(Pod, { name, namespace })
  const clock = new VirtualClock()
  await using forwarded = await world.start({ clock })
  const first = connect(forwarded.port, '127.0.0.1')
  const reset = closing(first)
  first.on('error', () => undefined)
  await once(first, 'connect')
  await expect.poll(() => clock.pending).toBeGreaterThan(0)
  await expect
    .poll(async () => {
      await clock.advance(31_000)
      return world.connections.length
    })
    .toBe(1)
  await reset
  expect(world.connections[0]?.pod).toBeUndefined()
  await expect(world.connections[0]?.closed).rejects.toThrow('no pod was ready within 30 s')
  expect(world.sockets.connections).toEqual([])
})

test('a pod that is named is connected although it is not ready', async () => {
  const world = cluster()
  world.createPod('debug', false)
  await using forwarded = await world.start({ target: { pod: 'debug' }, port: 9000 })
  await world.open(forwarded.port)
  expect(targetsOf(world)).toEqual(['debug/portforward?ports=9000'])
})

test('the pod’s bytes still arrive after the local side has ended its input', async () => {
  const world = cluster()
  await using forwarded = await world.start()
  const socket = await world.open(forwarded.port)
  socket.end('question')
  await expect.poll(() => world.sockets.last.received).toEqual(['0:question'])
  world.sockets.last.send(0, 'the rest')
  const [rest] = await once(socket, 'data')
  expect(String(rest)).toBe('the rest')
  world.sockets.last.close()
  await once(socket, 'end')
})

test('a pod that stays silent for 30 s after the local side has ended its input is disconnected', async () => {
  const world = cluster()
  const clock = new VirtualClock()
  await using forwarded = await world.start({ clock })
  const socket = await world.open(forwarded.port)
  socket.end('question')
  await expect.poll(() => world.sockets.last.received).toContain('0:question')
  await expect
    .poll(async () => {
      await clock.advance(31_000)
      return world.sockets.last.isClosed
    })
    .toBe(true)
})

describe('the end of a forwarded port', () => {
  test('[streams/20] an abort closes every connection, and nothing listens when closed resolves', async () => {
    const world = cluster()
    const controller = new AbortController()
    const forwarded = await world.start({ signal: controller.signal })
    const socket = await world.open(forwarded.port)
    const ended = closing(socket)
    controller.abort(new Error('enough'))
    await forwarded.closed
    await ended
    expect(world.sockets.last.isClosed).toBe(true)
    const again = connect(forwarded.port, '127.0.0.1')
    const [error] = await once(again, 'error')
    expect((error as { code?: string }).code).toBe('ECONNREFUSED')
  })

  test('close is idempotent and resolves with closed', async () => {
    const forwarded = await cluster().start()
    await Promise.all([forwarded.close(), forwarded.close(), forwarded.closed])
  })
})

describe('a forwarded port that cannot be opened', () => {
  test('[streams/20] a local port in use is the error of the runtime', async () => {
    const world = cluster()
    await using first = await world.start()
    const error = await failure(world.start({ listen: { port: first.port } }))
    expect((error as { code?: string }).code).toBe('EADDRINUSE')
  })

  test('a service that does not exist is an ApiError', async () => {
    const error = await failure(cluster().start({ target: { service: 'none' } }))
    expect(isApiError(error) && error.status).toBe(404)
  })

  test('[streams/20] a service without the port names those that it has', async () => {
    await expect(cluster().start({ port: 'metrics' })).rejects.toThrow('the service web has no port metrics; it has public (80)')
  })

  test('[streams/20] a pod without the named port is an error of the connection', async () => {
    const world = cluster()
    await using forwarded = await world.start({ target: { labelSelector: 'app=web' }, port: 'metrics' })
    connect(forwarded.port, '127.0.0.1').on('error', () => undefined)
    await expect.poll(() => world.connections.length).toBe(1)
    await expect(world.connections[0]?.closed).rejects.toThrow('no container of the pod web-1 has a port named metrics')
  })

  test('a service without a selector is an error that names the alternative', async () => {
    const world = cluster()
    world.server.create(Service, { metadata: { name: 'external', namespace }, spec: { ports: [{ port: 80 }] } })
    await expect(world.start({ target: { service: 'external' }, port: 80 })).rejects.toThrow('has no selector; forward to its pods instead')
  })

  test('an aborted signal rejects before anything is sent', async () => {
    const world = cluster()
    await expect(world.start({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
  })
})

test('the selector of a deployment becomes the parameter of a list', () => {
  expect(
    selectorText({
      matchLabels: { app: 'web' },
      matchExpressions: [
        { key: 'tier', operator: 'In', values: ['a', 'b'] },
        { key: 'env', operator: 'NotIn', values: ['dev'] },
        { key: 'live', operator: 'Exists' },
        { key: 'old', operator: 'DoesNotExist' },
      ],
    }),
  ).toBe('app=web,tier in (a,b),env notin (dev),live,!old')
})
