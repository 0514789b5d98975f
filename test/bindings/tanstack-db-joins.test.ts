import { BasicIndex, createCollection, createLiveQueryCollection, eq } from '@tanstack/db'
import { describe, expect, it } from 'vitest'
import { createInformer, KubeClient, type KubeObject, type Resource } from '../../src'
import { createLive } from '../../src/live'
import { Deployment, ReplicaSet } from '../../src/resources/apps/v1'
import { Pod } from '../../src/resources/core/v1'
import { kubernetesCollectionOptions } from '../../src/tanstack-db'
import { FakeApiServer, VirtualClock } from '../../src/testing'
import { createRandom } from '../../src/testing/random'

const seams = { onWake: () => () => {}, onError: () => {} }

/** The uid of the first owner of a row. */
const ownerOf = ({ metadata }: KubeObject) => metadata.ownerReferences?.[0]?.uid

describe('collections of several kinds', () => {
  it('[bindings/23] a join of deployments, replica sets and pods by uid equals `related` after a random history, and its end closes each watch', async () => {
    const clock = new VirtualClock()
    const server = new FakeApiServer({ clock, resources: [ReplicaSet] })
    const client = new KubeClient({ baseUrl: 'http://kubernetes.test', fetch: server.fetch })
    const live = createLive(client, { clock, ...seams })
    const schedule = (work: () => void) => void clock.setTimeout(work, 16)
    const start = <T extends KubeObject>(resource: Resource<T>) => {
      const source = createInformer(client, resource, { clock, ...seams })
      const collection = createCollection({
        ...kubernetesCollectionOptions({ source, resource, clock, schedule }),
        startSync: true,
        gcTime: 0,
      })
      return { source, collection }
    }
    const deployments = start(Deployment)
    const replicaSets = start(ReplicaSet)
    const pods = start(Pod)
    for (const { collection } of [deployments, replicaSets, pods] as const)
      collection.createIndex(({ metadata }) => metadata.uid, { indexType: BasicIndex })
    const joined = createLiveQueryCollection({
      startSync: true,
      gcTime: 0,
      query: (query) =>
        query
          .from({ deployment: deployments.collection })
          .innerJoin({ set: replicaSets.collection }, ({ deployment, set }) => eq(deployment.metadata.uid, set.metadata.annotations?.owner))
          .innerJoin({ pod: pods.collection }, ({ set, pod }) => eq(set?.metadata.uid, pod.metadata.annotations?.owner))
          .select(({ deployment, set, pod }) => ({
            deployment: deployment.metadata.name,
            set: set?.metadata.name,
            pod: pod?.metadata.name,
          })),
    })

    const random = createRandom(7)
    const pick = <V>(from: readonly V[]) => from[random.below(from.length)] as V
    const owned = (kind: string, owner: KubeObject) => ({
      ownerReferences: [{ apiVersion: 'apps/v1', kind, name: owner.metadata.name ?? '', uid: owner.metadata.uid ?? '' }],
      annotations: { owner: owner.metadata.uid ?? '' },
    })
    const template = { selector: {}, template: { metadata: {}, spec: { containers: [] } } }
    let made = 0
    for (let step = 0; step < 120; step++) {
      const name = `x${made++}`
      const sets = server.list(ReplicaSet)
      const all = server.list(Deployment)
      const choice = random.next()
      if (choice < 0.15 || all.length === 0)
        server.create(Deployment, { metadata: { name, namespace: 'shop' }, spec: template } as Deployment)
      else if (choice < 0.4 || sets.length === 0)
        server.create(ReplicaSet, {
          metadata: { name, namespace: 'shop', ...owned('Deployment', pick(all)) },
          spec: template,
        } as ReplicaSet)
      else if (choice < 0.75) server.create(Pod, { metadata: { name, namespace: 'shop', ...owned('ReplicaSet', pick(sets)) } } as Pod)
      else {
        const resource = pick<Resource>([Deployment as Resource, ReplicaSet as Resource, Pod as Resource])
        const { name = '', namespace } = pick(server.list(resource))?.metadata ?? {}
        if (name) server.delete(resource, { name, namespace })
      }
      if (random.next() < 0.3) await clock.advance(20)
      if (step === 60) server.disconnect()
    }
    await clock.advance(5_000)

    const related = async (owner: { readonly uid: string; readonly namespace: string }, resource: Resource) => {
      const list = live.related(owner, resource)
      const stop = list.subscribe(() => {})
      await clock.advance(100)
      const { rows } = list.snapshot
      stop()
      return rows
    }
    const expected: string[] = []
    for (const deployment of deployments.source.indexer.list()) {
      for (const set of await related(deployment, ReplicaSet as Resource)) {
        for (const pod of await related(set, Pod as Resource)) expected.push(`${deployment.name} ${set.name} ${pod.name}`)
      }
    }
    expect(expected.length).toBeGreaterThan(5)
    expect(server.list(Pod).every((pod) => ownerOf(pod) !== undefined)).toBe(true)
    expect(Array.from(joined.toArray, ({ deployment, set, pod }) => `${deployment} ${set} ${pod}`).sort()).toEqual(expected.sort())

    await joined.cleanup()
    for (const { collection, source } of [deployments, replicaSets, pods] as const) {
      await collection.cleanup()
      await source.close()
    }
    await live.close()
    expect(server.openRequests).toEqual([])
    expect(clock.pending).toBe(0)
  })
})
