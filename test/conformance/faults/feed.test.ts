import * as v from 'valibot'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { isApiError } from '../../../src/api/errors'
import { ConfigMap } from '../../../src/resources/core/v1'
import type { Fault, FaultMatch } from '../../../src/testing'
import { Page, type PageOptions } from '../page'
import { fromNewest } from '../tweaks'
import { World } from '../world'

const listing = { initialList: 'list' } as const

describe('objects that are not expected', () => {
  for (const initialList of ['list', 'stream'] as const) {
    test(`[feed/refused-object] reports and skips an object of the wrong kind, keeps the version, and continues (${initialList})`, async () => {
      const world = new World(['a'])
      await using page = await new Page(world, { initialList, expectedType: ConfigMap }).open()
      world.server.disconnect()
      const secret = { kind: 'Secret', apiVersion: 'v1', metadata: { name: 's', namespace: 'shop', uid: 'u', resourceVersion: '101' } }
      world.server.faults.add({
        match: { verb: 'watch' },
        fault: { type: 'line', text: JSON.stringify({ type: 'ADDED', object: secret }) },
      })
      await world.advance(2000)
      expect(page.errors.at(-1)).toMatchObject({ name: 'WatchError', message: 'expected ConfigMap (v1), got Secret (v1): shop/s' })
      expect(page.reflector.lastSyncResourceVersion).toBe('101')
      world.create('b')
      await world.settle()
      expect(page.state).toBe('a@101 b@102')
      expect(page.requests).toHaveLength(initialList === 'list' ? 3 : 2)
    })

    test(`[feed/refused-object] reports and skips an object that a schema refuses, keeps the version, and continues (${initialList})`, async () => {
      const world = new World([])
      world.create('a', { data: { size: '1' } })
      world.create('bad', { data: { colour: 'red' } })
      const schema = v.looseObject({ data: v.looseObject({ size: v.string() }) })
      await using page = await new Page(world, { initialList, expectedType: schema }).open()
      expect(page.state).toBe('a@101')
      expect(page.errors).toMatchObject([{ name: 'SchemaError', message: expect.stringContaining('data.size') }])
      world.create('worse', { data: {} })
      await world.settle()
      expect(page.reflector.lastSyncResourceVersion).toBe('102')
      world.create('b', { data: { size: '2' } })
      await world.settle()
      expect(page.state).toBe('a@101 b@104')
      expect(page.reflector.lastSyncResourceVersion).toBe('104')
      expect(page.errors).toHaveLength(2)
    })
  }
})

describe('refused requests', () => {
  test('[feed/denied] asks the credential provider once after a 401, and sends the request again', async () => {
    const world = new World(['a', 'b', 'c'])
    let valid = 'first'
    let asked = 0
    const token = async () => {
      asked++
      return valid
    }
    world.server.faults.add({
      times: 99,
      match: ({ headers }) => headers.get('authorization') !== `Bearer ${valid}`,
      fault: { type: 'status', status: 401 },
    })
    await using page = await new Page(world, { ...listing, client: { token } }).open()
    expect(asked).toBe(1)
    valid = 'second'
    world.server.disconnect()
    await world.advance(5000)
    expect(asked).toBe(2)
    expect(page.requests).toEqual(['list ≥0', 'watch 103', 'watch 103', 'watch 103'])
    expect(page.reflector.state).toBe('live')
  })

  for (const { status, state } of [
    { status: 401, state: 'denied' },
    { status: 403, state: 'denied' },
    { status: 404, state: 'gone' },
  ] as const) {
    test(`[feed/denied] a ${status} that persists sets state ${state}, slows retries and rejects whenSynced() on request, until access is granted`, async () => {
      for (const initialList of ['list', 'stream'] as const) {
        const world = new World(['a'])
        const restore = world.server.faults.add({ times: 99, fault: { type: 'status', status } })
        await using page = new Page(world, { initialList })
        const rejected = page.reflector.whenSynced({ onDenied: 'reject' }).catch((error: unknown) => error)
        const waits = page.reflector.whenSynced()
        await page.open()
        expect(page.reflector.state).toBe(state)
        const error = await rejected
        expect(isApiError(error) && error.status).toBe(status)
        await world.advance(600_000)
        expect(page.requests.length).toBeLessThan(16)
        expect(page.reflector.state).toBe(state)
        restore()
        await world.advance(60_000)
        expect(await waits).toMatchObject({ source: expect.any(String) })
        expect(page.reflector.status).toMatchObject({ state: 'live', error: undefined })
        expect(page.state).toBe(world.state)
      }
    })

    test(`[feed/denied] a ${status} to the watch of a live feed sets state ${state}, keeps the store and slows retries`, async () => {
      const world = new World(['a'])
      await using page = await new Page(world, listing).open()
      world.server.disconnect()
      world.server.faults.add({ times: 3, match: { verb: 'watch' }, fault: { type: 'status', status } })
      world.create('b')
      await world.advance(20_000)
      expect(page.reflector.state).toBe(state)
      expect(page.state).toBe('a@101')
      await world.advance(300_000)
      expect(page.reflector.state).toBe('live')
      expect(page.requests).toEqual(['list ≥0', 'watch 101', 'watch 101', 'watch 101', 'watch 101', 'watch 101'])
      expect(page.state).toBe(world.state)
    })
  }
})

describe('abort', () => {
  const status: Fault = { type: 'status', status: 500 }
  const stages: Record<
    string,
    { options?: PageOptions; match?: FaultMatch; fault?: Fault; prepare?: (world: World) => Promise<void> | void; state: string }
  > = {
    'during the wait for the list’s headers': { options: listing, fault: { type: 'delay', ms: 60_000 }, state: 'connecting' },
    'inside a list': { options: listing, fault: { type: 'stall', afterBytes: 100 }, state: 'connecting' },
    'inside the second page of a list': {
      options: { ...listing, pageSize: 1, listWatch: { tweakListOptions: fromNewest } },
      match: ({ url }) => url.includes('continue='),
      fault: { type: 'stall', afterBytes: 100 },
      state: 'connecting',
    },
    'during the wait for the streamed list’s headers': { fault: { type: 'delay', ms: 60_000 }, state: 'connecting' },
    'inside a streamed list': { fault: { type: 'stall', afterBytes: 100 }, state: 'connecting' },
    'in an open watch': { state: 'live' },
    'in a silent open watch': { options: listing, prepare: stall, state: 'live' },
    'inside an event': {
      options: listing,
      fault: { type: 'stall', afterBytes: 1000 },
      prepare: (world) => void world.create('x', { data: { text: 'x'.repeat(2000) } }),
      state: 'live',
    },
    'during the wait for the next attempt': { fault: status, state: 'backoff' },
    'during a long wait': { options: listing, fault: { type: 'status', status: 403 }, state: 'denied' },
  }
  async function stall(world: World): Promise<void> {
    await world.advance(30_000)
  }

  for (const [stage, { options, match, fault, prepare, state }] of Object.entries(stages)) {
    test(`[feed/abort] abort ${stage} ends every request at once, reports no error and resolves run()`, async () => {
      const world = new World(['a', 'b', 'c'])
      if (fault) world.server.faults.add({ times: 99, fault, ...(match && { match }) })
      const page = await new Page(world, options).open()
      await prepare?.(world)
      await world.settle()
      expect(page.reflector.state).toBe(state)
      const { length } = page.errors
      const at = world.clock.now()
      await page.close()
      await world.settle()
      expect(world.clock.now()).toBe(at)
      expect(page.reflector.state).toBe('stopped')
      expect(page.errors).toHaveLength(length)
      expect(world.server.openRequests).toEqual([])
      expect(world.clock.pending).toBe(0)
    })
  }

  test('[feed/abort] abort during the wait for a token ends everything at once and resolves run()', async () => {
    await using page = await new Page(new World(['a']), { client: { token: () => new Promise(() => undefined) } }).open()
    expect(page.requests).toEqual([])
  })

  test('[feed/abort] abort during the probe of the resumed version ends everything at once and resolves run()', async () => {
    const world = new World(['a'])
    await using page = await new Page(world, listing).hydrate([], '999').open()
    await world.advance(1_000)
    expect(page.requests).toEqual(['watch 999'])
    expect(page.probes).toEqual(['list 999 (Exact) limit 1'])
    expect(world.server.openRequests).toHaveLength(2)
  })

  test('[feed/abort] a signal aborted before run() sends no request and leaves no timer', async () => {
    const world = new World(['a'])
    const page = new Page(world)
    await page.reflector.run({ signal: AbortSignal.abort() })
    expect(page.requests).toEqual([])
    expect(page.reflector.state).toBe('stopped')
    expect(world.clock.pending).toBe(0)
  })

  test('[feed/abort] abort from a store subscriber ends every request and timer without an error', async () => {
    const world = new World(['a'])
    const page = new Page(world)
    const closed = new Promise<void>((resolve) => page.store.subscribe(() => resolve(page.close())))
    await page.open()
    await closed
    await world.settle()
    expect(page.errors).toEqual([])
    expect(world.server.openRequests).toEqual([])
    expect(world.clock.pending).toBe(0)
  })
})

describe('callbacks that throw', () => {
  beforeEach(() => void vi.spyOn(console, 'error').mockImplementation(() => undefined))
  afterEach(() => vi.restoreAllMocks())
  const reported = () => vi.mocked(console.error).mock.calls.map(([error]) => (error as Error).message)

  test('[feed/throwing-callback] a second call of run() throws', async () => {
    const world = new World(['a'])
    await using page = await new Page(world).open()
    await expect(page.reflector.run()).rejects.toThrow('Reflector.run was called twice')
    expect(page.requests).toEqual(['stream newest'])
  })

  test('[feed/throwing-callback] reports a subscriber that throws, still counts the event’s version and calls the other subscribers', async () => {
    const world = new World(['a'])
    const page = new Page(world)
    page.store.subscribe(() => {
      throw new Error('subscriber')
    })
    const others: string[] = []
    page.store.subscribe(({ resourceVersion }) => others.push(resourceVersion))
    await using _ = await page.open()
    world.create('b')
    await world.settle()
    expect(others).toEqual(['101', '102'])
    expect(page.reflector.lastSyncResourceVersion).toBe('102')
    expect(page.store.resourceVersion).toBe('102')
    expect(reported()).toEqual(['subscriber', 'subscriber'])
    expect(page.requests).toEqual(['stream newest'])
  })

  test('[feed/throwing-callback] reports an error handler, event handler or status listener that throws, and continues', async () => {
    const world = new World(['a'])
    const fail = (what: string) => () => {
      throw new Error(what)
    }
    world.server.faults.add({ match: { verb: 'list' }, fault: { type: 'status', status: 500 } })
    const page = new Page(world, { ...listing, onError: fail('error handler'), onEvent: fail('event handler') })
    page.reflector.subscribe(fail('status listener'))
    await using _ = await page.open()
    await world.advance(5000)
    expect(page.reflector.state).toBe('live')
    expect(new Set(reported())).toEqual(new Set(['error handler', 'event handler', 'status listener']))
  })
})
