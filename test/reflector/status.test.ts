import { describe, expect, test } from 'vitest'
import type { ReflectorState } from '../../src/reflector/options'
import { initialStatus, nextStatus } from '../../src/reflector/status'
import { World } from '../conformance/world'
import { Scene } from '../informer/support'

describe('a status', () => {
  const synced = nextStatus(initialStatus(1_000), { state: 'live', hasSynced: true }, 2_000)

  test.each(['connecting', 'stale', 'backoff', 'denied', 'gone'] as const)('is stale when a feed that has synced is %s', (state) => {
    expect(nextStatus(synced, { state }, 3_000)).toMatchObject({ state, isStale: true, since: 3_000 })
  })

  test.each(['live', 'polling', 'idle', 'stopped'] as const)('is not stale when a feed that has synced is %s', (state: ReflectorState) => {
    expect(nextStatus(synced, { state }, 3_000).isStale).toBe(false)
  })

  test('is not stale before the feed has synced', () => {
    expect(nextStatus(initialStatus(1_000), { state: 'backoff', nextAttemptAt: 5_000 }, 2_000)).toMatchObject({ isStale: false })
  })

  test('keeps the time of its state while other properties change', () => {
    expect(nextStatus(synced, { lastSyncResourceVersion: '7' }, 9_000).since).toBe(2_000)
    expect(nextStatus(synced, { state: 'live' }, 9_000).since).toBe(2_000)
  })

  test('keeps the time of the next attempt until the wait is over', () => {
    const waiting = nextStatus(synced, { state: 'backoff', nextAttemptAt: 5_000 }, 3_000)
    expect(nextStatus(waiting, { error: 'again' }, 4_000).nextAttemptAt).toBe(5_000)
    expect(nextStatus(waiting, { state: 'connecting' }, 5_000).nextAttemptAt).toBeUndefined()
    expect(nextStatus(waiting, { ...waiting, state: 'stopped' }, 5_000).nextAttemptAt).toBeUndefined()
  })

  test('forgets the time of an attempt of a poll that has begun', () => {
    const waiting = nextStatus(synced, { state: 'polling', nextAttemptAt: 5_000 }, 3_000)
    expect(nextStatus(waiting, { state: 'polling' }, 5_000)).toMatchObject({ since: 3_000, nextAttemptAt: undefined })
  })
})

test('an informer that loses its server tells since when and until when it waits, and that its rows may be out of date', async () => {
  const world = new World(['a'])
  await using scene = await new Scene(world).settle()
  const liveSince = world.clock.now()
  expect(scene.informer.status).toMatchObject({ state: 'live', isStale: false, since: liveSince, nextAttemptAt: undefined })
  await world.advance(5_000)
  world.server.faults.add({ times: 3, fault: { type: 'status', status: 500 } })
  world.server.disconnect()
  await world.settle()
  for (let waited = 0; scene.informer.state !== 'backoff' && waited < 10_000; waited += 100) await world.advance(100)
  const { state, isStale, since, nextAttemptAt = 0 } = scene.informer.status
  expect({ state, isStale }).toEqual({ state: 'backoff', isStale: true })
  expect(since).toBeGreaterThanOrEqual(liveSince + 5_000)
  expect(nextAttemptAt).toBeGreaterThan(since)
  const asked = scene.requests.length
  await world.advance(nextAttemptAt - world.clock.now() - 1)
  expect(scene.requests).toHaveLength(asked)
  await world.advance(1)
  expect(scene.requests).toHaveLength(asked + 1)
  await world.advance(60_000)
  expect(scene.informer.status).toMatchObject({ state: 'live', isStale: false, nextAttemptAt: undefined })
})
