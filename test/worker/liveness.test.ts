import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { KubeClient } from '../../src/http/client'
import { idbPersister } from '../../src/idb'
import { ConfigMap } from '../../src/resources/core/v1'
import { VirtualClock } from '../../src/testing'
import { Thread } from '../../src/worker/page/connection'
import type { ThreadPort } from '../../src/worker/protocol'
import { freshIndexedDB } from '../persistence/support/fake-idb'
import { Site } from './site'

beforeEach(freshIndexedDB)
afterEach(() => vi.unstubAllGlobals())

/** A thread whose Worker answers when the test lets it. */
function joined() {
  const clock = new VirtualClock()
  const said: string[] = []
  const port: ThreadPort = {
    onmessage: null,
    onmessageerror: null,
    postMessage: ({ type, call }: { type: string; call?: { kind: string } }) => void said.push(call?.kind ?? type),
    close: () => {},
  }
  const { portable } = new KubeClient({ baseUrl: 'http://kubernetes.test' })
  if (!portable) throw new TypeError('portable')
  let ends = 0
  const thread = new Thread(port, portable, clock, () => ends++)
  const say = (data: unknown) => port.onmessage?.call(port as MessagePort, new MessageEvent('message', { data }))
  const outcome = (call: AsyncGenerator<unknown>) =>
    call.next().then(
      () => 'answered',
      (error: Error) => error.message,
    )
  const watch = () => thread.call({ kind: 'watch', resource: ConfigMap, options: {} })
  return { clock, port, said, thread, say, outcome, watch, ends: () => ends }
}

describe('a Worker that says nothing', () => {
  test('gives up a Worker that is silent from the start after 10 s, with a message that says what to check', async () => {
    const { clock, thread, outcome, watch, ends } = joined()
    const first = outcome(watch())
    await clock.advance(9_999)
    expect(thread.failure).toBe(undefined)
    await clock.advance(1)
    expect(await first).toBe('a Worker did not respond for 10 s: does it import kubeflect/worker?')
    expect([ends(), clock.pending]).toEqual([1, 0])
    await expect(watch().next()).rejects.toBe(thread.failure)
  })

  test('gives up a Worker that falls silent within 8 s, and rejects every open call', async () => {
    const { clock, thread, outcome, watch, say } = joined()
    const calls = [outcome(watch()), outcome(thread.call({ kind: 'ping' }))]
    await clock.advance(500)
    say({ type: 'pong' })
    await clock.advance(8_500)
    expect(await Promise.all(calls)).toEqual(Array(2).fill('a Worker did not respond for 7 s'))
    expect(clock.pending).toBe(0)
  })

  test('sends no ping while no call is open, and leaves no timer', async () => {
    const { clock, said, thread, say } = joined()
    const call = thread.call({ kind: 'ping' }).next()
    say({ type: 'done', id: 1, cells: [] })
    await call
    expect(clock.pending).toBe(0)
    await clock.advance(600_000)
    expect(said).toEqual(['open', 'ping'])
    expect(thread.failure).toBe(undefined)
  })
})

describe('a Worker that is slow but alive', () => {
  test('keeps a Worker through a long task of 5 s, whenever it begins', async () => {
    for (let begin = 0; begin < 1_000; begin += 125) {
      const { clock, thread, outcome, watch, say } = joined()
      void outcome(watch())
      say({ type: 'pong' })
      for (let task = 0; task < 20; task++) {
        await clock.advance(begin)
        await clock.advance(5_000)
        say({ type: 'pong' })
      }
      expect(thread.failure).toBe(undefined)
      thread.close()
    }
  })

  test('sends no ping to a Worker that delivers events', async () => {
    const { clock, said, thread, say, outcome, watch } = joined()
    void outcome(watch())
    for (let second = 0; second < 60; second++) {
      say({ type: 'piece', id: 1, bytes: 1, cells: undefined })
      await clock.advance(1_000)
    }
    expect(said.filter((type) => type === 'ping')).toEqual([])
    thread.close()
  })

  test('does not blame the Worker for a frozen page: a jump of the clock counts as one interval', async () => {
    const { clock, thread, outcome, watch, say } = joined()
    void outcome(watch())
    say({ type: 'pong' })
    const { setTimeout } = clock
    for (let thaw = 0; thaw < 5; thaw++) {
      // A frozen page runs no timers: the one that is due fires when it is thawed, an hour later.
      clock.setTimeout = (callback) => setTimeout.call(clock, callback, 3_600_000)
      await clock.advance(3_600_000)
    }
    expect(thread.failure).toBe(undefined)
    thread.close()
  })
})

test('ends the Worker after an unreadable message instead of leaving a call open', async () => {
  const { port, outcome, watch } = joined()
  const call = outcome(watch())
  port.onmessageerror?.call(port as MessagePort, new MessageEvent('messageerror'))
  expect(await call).toBe('a Worker sent a message that cannot be deserialized')
})

describe('an informer whose Worker dies silently', () => {
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
