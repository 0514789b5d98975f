import { expect, test } from 'vitest'
import type { ConfigMap } from '../../src/resources/core/v1'
import { World } from '../conformance/world'
import { Gate, noting, Scene } from './support'

test('[store/replace] the first callback after a replace sees the complete new store; deletions precede additions and updates', async () => {
  await using scene = await new Scene(['a', 'b', 'c']).settle()
  const { informer, world } = scene
  const notes: string[] = []
  const seen = new Set<string>()
  informer.addEventHandler(noting(notes, () => seen.add(informer.store.keys().sort().join(' '))))
  await scene.settle()
  notes.length = 0
  seen.clear()
  await scene.missing(() => {
    world.delete('a')
    world.update('b')
    world.create('d')
  })
  expect(notes).toEqual(['-a@101', '~b@105<102', '+d@106'])
  expect([...seen]).toEqual(['shop/b shop/c shop/d'])
})

test('[store/new-uid] an object with the same name and a new UID in a relist is a deletion of the old and an addition of the new', async () => {
  await using scene = await new Scene(['a']).settle()
  const notes: string[] = []
  scene.informer.addEventHandler(noting(notes))
  await scene.missing(() => {
    scene.world.delete('a')
    scene.world.create('a')
  })
  expect(notes).toEqual(['+a@101!', '-a@101', '+a@103'])
})

test('[store/new-uid] an object with the same name and a new UID in a watch is a deletion of the old and an addition of the new', async () => {
  await using scene = await new Scene(['a']).settle()
  const { world, informer } = scene
  const notes: string[] = []
  informer.addEventHandler(noting(notes))
  const { metadata, ...rest } = world.object('a')
  const object = { ...rest, metadata: { ...metadata, uid: 'another', resourceVersion: '102' } }
  world.server.faults.add({ match: { verb: 'watch' }, fault: { type: 'line', text: JSON.stringify({ type: 'MODIFIED', object }) } })
  world.server.disconnect()
  await world.advance(2_000)
  expect(notes).toEqual(['+a@101!', '-a@101', '+a@102'])
})

test('[store/event-type] the store decides whether an object is new, changed or deleted, whatever the event says', async () => {
  await using scene = await new Scene(['a']).settle()
  const { world, informer } = scene
  const notes: string[] = []
  informer.addEventHandler(noting(notes))
  const event = (type: string, name: string, resourceVersion: string, uid = informer.lister.get(`shop/${name}`)?.uid ?? name) => {
    const { metadata, ...rest } = world.object(name)
    return JSON.stringify({ type, object: { ...rest, metadata: { ...metadata, uid, resourceVersion } } })
  }
  for (const text of [event('DELETED', 'c', '104'), event('MODIFIED', 'b', '103'), event('ADDED', 'a', '102')]) {
    world.server.faults.add({ match: { verb: 'watch' }, fault: { type: 'line', text } })
  }
  world.server.disconnect()
  await world.advance(2_000)
  expect(notes.sort()).toEqual(['+a@101!', '+b@103', '~a@102<101'])
})

test('[informer/empty-list] an empty list syncs the informer and each handler', async () => {
  await using scene = new Scene([])
  const registration = scene.informer.addEventHandler({})
  expect(registration.hasSynced).toBe(false)
  await expect(scene.informer.whenSynced()).resolves.toEqual({ source: 'stream' })
  await registration.whenSynced()
  expect(registration.hasSynced).toBe(true)
})

test('[informer/empty-list] a handler has synced only after it has processed the initial list', async () => {
  await using scene = new Scene(['a', 'b'])
  const gate = new Gate()
  gate.close()
  const notes: string[] = []
  const registration = scene.informer.addEventHandler(noting(notes, gate.pass))
  await scene.settle()
  expect(scene.informer.hasSynced).toBe(true)
  expect({ notes, hasSynced: registration.hasSynced, backlog: registration.backlog }).toEqual({
    notes: ['+a@101!'],
    hasSynced: false,
    backlog: 1,
  })
  gate.open()
  await scene.settle()
  expect({ notes, hasSynced: registration.hasSynced, backlog: registration.backlog }).toEqual({
    notes: ['+a@101!', '+b@102!'],
    hasSynced: true,
    backlog: 0,
  })
})

test('[store/same-version] a relist that returns an object at the store’s version calls no handler', async () => {
  await using scene = await new Scene(['a', 'b']).settle()
  const notes: string[] = []
  scene.informer.addEventHandler(noting(notes))
  await scene.missing(() => scene.world.update('b'))
  expect(notes).toEqual(['+a@101!', '+b@102!', '~b@103<102'])
})

test('[informer/late-handler] a handler added late receives every present object as an initial addition before anything newer, and its own hasSynced after that', async () => {
  await using scene = await new Scene(['a', 'b']).settle()
  const early: string[] = []
  const late: string[] = []
  scene.informer.addEventHandler(noting(early))
  await scene.settle()
  const registration = scene.informer.addEventHandler(noting(late))
  scene.world.update('a')
  expect(registration.hasSynced).toBe(false)
  await registration.whenSynced()
  expect(late).toEqual(['+a@101!', '+b@102!'])
  scene.world.delete('b')
  await scene.settle()
  expect(late).toEqual(['+a@101!', '+b@102!', '~a@103<101', '-b@104'])
  expect(early).toEqual(late)
})

test('[informer/late-handler] a handler added from within a step of the store receives nothing twice', async () => {
  await using scene = await new Scene(['a']).settle()
  const { informer, world } = scene
  const notes: string[] = []
  const unsubscribe = informer.store.subscribe(() => {
    unsubscribe()
    // A step within a step: told after this one, and there already.
    informer.store.add(world.object('local'))
    informer.addEventHandler(noting(notes))
  })
  world.create('b')
  await scene.settle()
  expect(notes).toEqual(['+a@101!', '+b@102!', '+local@undefined!'])
})

test('handlers are not called before addEventHandler returns, nor from within a step of the store', async () => {
  await using scene = await new Scene(['a']).settle()
  const notes: string[] = []
  scene.informer.addEventHandler(noting(notes))
  expect(notes).toEqual([])
  await scene.settle()
  scene.informer.store.add(scene.world.object('local'))
  expect(notes).toEqual(['+a@101!'])
})

test('[informer/lifecycle] a removed handler receives nothing more, not even its backlog; removing it twice is a no-op', async () => {
  await using scene = await new Scene(['a', 'b', 'c']).settle()
  const gate = new Gate()
  gate.close()
  const notes: string[] = []
  const registration = scene.informer.addEventHandler(noting(notes, gate.pass))
  const refused = expect(registration.whenSynced()).rejects.toThrow('the handler or its informer was closed before it had synced')
  await scene.settle()
  registration.close()
  registration.close()
  gate.open()
  scene.world.create('d')
  await scene.settle()
  expect({ notes, backlog: registration.backlog }).toEqual({ notes: ['+a@101!'], backlog: 0 })
  await refused
})

test('[informer/lifecycle] a handler can remove itself, and `using` removes it', async () => {
  await using scene = await new Scene(['a', 'b']).settle()
  const notes: string[] = []
  const registration = scene.informer.addEventHandler(noting(notes, () => registration.close()))
  {
    using _registration = scene.informer.addEventHandler(noting(notes))
  }
  await scene.settle()
  expect(notes).toEqual(['+a@101!'])
})

test('[informer/lifecycle] adding a handler after the stop throws an error that says what to do', async () => {
  await using scene = await new Scene(['a']).settle()
  await scene.informer.close()
  expect(() => scene.informer.addEventHandler({})).toThrow('the informer has stopped, nothing will happen any more: make another informer')
})

test('[informer/slow-handler] a slow handler affects neither the others nor the store, and its backlog is visible', async () => {
  await using scene = await new Scene(['a']).settle()
  const { world, informer } = scene
  const gate = new Gate()
  const slow: string[] = []
  const fast: string[] = []
  gate.close()
  const registration = informer.addEventHandler(noting(slow, gate.pass))
  informer.addEventHandler(noting(fast))
  await scene.settle()
  for (let i = 0; i < 3; i++) world.update('a')
  await scene.settle()
  expect(slow).toEqual(['+a@101!'])
  expect(fast).toEqual(['+a@101!', '~a@102<101', '~a@103<102', '~a@104<103'])
  expect(informer.lister.get('shop/a')?.resourceVersion).toBe('104')
  expect(registration.backlog).toBe(3)
  gate.open()
  await scene.settle()
  expect(slow).toEqual(fast)
})

test('[informer/slow-handler] waiting changes of one object are merged beyond the bound; every deletion and every last state is delivered', async () => {
  await using scene = await new Scene(['a', 'b', 'c']).settle()
  const { world, informer } = scene
  const gate = new Gate()
  const notes: string[] = []
  const registration = informer.addEventHandler(noting(notes, gate.pass), { maxBacklog: 2 })
  await scene.settle()
  notes.length = 0
  gate.close()
  world.update('c')
  await scene.settle()
  for (let i = 0; i < 10; i++) {
    world.update('a')
    world.create('passing')
    world.delete('passing')
    world.update('b')
  }
  world.delete('b')
  await scene.settle()
  expect(registration.backlog).toBeLessThanOrEqual(2 + 3)
  gate.open()
  await scene.settle()
  expect(notes.filter((note) => note.includes('b@'))).toEqual(['-b@145'])
  expect(notes.at(0)).toBe('~c@104<103')
  expect(notes.filter((note) => note.includes('a@'))).toEqual(['~a@141<101'])
})

test('[informer/slow-handler] a handler that throws or rejects is reported, its event counts as handled, and no other handler is affected', async () => {
  await using scene = await new Scene(['a', 'b']).settle()
  const notes: string[] = []
  const other: string[] = []
  const failing = noting(notes, () => {
    throw new Error(`no. ${notes.length}`)
  })
  const registration = scene.informer.addEventHandler({
    ...failing,
    onDelete: () => {
      throw new Error('at once')
    },
  })
  scene.informer.addEventHandler(noting(other))
  await registration.whenSynced()
  scene.world.delete('b')
  await scene.settle()
  expect(notes).toEqual(['+a@101!', '+b@102!'])
  expect(other).toEqual(['+a@101!', '+b@102!', '-b@103'])
  expect(scene.errors).toEqual(['Error: no. 1', 'Error: no. 2', 'Error: at once'])
  expect(scene.informer.lastSyncResourceVersion).toBe('103')
})

test('objects are parsed only for the callbacks that exist', async () => {
  const world = new World(['a'])
  await using scene = new Scene(world)
  const text =
    '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"broken","namespace":"shop","uid":"x","resourceVersion":"102"},"data":{"a":nothing}}'
  await scene.settle()
  const updated: ConfigMap[] = []
  scene.informer.addEventHandler({ onUpdate: (_, object) => updated.push(object) })
  world.server.faults.add({ match: { verb: 'watch' }, fault: { type: 'line', text: `{"type":"ADDED","object":${text}}` } })
  world.server.disconnect()
  await world.advance(2_000)
  expect(scene.informer.store.keys()).toEqual(['shop/a', 'shop/broken'])
  expect(scene.errors).toEqual([])
  expect(updated).toEqual([])
})

test('[wire/malformed] an object whose text turns out not to be JSON throws for its reader, is dropped, and is fetched again', async () => {
  await using scene = await new Scene(['a']).settle()
  const { world, informer } = scene
  const notes: string[] = []
  informer.addEventHandler(noting(notes))
  await scene.settle()
  const text = `{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"b","namespace":"shop","uid":"x","resourceVersion":"102"},"data":nothing}`
  world.server.faults.add({ match: { verb: 'watch' }, fault: { type: 'line', text: `{"type":"ADDED","object":${text}}` } })
  world.server.disconnect()
  world.create('b')
  await world.advance(10_000)
  expect(scene.errors[0]).toContain('ParseError: the text of shop/b is not JSON')
  expect(notes).toEqual(['+a@101!', '+b@102'])
  expect(informer.lister.get('shop/b')?.object.metadata.name).toBe('b')
})

test('handlers that take long let the page work in between', async () => {
  await using scene = new Scene(['a', 'b', 'c', 'd'])
  const notes: string[] = []
  scene.informer.addEventHandler(
    noting(notes, () => {
      if (notes.length === 1) setImmediate(() => notes.push('something else'))
      // Work, which takes the machine's own time.
      for (const startedAt = performance.now(); performance.now() - startedAt < 10; );
    }),
  )
  await scene.settle()
  expect(notes).toHaveLength(5)
  expect(notes.indexOf('something else')).toBeLessThan(3)
})

test('invalid options are refused', async () => {
  await using scene = new Scene([])
  expect(() => scene.informer.addEventHandler({}, { resyncPeriodMs: -1 })).toThrow(
    'resyncPeriodMs must be 0 (never) or a number of milliseconds, not -1',
  )
  expect(() => scene.informer.addEventHandler({}, { maxBacklog: Number.NaN })).toThrow('maxBacklog must be a number of changes, not NaN')
})
