import { describe, expect, it } from 'vitest'
import { KubeClient } from '../../src/http/client'
import { Node, type Pod } from '../../src/resources/core/v1'
import { FakeApiServer } from '../../src/testing/fake-api-server'
import { VirtualClock } from '../../src/testing/virtual-clock'
import { type DrainEvent, type DrainOptions, drain } from '../../src/wait/drain'
import { choosePods, PODS, type PodLike } from '../../src/wait/drain-pods'

const controlled = (kind: string) => [{ apiVersion: 'apps/v1', kind, name: 'o', uid: 'o', controller: true }]

const podOn = (name: string, metadata: object = {}, rest: object = {}): Pod =>
  ({
    metadata: { name, namespace: 'shop', uid: name, ownerReferences: controlled('ReplicaSet'), ...metadata },
    spec: { nodeName: 'n1', containers: [] },
    ...rest,
  }) as unknown as Pod

describe('the pods of a node', () => {
  const choose = (pods: readonly Pod[], choices: DrainOptions = {}) => {
    const { evicted, skipped } = choosePods(pods as readonly PodLike[], 'n1', choices)
    return { evicted: evicted.map(({ name }) => name), skipped: skipped.map(({ pod, reason }) => `${pod.name}: ${reason}`) }
  }
  const daemon = podOn('daemon', { ownerReferences: controlled('DaemonSet') })
  const mirror = podOn('mirror', { annotations: { 'kubernetes.io/config.mirror': 'x' }, ownerReferences: controlled('Node') })
  const local = podOn('local', {}, { spec: { nodeName: 'n1', containers: [], volumes: [{ name: 'v', emptyDir: {} }] } })
  const bare = podOn('bare', { ownerReferences: undefined })

  it('pods of a controller are evicted, and mirror pods stay', () => {
    expect(choose([podOn('a'), mirror])).toEqual({ evicted: ['a'], skipped: ['mirror: mirror'] })
  })

  it('pods that lose something need a choice, and the error names them and the choice', () => {
    expect(() => choose([daemon])).toThrow("pods of DaemonSets, which come back: pass daemonSets: 'keep' (shop/daemon)")
    expect(() => choose([local])).toThrow("pods with data in an emptyDir: pass emptyDirData: 'delete' (shop/local)")
    expect(() => choose([bare])).toThrow("pods without a controller: pass unmanaged: 'delete' (shop/bare)")
    const all = { daemonSets: 'keep', emptyDirData: 'delete', unmanaged: 'delete' } as const
    expect(choose([daemon, local, bare], all)).toEqual({ evicted: ['local', 'bare'], skipped: ['daemon: daemonSet'] })
  })

  it('a controller of the kind DaemonSet in another API group is no DaemonSet', () => {
    const ownerReferences = [{ ...controlled('DaemonSet')[0], apiVersion: 'example.com/v1' }]
    expect(choose([podOn('a', { ownerReferences })]).evicted).toEqual(['a'])
  })

  it('finished pods are evicted without a choice', () => {
    const finished = { status: { phase: 'Succeeded' } }
    expect(
      choose([
        { ...daemon, ...finished },
        { ...local, ...finished },
        { ...bare, ...finished },
      ] as Pod[]).evicted,
    ).toHaveLength(3)
  })
})

describe('drain', () => {
  /** A server with a node and its pods, and a drain that has been started. */
  function setUp(pods: readonly Pod[], options: DrainOptions = {}) {
    const clock = new VirtualClock()
    const server = new FakeApiServer({ clock })
    server.create(Node, { metadata: { name: 'n1' } })
    for (const pod of pods) server.create(PODS, pod as unknown as PodLike)
    const client = new KubeClient({ baseUrl: 'http://kubernetes.test', fetch: server.fetch, clock })
    const events: string[] = []
    const run = async () => {
      for await (const event of drain(client, 'n1', { clock, random: () => 0.5, onWake: () => () => undefined, ...options }))
        events.push(brief(event))
    }
    return { clock, server, events, done: run() }
  }
  const brief = (event: DrainEvent) => ('pod' in event ? `${event.type} ${event.pod.name}` : event.type)

  it('drain cordons the node, evicts its pods and reports each that is gone', async () => {
    const { clock, server, events, done } = setUp([
      podOn('a'),
      podOn('b'),
      podOn('elsewhere', {}, { spec: { nodeName: 'n2', containers: [] } }),
    ])
    await clock.advance(1_000)
    await done
    expect(events.slice(0, 1)).toEqual(['cordoned'])
    expect([...events].sort()).toEqual(['cordoned', 'deleted a', 'deleted b', 'evicted a', 'evicted b'])
    expect(server.get(Node, { name: 'n1' })?.spec?.unschedulable).toBe(true)
    expect(server.get(PODS, { name: 'elsewhere', namespace: 'shop' })).toBeDefined()
  })

  it('drain repeats an eviction that a disruption budget blocks, after five seconds', async () => {
    const { clock, server, events, done } = setUp([podOn('a')])
    server.faults.add({ times: 2, match: ({ url }) => url.includes('/eviction'), fault: { type: 'status', status: 429 } })
    await clock.advance(4_000)
    expect(events).toEqual(['cordoned', 'blocked a'])
    await clock.advance(2_000)
    expect(events).toEqual(['cordoned', 'blocked a', 'blocked a'])
    await clock.advance(5_000)
    await done
    expect(events.slice(-2)).toEqual(['evicted a', 'deleted a'])
  })

  describe('of pods in a namespace that is being deleted', () => {
    const text = JSON.stringify({
      kind: 'Status',
      status: 'Failure',
      code: 403,
      reason: 'Forbidden',
      message: 'unable to create new content in namespace shop because it is being terminated',
      details: { causes: [{ reason: 'NamespaceTerminating', message: 'namespace shop is being terminated' }] },
    })
    /** Refuses each eviction as the API server does in such a namespace, whatever has become of the pod. */
    const refuse = ({ faults }: FakeApiServer) =>
      faults.add({
        times: 99,
        match: ({ url }) => url.includes('/eviction'),
        fault: { type: 'status', status: 403, text, headers: { 'content-type': 'application/json' } },
      })
    const evictions = ({ requests }: FakeApiServer) => requests.filter(({ url }) => url.includes('/eviction')).length

    it('drain repeats an eviction until the pod terminates, then waits until it is gone', async () => {
      const { clock, server, events, done } = setUp([podOn('a', { finalizers: ['example.com/hold'] })])
      refuse(server)
      await clock.advance(1_000)
      expect(events).toEqual(['cordoned', 'blocked a'])
      server.delete(PODS, { name: 'a', namespace: 'shop' })
      await clock.advance(60_000)
      expect([events, evictions(server)]).toEqual([['cordoned', 'blocked a'], 2])
      server.update(PODS, {
        ...podOn('a'),
        metadata: { ...server.get(PODS, { name: 'a', namespace: 'shop' })?.metadata, finalizers: [] },
      } as PodLike)
      await clock.advance(1_000)
      await done
      expect(events).toEqual(['cordoned', 'blocked a', 'deleted a'])
    })

    it('drain stops evicting a pod that is gone', async () => {
      const { clock, server, events, done } = setUp([podOn('a')])
      refuse(server)
      await clock.advance(1_000)
      server.delete(PODS, { name: 'a', namespace: 'shop' })
      await clock.advance(5_000)
      await done
      expect([events, evictions(server)]).toEqual([['cordoned', 'blocked a', 'deleted a'], 1])
    })
  })

  it('drain takes a pod that is gone already for done', async () => {
    const { clock, server, events, done } = setUp([podOn('a')])
    server.faults.add({ times: 1, match: ({ url }) => url.includes('/eviction'), fault: { type: 'status', status: 404 } })
    await clock.advance(1_000)
    expect(events).toEqual(['cordoned'])
    server.delete(PODS, { name: 'a', namespace: 'shop' })
    await clock.advance(1_000)
    await done
    expect(events).toEqual(['cordoned', 'deleted a'])
  })

  it('drain rejects with an error of the server, and evicts nothing when a choice is missing', async () => {
    const refused = setUp([podOn('bare', { ownerReferences: undefined })])
    const rejected = expect(refused.done).rejects.toThrow("pass unmanaged: 'delete'")
    await refused.clock.advance(1_000)
    await rejected
    expect(refused.events).toEqual(['cordoned'])
    const failing = setUp([podOn('a')])
    failing.server.faults.add({ times: 1, match: ({ url }) => url.includes('/eviction'), fault: { type: 'status', status: 500 } })
    const failed = expect(failing.done).rejects.toMatchObject({ status: 500 })
    await failing.clock.advance(1_000)
    await failed
  })

  it('an abort stops evicting, and leaves nothing behind', async () => {
    const controller = new AbortController()
    const { clock, server, done } = setUp([podOn('a')], { signal: controller.signal })
    server.faults.add({ times: 9, match: ({ url }) => url.includes('/eviction'), fault: { type: 'status', status: 429 } })
    await clock.advance(1_000)
    const rejected = expect(done).rejects.toThrow('enough')
    controller.abort(new Error('enough'))
    await clock.advance(60_000)
    await rejected
    expect(server.get(PODS, { name: 'a', namespace: 'shop' })).toBeDefined()
  })

  it('drain of a node without pods ends after the cordon', async () => {
    const { clock, events, done } = setUp([])
    await clock.advance(1_000)
    await done
    expect(events).toEqual(['cordoned'])
  })
})
