import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { InformerOptions } from '../../src/informer/create-informer'
import type { InformerEvent } from '../../src/informer/events'
import { memoryPersister } from '../../src/persistence/memory/memory-persister'
import type { Persister } from '../../src/persistence/persister'
import type { ConfigMap } from '../../src/resources/core/v1'
import { endAfter, fromNewest } from '../conformance/tweaks'
import { World } from '../conformance/world'
import { Gate, noting, Scene } from './support'

/** A scene that notes every event but those of bytes, which depend on how the network cuts. */
class Observed extends Scene {
  readonly events: InformerEvent[]
  readonly bytes: number[]

  constructor(names: readonly string[] | World, options: InformerOptions<ConfigMap> = {}) {
    const events: InformerEvent[] = []
    const bytes: number[] = []
    super(names, { onEvent: (event) => (event.type === 'bytes' ? bytes.push(event.count) : events.push(event)), ...options })
    this.events = events
    this.bytes = bytes
  }

  of<Type extends InformerEvent['type']>(type: Type): Extract<InformerEvent, { type: Type }>[] {
    return this.events.filter((event): event is Extract<InformerEvent, { type: Type }> => event.type === type)
  }
}

const listing: InformerOptions<ConfigMap> = { initialList: 'list' }
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
const late = (world: World, ms: number) => world.server.faults.add({ fault: { type: 'delay', ms } })

describe('lists', () => {
  test('a list is reported from start to end: its duration, objects and bytes; then the watch is opened', async () => {
    const world = new World(['a', 'b'])
    late(world, 2_000)
    await using scene = new Observed(world, listing)
    await world.advance(2_000)
    expect(scene.events).toEqual([
      { type: 'attempt', attempt: 'list', resourceVersion: '0', reason: 'start' },
      { type: 'replaced', source: 'list', objects: 2, bytes: sum(scene.bytes), durationMs: 2_000, resourceVersion: '102' },
      { type: 'synced', source: 'list', durationMs: 2_000, resourceVersion: '102' },
      { type: 'closed', attempt: 'list', reason: 'listed', durationMs: 2_000 },
      { type: 'attempt', attempt: 'watch', resourceVersion: '102', reason: 'listed' },
      { type: 'opened', attempt: 'watch' },
    ])
    expect(sum(scene.bytes)).toBeGreaterThan(0)
  })

  test('the bytes of a list include all pages', async () => {
    const world = new World(['a', 'b', 'c'])
    await using scene = await new Observed(world, { ...listing, pageSize: 1, tweakListOptions: fromNewest }).settle()
    expect(scene.requests.length).toBeGreaterThan(3)
    expect(scene.of('replaced')).toMatchObject([{ objects: 3, bytes: sum(scene.bytes) }])
  })

  test('a streamed list is one attempt: a list until it is complete, and a watch from then on', async () => {
    const world = new World(['a', 'b'])
    late(world, 2_000)
    await using scene = new Observed(world, { tweakListOptions: endAfter(30) })
    await world.advance(2_000)
    const bytes = sum(scene.bytes)
    world.changeElsewhere()
    await world.advance(30_000)
    expect(scene.events).toEqual([
      { type: 'attempt', attempt: 'stream', resourceVersion: '', reason: 'start' },
      { type: 'opened', attempt: 'stream' },
      { type: 'replaced', source: 'stream', objects: 2, bytes, durationMs: 2_000, resourceVersion: '102' },
      { type: 'synced', source: 'stream', durationMs: 2_000, resourceVersion: '102' },
      { type: 'opened', attempt: 'watch' },
      { type: 'bookmark', resourceVersion: '103' },
      { type: 'closed', attempt: 'watch', reason: 'closed', durationMs: 30_000 },
      // A watch that stood is followed by the next one at once, which is confirmed.
      { type: 'attempt', attempt: 'watch', resourceVersion: '103', reason: 'closed' },
      { type: 'probe', purpose: 'history', resourceVersion: '103' },
      { type: 'opened', attempt: 'watch' },
    ])
  })

  test('a list that fails ends too, and a later success is not a relist', async () => {
    const world = new World(['a'])
    world.server.faults.add({ match: { verb: 'list' }, fault: { type: 'stall', afterBytes: 10 } })
    await using scene = new Observed(world, { ...listing, silenceMs: 20_000 })
    await world.advance(30_000)
    expect(scene.of('closed')[0]).toEqual({ type: 'closed', attempt: 'list', reason: 'stale', durationMs: 20_000 })
    expect(scene.of('replaced')).toHaveLength(1)
    expect(scene.of('relist')).toEqual([])
  })
})

describe('watches', () => {
  test('the duration and the end of each watch are reported', async () => {
    const world = new World(['a'])
    await using scene = await new Observed(world, { ...listing, tweakListOptions: endAfter(90) }).settle()
    world.server.faults.add({
      match: ({ url }) => url.includes('allowWatchBookmarks'),
      fault: { type: 'error-event', status: { code: 500 }, afterLines: 1 },
    })
    await world.advance(100_000)
    world.update('a')
    await world.advance(10_000)
    world.server.disconnect()
    await world.advance(10_000)
    await scene.informer.close()
    const [, ...watches] = scene.of('closed')
    const openedAt = 90_000
    expect(watches).toEqual([
      { type: 'closed', attempt: 'watch', reason: 'closed', durationMs: 90_000 },
      { type: 'closed', attempt: 'watch', reason: 'server', durationMs: 100_000 - openedAt },
      { type: 'closed', attempt: 'watch', reason: 'connection', durationMs: 10_000 - 1_200 },
      { type: 'closed', attempt: 'watch', reason: 'stopped', durationMs: 10_000 - 2_400 },
    ])
    expect(scene.of('opened')).toHaveLength(4)
  })

  test('a bookmark, and applied events, are reported', async () => {
    await using scene = await new Observed(['a']).settle()
    const { world } = scene
    world.update('a')
    await world.advance(60_000)
    expect(scene.of('applied')).toEqual([{ type: 'applied', events: 1, resourceVersion: '102' }])
    expect(scene.of('bookmark')).toEqual([{ type: 'bookmark', resourceVersion: '102' }])
  })

  test('a watch that cannot continue is reported with the relist and its reason', async () => {
    await using scene = await new Observed(['a'], listing).settle()
    await scene.missing(() => scene.world.update('a'))
    expect(scene.of('relist')).toEqual([{ type: 'relist', reason: 'expired', resourceVersion: '101' }])
    expect(scene.of('synced')).toHaveLength(1)
  })

  test('a periodic relist is reported as one', async () => {
    await using scene = new Observed(['a'], { ...listing, relistPeriodMs: 60_000 })
    await scene.world.advance(150_000)
    expect(scene.of('relist').map(({ reason }) => reason)).toEqual(['relist', 'relist'])
  })
})

describe('storage', () => {
  test('storing and loading are reported with size, version and duration', async () => {
    const world = new World(['a', 'b'])
    const memory = memoryPersister()
    const slow: Persister = {
      load: (scope, options) => slowly(world, 20, () => memory.load(scope, options)),
      commit: (scope, change) => slowly(world, 30, () => memory.commit(scope, change)),
      clear: (scope) => memory.clear(scope),
    }
    let size = 0
    {
      await using scene = new Observed(world, { persist: { to: slow } })
      const sizeOf = (...names: string[]) => sum(names.map((name) => scene.informer.lister.get(`shop/${name}`)?.text.length ?? Number.NaN))
      await world.advance(1_000)
      expect(scene.of('loaded')).toEqual([{ type: 'loaded', objects: 0, size: 0, durationMs: 20, resourceVersion: '' }])
      const common = { type: 'persisted', durationMs: 30 }
      expect(scene.of('persisted')).toEqual([
        { ...common, commit: 'replace', puts: 2, deletes: 0, size: sizeOf('a', 'b'), resourceVersion: '102' },
      ])
      world.update('a')
      world.delete('b')
      await world.advance(1_000)
      size = sizeOf('a')
      expect(scene.of('persisted').slice(1)).toEqual([{ ...common, commit: 'apply', puts: 1, deletes: 1, size, resourceVersion: '104' }])
    }
    await using scene = new Observed(world, { persist: { to: slow } })
    await world.advance(1_000)
    expect(scene.of('loaded')).toEqual([{ type: 'loaded', objects: 1, size, durationMs: 20, resourceVersion: '104' }])
    expect(scene.of('synced')).toEqual([{ type: 'synced', source: 'persisted', durationMs: 20, resourceVersion: '104' }])
  })

  test('the informer is connecting while the stored state is loading', async () => {
    const world = new World(['a'])
    const hanging: Persister = { load: () => new Promise(() => {}), commit: async () => {}, clear: async () => {} }
    await using scene = await new Observed(world, { persist: { to: hanging, loadTimeoutMs: 300 } }).settle()
    expect([scene.informer.state, scene.requests.length]).toEqual(['connecting', 0])
    await world.advance(300)
    expect(scene.informer.state).toBe('live')
    // It never came: there is nothing to tell of.
    expect(scene.of('loaded')).toEqual([])
  })

  test('a storage failure is reported as an error', async () => {
    const failing: Persister = { load: () => Promise.reject(new Error('no disk')), commit: async () => {}, clear: async () => {} }
    await using scene = await new Observed(['a'], { persist: { to: failing } }).settle()
    expect(scene.of('error').map(({ error }) => String(error))).toEqual(['Error: no disk'])
    expect([...scene.of('loaded'), ...scene.of('persisted')]).toEqual([])
  })
})

describe('backlogs', () => {
  const told = (scene: Observed) => scene.of('backlog').map(({ handler, length }) => `${handler}: ${length}`)

  test('the backlog of each handler is reported once for each step of the store, at every halving, and when it is empty', async () => {
    await using scene = await new Observed(Array.from('abcdefgh')).settle()
    const gate = new Gate()
    gate.close()
    const slow = scene.informer.addEventHandler(noting([], gate.pass), { name: 'table' })
    await scene.settle()
    expect(told(scene)).toEqual(['table: 8'])
    for (const name of 'abc') scene.world.update(name)
    await scene.settle()
    expect(told(scene).at(-1)).toBe('table: 10')
    expect(slow.backlog).toBe(10)
    scene.events.length = 0
    gate.open()
    await scene.settle()
    expect(told(scene)).toEqual(['table: 5', 'table: 2', 'table: 1', 'table: 0'])
  })

  test('handlers without a name, and loops, have a number', async () => {
    await using scene = await new Observed(['a']).settle()
    const { informer } = scene
    informer.addEventHandler({})
    informer.addEventHandler({}, { name: 'table' })
    const loop = informer.changes()
    await loop.next()
    expect(new Set(scene.of('backlog').map(({ handler }) => handler))).toEqual(new Set(['1', 'table', '2']))
    await loop.return()
  })

  test('a removed handler has no backlog', async () => {
    await using scene = await new Observed(['a', 'b']).settle()
    const gate = new Gate()
    gate.close()
    const registration = scene.informer.addEventHandler(noting([], gate.pass))
    await scene.settle()
    registration.close()
    registration.close()
    expect(told(scene)).toEqual(['1: 2', '1: 1', '1: 0'])
  })

  test('a resync counts as a step, and a bookmark does not', async () => {
    await using scene = new Observed(['a', 'b'], { resyncPeriodMs: 50_000 })
    scene.informer.addEventHandler({})
    await scene.settle()
    scene.events.length = 0
    scene.world.changeElsewhere()
    await scene.world.advance(70_000)
    expect(scene.of('bookmark')).toHaveLength(1)
    expect(told(scene)).toEqual(['1: 2', '1: 1', '1: 0'])
  })
})

describe('errors', () => {
  test('every error is reported once, whatever its source: the server, a transform, an index, a handler', async () => {
    const fail = (what: string) => () => {
      throw new Error(what)
    }
    const world = new World(['a'])
    await using scene = new Observed(world, {
      transform: (object) => (object.metadata.name === 'b' ? fail('transform')() : object),
    })
    await scene.settle()
    scene.informer.indexer.addIndexers({ broken: fail('index') })
    scene.informer.addEventHandler({ onAdd: fail('handler') })
    await scene.settle()
    world.create('b')
    await scene.settle()
    world.server.disconnect()
    await world.advance(5_000)
    const told = scene.of('error').map(({ error }) => (error as Error).message)
    expect(told).toEqual([
      expect.stringContaining("index function 'broken'"),
      'handler',
      'transform',
      `GET ${world.baseUrl}/api/v1/namespaces/shop/configmaps: no answer (terminated)`,
    ])
    // The version of what the transform could not cope with counts.
    expect(scene.informer.lastSyncResourceVersion).toBe('102')
  })

  describe('a listener that throws', () => {
    const reported: unknown[] = []
    beforeEach(() => {
      reported.length = 0
      vi.stubGlobal('reportError', (error: unknown) => reported.push(error))
    })
    afterEach(() => vi.unstubAllGlobals())

    test('an error thrown by onEvent is reported for every event, and has no other effect', async () => {
      const world = new World(['a'])
      const storage: Parameters<typeof memoryPersister>[0] = new Map()
      const seen = new Set<string>()
      const onEvent = ({ type }: InformerEvent) => {
        seen.add(type)
        throw new Error(`listening to ${type}`)
      }
      await using scene = await new Scene(world, { persist: { to: memoryPersister(storage) }, onEvent }).settle()
      const notes: string[] = []
      scene.informer.addEventHandler(noting(notes))
      await scene.settle()
      world.update('a')
      await scene.settle()
      await scene.missing(() => world.create('b'))
      world.changeElsewhere()
      await world.advance(70_000)
      expect(notes).toEqual(['+a@101!', '~a@102<101', '+b@103'])
      expect(scene.informer.state).toBe('live')
      expect(Array.from(storage.values(), ({ texts }) => texts.size)).toEqual([2])
      expect(scene.errors).toEqual([])
      const all = 'applied attempt backlog backoff bookmark bytes closed error loaded opened persisted probe relist replaced synced'
      expect([...seen].sort().join(' ')).toBe(all)
      expect(new Set(reported.map(String))).toEqual(new Set(all.split(' ').map((type) => `Error: listening to ${type}`)))
    })
  })
})

/** Takes so long. */
async function slowly<R>({ clock }: World, ms: number, work: () => Promise<R>): Promise<R> {
  await new Promise<void>((resolve) => void clock.setTimeout(resolve, ms))
  return work()
}
