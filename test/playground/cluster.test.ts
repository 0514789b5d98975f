// Tests the fake cluster of the playground in virtual time.
import { describe, expect, it } from 'vitest'
import { detailsOf } from '../../playground/pods.ts'
import { MAX_EVENTS } from '../../playground/server/event-log.ts'
import { FakeCluster, type FakeClusterOptions } from '../../playground/server/fake-cluster.ts'
import type { Resource } from '../../src/index'
import type { Clock } from '../../src/internal/clock'
import { DaemonSet, Deployment, ReplicaSet } from '../../src/resources/apps/v1'
import { Job } from '../../src/resources/batch/v1'
import { Event, Node, Pod } from '../../src/resources/core/v1'
import { createRandom } from '../../src/testing/random'

/** A clock with one timer at a time, which runs synchronously: the cluster awaits nothing. */
class TickClock implements Clock {
  #now = Date.UTC(2026, 0, 1)
  #timer: { readonly at: number; readonly run: () => void } | undefined

  now(): number {
    return this.#now
  }

  setTimeout(run: () => void, ms: number): void {
    this.#timer = { at: this.#now + ms, run }
  }

  clearTimeout(): void {
    this.#timer = undefined
  }

  /** Lets this many milliseconds pass. */
  advance(ms: number): void {
    const end = this.#now + ms
    while (this.#timer && this.#timer.at <= end) {
      const { at, run } = this.#timer
      this.#now = at
      run()
    }
    this.#now = end
  }
}

/** Starts a cluster in virtual time, and stops it at the end of the test. */
function startCluster(options: FakeClusterOptions = {}) {
  const clock = new TickClock()
  const cluster = new FakeCluster({ clock, changesPerSecond: 0, random: createRandom(1).next, ...options })
  return { cluster, clock, server: cluster.server, [Symbol.dispose]: () => cluster[Symbol.dispose]() }
}

/** Checks that every pod has an existing owner, and every replica set an existing deployment. */
function expectOwners({ server }: FakeCluster): void {
  const uids = new Set(
    ([ReplicaSet, DaemonSet, Job, Deployment] as unknown as Resource[]).flatMap((kind) =>
      server.list(kind).map(({ metadata }) => metadata.uid),
    ),
  )
  for (const { metadata } of [...server.list(Pod), ...server.list(ReplicaSet)]) {
    const [owner] = metadata.ownerReferences ?? []
    expect([metadata.name, uids.has(owner?.uid)]).toEqual([metadata.name, true])
  }
}

describe('the fake cluster of the playground', () => {
  it('the fake cluster of the playground gives every pod an owner that exists, also after 300 changes', () => {
    using world = startCluster({ pods: 100 })
    const { cluster, server } = world
    expect(server.list(Pod)).toHaveLength(100)
    expectOwners(cluster)
    cluster.change(300)
    expectOwners(cluster)
    expect(server.list(Pod).length).toBeGreaterThan(90)
  })

  it('the fake cluster of the playground runs one pod of each daemon set on each node', () => {
    using world = startCluster()
    const nodes = world.server.list(Pod).filter(({ metadata }) => metadata.labels?.app === 'kube-proxy')
    expect(new Set(nodes.map(({ spec }) => spec?.nodeName)).size).toBe(world.server.list(Node).length)
    expect(world.server.list(DaemonSet).map(({ status }) => status?.numberReady)).toEqual([expect.any(Number), expect.any(Number)])
  })

  it('the fake cluster of the playground makes the same history from the same random numbers', () => {
    const histories = [1, 2].map(() => {
      using world = startCluster({ pods: 60, changesPerSecond: 50 })
      world.clock.advance(3000)
      return world.server.list(Pod).map((pod) => `${pod.metadata.name} ${detailsOf(pod).phase} ${pod.metadata.resourceVersion}`)
    })
    expect(histories[0]).toEqual(histories[1])
  })

  it('the fake cluster of the playground rolls an image out: a new replica set grows, the old one shrinks, and few pods are missing meanwhile', () => {
    using world = startCluster()
    const { cluster, clock, server } = world
    const incident = cluster.rollOut()
    const [namespace, name = ''] = incident?.name.split('/') ?? []
    const target = incident?.pods ?? 0
    const ready: number[] = []
    const mixed: boolean[] = []
    for (let half = 0; half < 30; half++) {
      clock.advance(500)
      const { status, metadata } = server.get(Deployment, { name, namespace }) ?? {}
      ready.push(status?.readyReplicas ?? 0)
      const sizes = server.list(ReplicaSet).filter((set) => set.metadata.ownerReferences?.[0]?.uid === metadata?.uid)
      mixed.push(sizes.filter(({ spec }) => (spec?.replicas ?? 0) > 0).length === 2)
    }
    const deployment = server.get(Deployment, { name, namespace })
    expect(mixed).toContain(true)
    expect(deployment?.status).toMatchObject({ replicas: target, updatedReplicas: target })
    expect(Math.min(...ready)).toBeGreaterThanOrEqual(Math.floor(target * 0.75) - 1)
    expect(deployment?.metadata.annotations).toMatchObject({ 'deployment.kubernetes.io/revision': '2' })
    const images = server.list(Pod).filter(({ metadata }) => metadata.labels?.app === name && metadata.namespace === namespace)
    expect(new Set(images.map(({ spec }) => spec?.containers[0]?.image))).toEqual(
      new Set([`registry.example.com/${namespace}/${name}:1.5`]),
    )
    expect(server.list(Event).map(({ reason }) => reason)).toContain('ScalingReplicaSet')
    expectOwners(cluster)
  })

  it('the fake cluster of the playground rolls out again and again, and keeps the newest replica sets', () => {
    using world = startCluster()
    const { cluster, clock, server } = world
    const names = new Set(Array.from({ length: 120 }, () => cluster.rollOut()?.name))
    expect(names.size).toBeGreaterThan(10)
    expectOwners(cluster)
    clock.advance(60_000)
    expectOwners(cluster)
    expect(server.list(ReplicaSet).length).toBeLessThanOrEqual(3 * server.list(Deployment).length)
  })

  it('the fake cluster of the playground moves the pods of a failed node to others, and runs daemons there again once it is back', () => {
    using world = startCluster()
    const { cluster, clock, server } = world
    const incident = cluster.toggleNode()
    const node = incident?.name ?? ''
    const onNode = () => server.list(Pod).filter(({ spec }) => spec?.nodeName === node)
    expect(onNode().filter((pod) => detailsOf(pod).phase === 'NodeLost')).toHaveLength(incident?.pods ?? -1)
    expect(server.get(Node, { name: node })?.status?.conditions?.[0]).toMatchObject({ type: 'Ready', status: 'False' })
    clock.advance(8000)
    expect(onNode()).toEqual([])
    expect(server.list(Pod)).toHaveLength(298)
    expect(cluster.failedNode).toBe(node)
    expect(cluster.toggleNode()).toEqual({ type: 'node-recovery', name: node, pods: 0 })
    clock.advance(8000)
    expect(
      onNode()
        .map(({ metadata }) => metadata.labels?.app)
        .sort(),
    ).toEqual(['kube-proxy', 'node-exporter'])
    expect(server.list(Event).map(({ reason }) => reason)).toEqual(expect.arrayContaining(['NodeNotReady', 'NodeReady']))
  })

  it('the fake cluster of the playground evicts pods, reports it in Events, and keeps a bounded number of Events', () => {
    using world = startCluster({ pods: 100, changesPerSecond: 1000 })
    world.clock.advance(1200)
    const events = world.server.list(Event)
    expect(events).toHaveLength(MAX_EVENTS)
    expect(new Set(events.map(({ reason }) => reason))).toEqual(
      new Set(['Scheduled', 'Started', 'Failed', 'BackOff', 'Evicted', 'Killing']),
    )
  })

  it('the fake cluster of the playground sets the status of each job to the end of its pod', () => {
    using world = startCluster({ changesPerSecond: 0 })
    const { server } = world
    for (const job of server.list(Job)) {
      const pod = server.list(Pod).find(({ metadata }) => metadata.ownerReferences?.[0]?.name === job.metadata.name)
      const { phase } = pod?.status ?? {}
      expect(job.status).toMatchObject({ succeeded: phase === 'Succeeded' ? 1 : 0, failed: phase === 'Failed' ? 1 : 0 })
    }
    expect(server.list(Job).length).toBeGreaterThan(10)
  })
})
