import { expect, test } from 'vitest'
import { Gate, noting, Scene } from './support'

test('[informer/resync-and-relist] a resync calls onUpdate(o, o) of the handlers whose period is due, without a request', async () => {
  await using scene = await new Scene(['a', 'b']).settle()
  const { world, informer, requests } = scene
  const often: string[] = []
  const seldom: string[] = []
  const never: string[] = []
  informer.addEventHandler(noting(often), { resyncPeriodMs: 10_000 })
  informer.addEventHandler(noting(seldom), { resyncPeriodMs: 25_000 })
  informer.addEventHandler(noting(never))
  await scene.settle()
  const asked = requests.length
  for (const notes of [often, seldom, never]) notes.length = 0
  await world.advance(9_999)
  expect(often).toEqual([])
  await world.advance(1)
  expect(often).toEqual(['=a@101', '=b@102'])
  await world.advance(15_000)
  expect(often).toHaveLength(2 * 2)
  expect(seldom).toEqual(['=a@101', '=b@102'])
  await world.advance(5_000)
  expect(often).toHaveLength(3 * 2)
  expect(never).toEqual([])
  expect(requests.length).toBe(asked)
})

test('[informer/resync-and-relist] the informer’s period applies to handlers without their own; 0 is never', async () => {
  await using scene = await new Scene(['a'], { resyncPeriodMs: 5_000 }).settle()
  const inherited: string[] = []
  const none: string[] = []
  scene.informer.addEventHandler(noting(inherited))
  scene.informer.addEventHandler(noting(none), { resyncPeriodMs: 0 })
  await scene.world.advance(5_000)
  expect(inherited).toEqual(['+a@101!', '=a@101'])
  expect(none).toEqual(['+a@101!'])
})

test('[informer/resync-and-relist] a period of less than a second counts as one', async () => {
  await using scene = await new Scene(['a']).settle()
  const notes: string[] = []
  scene.informer.addEventHandler(noting(notes), { resyncPeriodMs: 1 })
  await scene.world.advance(3_000)
  expect(notes).toEqual(['+a@101!', '=a@101', '=a@101', '=a@101'])
})

test('[informer/resync-and-relist] a resync skips objects whose change is waiting, so that a slow handler’s backlog does not grow', async () => {
  await using scene = await new Scene(['a', 'b']).settle()
  const { world, informer } = scene
  const gate = new Gate()
  const notes: string[] = []
  const registration = informer.addEventHandler(noting(notes, gate.pass), { resyncPeriodMs: 1_000 })
  await scene.settle()
  gate.close()
  world.update('b')
  await scene.settle()
  await world.advance(60_000)
  expect(registration.backlog).toBe(2)
  gate.open()
  await world.advance(0)
  expect(notes).toEqual(['+a@101!', '+b@102!', '~b@103<102', '=a@101', '=b@103'])
})

test('[informer/resync-and-relist] there is no resync before the first state, and no timer without a handler that needs one', async () => {
  const scene = new Scene(['a'])
  await using _scene = scene
  scene.world.server.faults.add({ fault: { type: 'delay', ms: 5_500 } })
  const notes: string[] = []
  const registration = scene.informer.addEventHandler(noting(notes), { resyncPeriodMs: 2_000 })
  await scene.world.advance(5_900)
  expect(notes).toEqual(['+a@101!'])
  await scene.world.advance(100)
  expect(notes).toEqual(['+a@101!', '=a@101'])
  const timers = scene.world.clock.pending
  registration.close()
  expect(scene.world.clock.pending).toBe(timers - 1)
})

test('[informer/resync-and-relist] a relist reports the differences it found, and nothing else', async () => {
  await using scene = await new Scene(['a', 'b'], { initialList: 'list', relistPeriodMs: 60_000 }).settle()
  const notes: string[] = []
  scene.informer.addEventHandler(noting(notes))
  await scene.settle()
  scene.informer.store.delete({ namespace: 'shop', name: 'a' })
  await scene.settle()
  notes.length = 0
  await scene.world.advance(61_000)
  expect(notes).toEqual(['+a@101'])
})
