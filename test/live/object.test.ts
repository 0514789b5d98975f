import { describe, expect, it, vi } from 'vitest'
import { Pod } from '../../src/resources/core/v1'
import { ClusterRole } from '../../src/resources/rbac.authorization.k8s.io/v1'
import { startPage } from './support'

const NAME = { namespace: 'shop', name: 'a' }

describe('a live object', () => {
  it('[bindings/11] is watched alone where no feed has it', async () => {
    const { live, clock, create, watches } = startPage()
    create('a')
    create('b')
    const object = live.object(Pod, NAME)
    expect(object.snapshot).toBe(object.initial)
    object.subscribe(() => {})
    await clock.advance(100)
    expect(watches()).toEqual(['pods metadata.name=a'])
    expect(object.snapshot).toMatchObject({ entry: { name: 'a' }, isMissing: false, state: 'live' })
    await live.close()
  })

  it('is found under a name with the characters of selectors, as roles have them', async () => {
    const { live, server, clock, watches } = startPage({ server: { resources: [ClusterRole] } })
    const name = 'team=a,CORP\\admins'
    server.create(ClusterRole, { metadata: { name }, rules: [] })
    server.create(ClusterRole, { metadata: { name: 'team' }, rules: [] })
    const object = live.object(ClusterRole, { name })
    object.subscribe(() => {})
    await clock.advance(100)
    expect(watches()).toEqual(['clusterroles metadata.name=team\\=a\\,CORP\\\\admins'])
    expect(object.snapshot).toMatchObject({ entry: { name }, isMissing: false, state: 'live' })
    await live.close()
  })

  it('is read from the list of its kind, also from one that is subscribed after it in the same turn', async () => {
    const { live, clock, create, watches } = startPage()
    create('a')
    const object = live.object(Pod, NAME)
    object.subscribe(() => {})
    live.list(Pod).subscribe(() => {})
    await clock.advance(100)
    expect(watches()).toEqual(['pods'])
    expect(object.snapshot.entry?.name).toBe('a')
    await live.close()
  })

  it('is missing when it is deleted, and another object when it is created again: one call each', async () => {
    const { live, clock, create, delete: remove, update } = startPage()
    create('a')
    const object = live.object(Pod, NAME)
    const seen: string[] = []
    object.subscribe(({ entry, isMissing }) => seen.push(isMissing ? 'missing' : (entry?.labels.phase ?? entry?.name ?? '-')))
    await clock.advance(100)
    seen.length = 0
    const uid = object.snapshot.entry?.uid
    update('a', 'Running')
    await clock.advance(100)
    remove('a')
    await clock.advance(100)
    create('a')
    await clock.advance(100)
    expect(seen).toEqual(['Running', 'missing', 'a'])
    expect(object.snapshot.entry?.uid).not.toBe(uid)
    await live.close()
  })

  it('is not missing before the server has said so', async () => {
    const { live, clock, server } = startPage()
    server.faults.add({ fault: { type: 'delay', ms: 1_000 } })
    const object = live.object(Pod, NAME)
    object.subscribe(() => {})
    await clock.advance(500)
    expect(object.snapshot).toMatchObject({ entry: undefined, isMissing: false })
    await clock.advance(5_000)
    expect(object.snapshot).toMatchObject({ entry: undefined, isMissing: true })
    await live.close()
  })

  it('[bindings/12] calls one listener when one of a thousand objects changes', async () => {
    const { live, clock, create, update } = startPage()
    const listeners = Array.from({ length: 1_000 }, (_, i) => {
      create(`p${i}`)
      const listener = vi.fn()
      live.object(Pod, { namespace: 'shop', name: `p${i}` }).subscribe(listener)
      return listener
    })
    live.list(Pod, { view: { window: { limit: 1 } } }).subscribe(() => {})
    await clock.advance(1_000)
    for (const listener of listeners) listener.mockClear()
    update('p500', 'Running')
    await clock.advance(100)
    expect(listeners.flatMap(({ mock }, i) => (mock.calls.length > 0 ? [`${i}: ${mock.calls.length}`] : []))).toEqual(['500: 1'])
    await live.close()
  })

  it('releases its feed with its last listener, and leaves nothing when it had no time to start', async () => {
    const { live, clock, create, watches } = startPage({ lingerMs: 0 })
    create('a')
    live.object(Pod, NAME).subscribe(() => {})()
    await clock.advance(100)
    expect([watches(), clock.pending]).toEqual([[], 0])
    const stop = live.object(Pod, NAME).subscribe(() => {})
    await clock.advance(100)
    stop()
    await clock.advance(1_000)
    expect([watches(), clock.pending]).toEqual([[], 0])
  })
})
