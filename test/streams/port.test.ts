// Tests for connections to ports on sockets in memory, in virtual time.

import { expect, test } from 'vitest'
import { isConnectionError } from '../../src/api/errors'
import { isStreamOverflowError } from '../../src/streams/errors'
import { connectPort } from '../../src/streams/port'
import { VirtualClock } from '../../src/testing'
import { memoryServer } from './memory-socket'
import { failure, text } from './outcomes'

const target = { namespace: 'shop', name: 'web-1', port: 8080 }
const V4 = { protocol: 'v4.channel.k8s.io' }
/** 8080, least significant byte first. */
const portBytes = Uint8Array.of(0x90, 0x1f)

test('[streams/17] connectPort asks for one port over v4, and no port byte is in the data', async () => {
  const server = memoryServer(V4)
  await using connection = await connectPort(server.client, target)
  const { url, protocols } = server.last.request
  expect(url).toBe('http://kube.test/api/v1/namespaces/shop/pods/web-1/portforward?ports=8080')
  expect(protocols).toEqual(['v4.channel.k8s.io'])
  server.last.send(0, portBytes)
  server.last.send(1, portBytes)
  server.last.send(0, 'answer')
  server.last.close()
  expect(await text(connection.readable)).toBe('answer')
  await connection.closed
})

test('[streams/17] port bytes that arrive one by one, or together with data, are skipped', async () => {
  const server = memoryServer(V4)
  await using connection = await connectPort(server.client, target)
  server.last.send(0, portBytes.subarray(0, 1))
  server.last.send(0, Uint8Array.of(0x1f, 0x61, 0x62))
  server.last.close()
  expect(await text(connection.readable)).toBe('ab')
})

test('[streams/17] the text of a port that refuses is the error of closed and of the data', async () => {
  const server = memoryServer(V4)
  await using connection = await connectPort(server.client, target)
  server.last.send(0, portBytes)
  server.last.send(1, portBytes)
  server.last.send(1, 'dial tcp4 127.0.0.1:8080: ')
  server.last.send(1, 'connect: connection refused')
  server.last.close()
  const error = await failure(connection.closed)
  expect(isConnectionError(error) && error.message).toContain('port 8080: dial tcp4 127.0.0.1:8080: connect: connection refused')
  expect(await failure(text(connection.readable))).toBe(error)
})

test('[streams/18] closing the writable sends nothing, and reading goes on', async () => {
  const server = memoryServer(V4)
  await using connection = await connectPort(server.client, target)
  const writer = connection.writable.getWriter()
  await writer.write(new TextEncoder().encode('question'))
  await writer.close()
  server.last.send(0, portBytes)
  server.last.send(0, 'the rest')
  server.last.close()
  expect(await text(connection.readable)).toBe('the rest')
  expect(server.last.received).toEqual(['0:question'])
})

test('[streams/18] the data ends after the last byte when the far end closes first', async () => {
  const server = memoryServer(V4)
  await using connection = await connectPort(server.client, target)
  server.last.send(0, portBytes)
  for (let i = 0; i < 30; i++) server.last.send(0, new Uint8Array(32 * 1024))
  server.last.close()
  await connection.closed
  expect((await text(connection.readable)).length).toBe(30 * 32 * 1024)
  await expect(connection.writable.getWriter().write(Uint8Array.of(1))).rejects.toThrow('the connection is closed')
})

test('[streams/19] a connection that breaks is an error, so that a part does not pass for the whole', async () => {
  const server = memoryServer(V4)
  await using connection = await connectPort(server.client, target)
  server.last.send(0, portBytes)
  server.last.send(0, 'half')
  server.last.cut()
  const error = await failure(connection.closed)
  expect(isConnectionError(error) && error.message).toContain('port 8080: the connection broke')
  expect(await failure(text(connection.readable))).toBe(error)
  expect(server.connections).toHaveLength(1)
})

test('an abort closes the connection at once, and its reason is the error of everything', async () => {
  const server = memoryServer(V4)
  const controller = new AbortController()
  const connection = await connectPort(server.client, { ...target, signal: controller.signal })
  const writing = connection.writable.getWriter().closed
  const reason = new Error('enough')
  controller.abort(reason)
  expect(server.last.isClosed).toBe(true)
  const outcomes = [connection.closed, text(connection.readable), writing].map(failure)
  expect(await Promise.all(outcomes)).toEqual([reason, reason, reason])
})

test('close ends the data without an error, and is idempotent', async () => {
  const server = memoryServer(V4)
  const connection = await connectPort(server.client, target)
  await connection.close()
  await connection.close()
  await connection.closed
  expect(await text(connection.readable)).toBe('')
  expect(server.last.isClosed).toBe(true)
})

test('where the connection cannot be paused, unread data beyond the bound is an error', async () => {
  const server = memoryServer({ ...V4, hasBackpressure: false })
  await using connection = await connectPort(server.client, { ...target, maxUnread: 100 })
  server.last.send(0, portBytes)
  for (let i = 0; i < 4; i++) server.last.send(0, new Uint8Array(32))
  const error = await failure(connection.closed)
  expect(isStreamOverflowError(error) && [error.stream, error.limit]).toEqual(['data', 100])
})

test('a silent connection sends an empty message every 30 s', async () => {
  const clock = new VirtualClock()
  const server = memoryServer(V4)
  await using _ = await connectPort(server.client, { ...target, clock })
  await clock.advance(90_000)
  expect(server.last.received).toEqual(['keep-alive', 'keep-alive', 'keep-alive'])
})

test.each([0, 65_536, 1.5, Number.NaN])('the port %d is a RangeError before anything is sent', async (port) => {
  const server = memoryServer(V4)
  await expect(connectPort(server.client, { ...target, port })).rejects.toThrow(/the port must be an integer from 1 to 65,535/)
  expect(server.connections).toEqual([])
})
