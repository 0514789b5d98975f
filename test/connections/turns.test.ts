// Tests for the bound on open watches, in virtual time.

import { describe, expect, test } from 'vitest'
import { defineResource } from '../../src/api/resource'
import { turns } from '../../src/connections/turns'
import { isProbe, SocketWorld } from './support'

const kinds = Array.from({ length: 12 }, (_, i) =>
  defineResource({ group: 'test.dev', version: 'v1', plural: `things${i}`, kind: `Thing${i}` }),
)

describe('turns', () => {
  test('keeps twelve informers up to date with four open watches', async () => {
    const world = new SocketWorld({ resources: kinds })
    const client = world.client({ watchOver: turns({ streams: 4 }) })
    const informers = kinds.map((kind) => world.informer(client, kind))
    try {
      let most = 0
      for (let second = 0; second < 120; second++) {
        await world.clock.advance(1_000)
        most = Math.max(most, world.openWatches)
      }
      expect(informers.map(({ hasSynced }) => hasSynced)).toEqual(kinds.map(() => true))
      for (const [i, kind] of kinds.entries()) world.server.create(kind, { metadata: { name: `a${i}`, namespace: 'shop' } })
      // Every watch has its turn within three turns and the delays between them.
      for (let second = 0; second < 45; second++) {
        await world.clock.advance(1_000)
        most = Math.max(most, world.openWatches)
      }
      expect(informers.map((informer) => informer.objects().length)).toEqual(kinds.map(() => 1))
      expect(most).toBe(4)
    } finally {
      await Promise.all(informers.map((informer) => informer.close()))
    }
    expect(world.openWatches).toBe(0)
  })

  test('ends no watch while none waits', async () => {
    const world = new SocketWorld({ resources: kinds.slice(0, 4) })
    const client = world.client({ watchOver: turns({ streams: 4 }) })
    const informers = kinds.slice(0, 4).map((kind) => world.informer(client, kind))
    await world.clock.advance(60_000)
    const watches = world.server.requests.filter(({ verb, url }) => verb === 'watch' && !isProbe(url))
    expect(watches.map(({ state }) => state)).toEqual(['open', 'open', 'open', 'open'])
    await Promise.all(informers.map((informer) => informer.close()))
  })

  test('shares its bound among the clients that it is passed to', async () => {
    const world = new SocketWorld({ resources: kinds })
    const watchOver = turns({ streams: 2, turnMs: 1_000 })
    const informers = kinds.slice(0, 6).map((kind) => world.informer(world.client({ watchOver }), kind))
    for (let second = 0; second < 30; second++) {
      await world.clock.advance(500)
      expect(world.openWatches).toBeLessThanOrEqual(2)
    }
    expect(informers.map(({ hasSynced }) => hasSynced)).toEqual(Array(6).fill(true))
    await Promise.all(informers.map((informer) => informer.close()))
  })

  test('gives the place of a watch that is aborted while it waits, or as it enters, to the next', async () => {
    const world = new SocketWorld({ resources: kinds })
    const client = world.client({ watchOver: turns({ streams: 1 }) })
    const watch = (kind: (typeof kinds)[number], signal: AbortSignal) => {
      const events = client.watchEntries(kind, { resourceVersion: '1', signal })
      return {
        events,
        first: events.next().then(
          () => 'open',
          () => 'aborted',
        ),
      }
    }
    const signals = kinds.map(() => new AbortController())
    const watches = kinds.slice(0, 4).map((kind, i) => watch(kind, (signals[i] as AbortController).signal))
    await world.clock.advance(0)
    signals[1]?.abort()
    await watches[0]?.events.return()
    // The third enters now; its abort comes before its request.
    signals[2]?.abort()
    await world.clock.advance(0)
    expect(await Promise.all(watches.map(({ first }) => first))).toEqual(['open', 'aborted', 'aborted', 'open'])
    await watches[3]?.events.return()
    const after = watch(kinds[5] as (typeof kinds)[number], (signals[5] as AbortController).signal)
    expect(await after.first).toBe('open')
    await after.events.return()
  })

  test('lets a probe pass while watches wait', async () => {
    const world = new SocketWorld({ resources: kinds })
    const client = world.client({ watchOver: turns({ streams: 1 }) })
    const first = client.watchEntries(kinds[0] as (typeof kinds)[number], { resourceVersion: '1' })
    await first.next()
    const probe = client.watchEntries(kinds[1] as (typeof kinds)[number], { resourceVersion: '1', timeoutSeconds: 1 })
    expect(await probe.next()).toEqual({ done: false, value: [] })
    await Promise.all([probe.return(), first.return()])
  })

  test('a place is free again after a watch that the server refused', async () => {
    const world = new SocketWorld({ resources: kinds.slice(0, 1) })
    const watchOver = turns({ streams: 1 })
    const client = world.client({ watchOver })
    await expect(client.watchEntries(kinds[1] as (typeof kinds)[number], { resourceVersion: '1' }).next()).rejects.toThrow('404')
    expect(watchOver.hasRoom).toBe(true)
  })

  test.each([
    [{ streams: 0 }, 'turns: streams must be a positive integer, got 0'],
    [{ turnMs: 1.5 }, 'turns: turnMs must be a positive integer, got 1.5'],
  ])('refuses %j', (options, message) => {
    expect(() => turns(options)).toThrow(new RangeError(message))
  })
})
