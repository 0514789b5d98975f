import { describe, expect, it } from 'vitest'
import { defineResource, type KubeObject } from '../../src'
import { createHistory, createOwnerGraph } from '../../src/live'
import { Deployment } from '../../src/resources/apps/v1'
import { Event, Pod } from '../../src/resources/core/v1'
import { createRandom } from '../../src/testing/random'
import { names, startPage } from './support'

const ownedBy = (uid: string) => ({ ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: uid, uid }] })

describe('related', () => {
  it('shows the objects that name the owner, on the feed of the kind', async () => {
    const { live, clock, server, watches } = startPage()
    for (const [name, uid] of [
      ['a', 'r1'],
      ['b', 'r2'],
      ['c', 'r1'],
    ] as const)
      server.create(Pod, { metadata: { name, namespace: 'shop', ...ownedBy(uid) } } as Pod)
    live.list(Pod).subscribe(() => {})
    const related = live.related({ uid: 'r1', namespace: 'shop' }, Pod)
    related.subscribe(() => {})
    await clock.advance(100)
    expect([names(related.snapshot), watches()]).toEqual(['a c', ['pods']])
    await live.close()
  })

  it('[bindings/13] equals a scan after a random history', async () => {
    const { live, clock, server } = startPage()
    const random = createRandom(7)
    const pick = <V>(values: readonly V[]): V => values[Math.floor(random.next() * values.length)] as V
    const uids = ['r1', 'r2', 'r3']
    const lists = uids.map((uid) => live.related({ uid, namespace: 'shop' }, Pod))
    for (const list of lists) list.subscribe(() => {})
    for (let step = 0; step < 200; step++) {
      const reference = { name: `p${Math.floor(random.next() * 10)}`, namespace: 'shop' }
      const known = server.get(Pod, reference)
      const owner = ownedBy(pick(uids))
      if (!known) server.create(Pod, { metadata: { ...reference, ...owner } } as Pod)
      else if (random.next() < 0.3) server.delete(Pod, reference)
      else server.update(Pod, { ...known, metadata: { ...known.metadata, ...owner } })
      if (step % 5 > 0) continue
      await clock.advance(50)
      const scan = uids.map((uid) => server.list(Pod).filter(({ metadata }) => metadata.ownerReferences?.[0]?.uid === uid))
      expect(lists.map((list) => names(list.snapshot))).toEqual(
        scan.map((pods) =>
          pods
            .map(({ metadata }) => metadata.name)
            .sort()
            .join(' '),
        ),
      )
    }
    await live.close()
  })
})

describe('source', () => {
  it('is followed while it has a subscriber: an owner graph and a history share the feed of a list', async () => {
    const { live, clock, server, watches, create, update } = startPage()
    const { metadata } = server.create(Deployment, { metadata: { name: 'web', namespace: 'shop' } } as Deployment)
    create('a', { metadata: { name: 'a', namespace: 'shop', ...ownedBy(metadata.uid ?? '') } })
    const graph = createOwnerGraph([live.source(Deployment), live.source(Pod)], { schedule: (work) => void clock.setTimeout(work, 16) })
    expect([graph.snapshot, watches()]).toEqual([graph.initial, []])
    const seen: string[] = []
    const stop = graph.subscribe(({ roots }) => seen.push(roots.map(({ kind, name }) => `${kind} ${name}`).join(' ')))
    live.list(Pod).subscribe(() => {})
    await clock.advance(100)
    expect([seen.at(-1), graph.snapshot.size, watches().sort()]).toEqual(['Deployment web', 2, ['deployments', 'pods']])
    const history = createHistory(live.source(Pod), { clock })
    update('a', 'x')
    await clock.advance(100)
    expect(history.steps().map(({ changes }) => changes.map(({ key }) => key))).toEqual([['shop/a']])
    history.close()
    stop()
    await clock.advance(31_000)
    expect(watches()).not.toContain('deployments')
    await live.close()
  })
})

describe('events', () => {
  it('[bindings/15] shows the Events about an object, the latest first', async () => {
    const { live, clock, server, create, watches } = startPage()
    const pod = create('a')
    const uid = pod.metadata.uid ?? ''
    const event = (name: string, about: string, lastTimestamp: string) =>
      server.create(Event, {
        metadata: { name, namespace: 'shop' },
        involvedObject: { kind: 'Pod', name: 'a', namespace: 'shop', uid: about },
        lastTimestamp,
      } as Event)
    event('first', uid, '2026-01-01T00:00:01Z')
    event('last', uid, '2026-01-01T00:00:02Z')
    event('other', 'another', '2026-01-01T00:00:03Z')
    const events = live.events({ namespace: 'shop', uid })
    events.subscribe(() => {})
    await clock.advance(100)
    expect(names(events.snapshot)).toBe('last first')
    expect(watches()).toEqual([`events involvedObject.uid=${uid}`])
    await live.close()
  })
})

describe('poll', () => {
  const PodMetrics = defineResource<KubeObject>({
    group: 'metrics.k8s.io',
    version: 'v1beta1',
    plural: 'pods',
    kind: 'PodMetrics',
    scope: 'Namespaced',
  })

  it('[bindings/15] lists at the interval while it has listeners, and not after', async () => {
    const { live, clock, server } = startPage({ server: { resources: [PodMetrics] } })
    server.create(PodMetrics, { metadata: { name: 'a', namespace: 'shop' } })
    const metrics = live.poll(PodMetrics, { everyMs: 30_000 })
    expect(metrics.snapshot).toBe(metrics.initial)
    const stop = metrics.subscribe(() => {})
    await clock.advance(100)
    expect([names(metrics.snapshot), metrics.snapshot.state]).toEqual(['a', 'polling'])
    server.create(PodMetrics, { metadata: { name: 'b', namespace: 'shop' } })
    await clock.advance(30_100)
    expect([names(metrics.snapshot), server.requests.length]).toEqual(['a b', 2])
    stop()
    await clock.advance(120_000)
    expect([server.requests.length, clock.pending]).toEqual([2, 0])
  })

  it('keeps its rows, stale, when a request fails, and rejects whenReady without any', async () => {
    const { live, clock, server } = startPage({ server: { resources: [PodMetrics] } })
    server.create(PodMetrics, { metadata: { name: 'a', namespace: 'shop' } })
    server.faults.add({ fault: { type: 'status', status: 503 } })
    const metrics = live.poll(PodMetrics, { everyMs: 1_000 })
    const result = expect(metrics.whenReady()).rejects.toMatchObject({ status: 503 })
    await clock.advance(10)
    await result
    metrics.subscribe(() => {})
    await clock.advance(100)
    expect(metrics.snapshot).toMatchObject({ isReady: true, isStale: false, total: 1 })
    server.faults.add({ fault: { type: 'status', status: 503 } })
    await clock.advance(1_000)
    expect(metrics.snapshot).toMatchObject({ isStale: true, total: 1, error: { status: 503 } })
    await clock.advance(1_000)
    expect(metrics.snapshot).toMatchObject({ isStale: false, error: undefined })
    await live.close()
  })
})

describe('closing while lists are polled', () => {
  it('ends the polling, says so, and polls no more for later listeners', async () => {
    const { live, clock, server } = startPage()
    const polled = live.poll(Pod, { everyMs: 1_000 })
    polled.subscribe(() => {})
    await clock.advance(100)
    await live.close()
    expect(polled.snapshot).toMatchObject({ state: 'stopped', isReady: true })
    const later = live.poll(Pod, { everyMs: 1_000 })
    later.subscribe(() => {})
    await expect(later.whenReady()).rejects.toThrow(/closed before it had a complete state/)
    await clock.advance(10_000)
    expect([server.requests.length, clock.pending]).toEqual([1, 0])
  })

  it('rejects what waits for the first list', async () => {
    const { live, clock, server } = startPage()
    server.faults.add({ fault: { type: 'delay', ms: 60_000 }, times: 9 })
    const result = expect(live.poll(Pod, { everyMs: 1_000 }).whenReady()).rejects.toThrow(/closed before it had a complete state/)
    await clock.advance(100)
    await live.close()
    await result
  })
})

describe('can', () => {
  it('[bindings/17] is undefined, then the answer: one request for many', async () => {
    const { live, clock, server } = startPage()
    const many = Array.from({ length: 10 }, () => live.can('delete', Pod, { namespace: 'shop' }))
    const seen: unknown[] = []
    for (const each of many) each.subscribe((answer) => seen.push(answer))
    expect(many[0]?.snapshot).toBeUndefined()
    await clock.advance(100)
    expect(seen).toEqual(Array(10).fill(true))
    expect(server.requests).toHaveLength(1)
  })

  it('reports a question that fails, and asks again with the next listener', async () => {
    const errors: unknown[] = []
    const { live, clock, server } = startPage({ onError: (error) => errors.push(error) })
    server.faults.add({ fault: { type: 'status', status: 500 } })
    const can = live.can('delete', Pod, { namespace: 'shop' })
    can.subscribe(() => {})
    await clock.advance(100)
    expect([can.snapshot, errors.length]).toEqual([undefined, 1])
    can.subscribe(() => {})
    await clock.advance(100)
    expect(can.snapshot).toBe(true)
  })
})
