// Detection of Workers that die, hang or never start.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { KubeClient } from '../../src/http/client'
import { idbPersister } from '../../src/idb'
import { ConfigMap } from '../../src/resources/core/v1'
import { VirtualClock } from '../../src/testing'
import { WorkerConnection } from '../../src/worker/page/connection'
import type { ConnectionPort } from '../../src/worker/protocol'
import { freshIndexedDB } from '../persistence/support/fake-idb'
import { Site } from './site'

beforeEach(freshIndexedDB)
afterEach(() => vi.unstubAllGlobals())

/** Starts a connection whose Worker sends only the messages of the test. */
function connect() {
  const clock = new VirtualClock()
  const sent: string[] = []
  const port: ConnectionPort = {
    onmessage: null,
    onmessageerror: null,
    postMessage: ({ type, request }: { type: string; request?: { kind: string } }) => void sent.push(request?.kind ?? type),
    close: () => {},
  }
  const { portable } = new KubeClient({ baseUrl: 'http://kubernetes.test' })
  if (!portable) throw new TypeError('portable')
  let ends = 0
  const connection = new WorkerConnection(port, portable, clock, () => ends++)
  const reply = (data: unknown) => port.onmessage?.call(port as MessagePort, new MessageEvent('message', { data }))
  const outcome = (call: AsyncGenerator<unknown>) =>
    call.next().then(
      () => 'answered',
      (error: Error) => error.message,
    )
  const watch = () => connection.request({ kind: 'watch', resource: ConfigMap, options: {} })
  return { clock, port, sent, connection, reply, outcome, watch, ends: () => ends }
}

describe('a Worker that sends no messages', () => {
  test('fails the connection after 10 s when the Worker never responds, with a message that says what to check', async () => {
    const { clock, connection, outcome, watch, ends } = connect()
    const first = outcome(watch())
    await clock.advance(9_999)
    expect(connection.failure).toBe(undefined)
    await clock.advance(1)
    expect(await first).toBe('a Worker did not respond for 10 s: does it import kubeflect/worker?')
    expect([ends(), clock.pending]).toEqual([1, 0])
    await expect(watch().next()).rejects.toBe(connection.failure)
  })

  test('fails the connection and rejects every open request within 8 s when a Worker falls silent', async () => {
    const { clock, connection, outcome, watch, reply } = connect()
    const calls = [outcome(watch()), outcome(connection.request({ kind: 'ping' }))]
    await clock.advance(500)
    reply({ type: 'pong' })
    await clock.advance(8_500)
    expect(await Promise.all(calls)).toEqual(Array(2).fill('a Worker did not respond for 7 s'))
    expect(clock.pending).toBe(0)
  })

  test('sends no ping and leaves no timer while no request to the Worker is open', async () => {
    const { clock, sent, connection, reply } = connect()
    const call = connection.request({ kind: 'ping' }).next()
    reply({ type: 'done', id: 1, cells: [] })
    await call
    expect(clock.pending).toBe(0)
    await clock.advance(600_000)
    expect(sent).toEqual(['open', 'ping'])
    expect(connection.failure).toBe(undefined)
  })
})

describe('a Worker that is slow but alive', () => {
  test('keeps the connection while the Worker runs a task of 5 s, at any offset from the pings', async () => {
    for (let begin = 0; begin < 1_000; begin += 125) {
      const { clock, connection, outcome, watch, reply } = connect()
      void outcome(watch())
      reply({ type: 'pong' })
      for (let task = 0; task < 20; task++) {
        await clock.advance(begin)
        await clock.advance(5_000)
        reply({ type: 'pong' })
      }
      expect(connection.failure).toBe(undefined)
      connection.close()
    }
  })

  test('sends no ping to a Worker that delivers events', async () => {
    const { clock, sent, connection, reply, outcome, watch } = connect()
    void outcome(watch())
    for (let second = 0; second < 60; second++) {
      reply({ type: 'chunk', id: 1, bytes: 1, cells: undefined })
      await clock.advance(1_000)
    }
    expect(sent.filter((type) => type === 'ping')).toEqual([])
    connection.close()
  })

  test('keeps the connection to the Worker after the page was frozen: a jump of the clock counts as one interval', async () => {
    const { clock, connection, outcome, watch, reply } = connect()
    void outcome(watch())
    reply({ type: 'pong' })
    const { setTimeout } = clock
    for (let thaw = 0; thaw < 5; thaw++) {
      // A frozen page runs no timers: the one that is due fires when it is thawed, an hour later.
      clock.setTimeout = (callback) => setTimeout.call(clock, callback, 3_600_000)
      await clock.advance(3_600_000)
    }
    expect(connection.failure).toBe(undefined)
    connection.close()
  })
})

test('fails the connection to the Worker after a message that cannot be deserialized, so that no request stays open', async () => {
  const { port, outcome, watch } = connect()
  const call = outcome(watch())
  port.onmessageerror?.call(port as MessagePort, new MessageEvent('messageerror'))
  expect(await call).toBe('a Worker sent a message that cannot be deserialized')
})

describe('an informer whose Worker dies without an event', () => {
  for (const how of ['is terminated', 'hangs'] as const) {
    test(`an informer is live again on the main thread within 10 s when its Worker ${how}, and reports the interruption`, async () => {
      const site = new Site(['a', 'b'])
      await using informer = site.inform({ persist: { to: idbPersister({ database: 'test' }) } })
      await site.caughtUp(informer)
      await site.advance(5_000)
      const [worker] = site.workers
      if (how === 'hangs') worker?.hang()
      else worker?.terminate()
      site.update('b')
      const diedAt = site.clock.now()
      const states: string[] = []
      informer.subscribe(({ state }) => void states.push(state))
      await site.caughtUp(informer)
      expect(site.clock.now() - diedAt).toBeLessThanOrEqual(10_000)
      expect(states).toContain('backoff')
      expect(worker?.isTerminated).toBe(true)
    })

    test(`an informer stops within 10 s when its Worker ${how}, also with unsaved changes`, async () => {
      const site = new Site(['a', 'b'])
      const informer = site.inform({ persist: { to: idbPersister({ database: 'test' }) } })
      await site.caughtUp(informer)
      await informer.persistence?.flush()
      site.update('b')
      await site.caughtUp(informer)
      const [worker] = site.workers
      if (how === 'hangs') worker?.hang()
      else worker?.terminate()
      let isStopped = false
      const stopped = informer.close().then(() => {
        isStopped = true
      })
      await site.until('the informer to stop', () => isStopped)
      await stopped
      expect(informer.state).toBe('stopped')
      expect(['stopped', 'failed']).toContain(informer.persistence?.status)
    })
  }
})
