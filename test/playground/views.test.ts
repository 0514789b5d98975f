// Tests the layouts of the playground's views on a canvas.
import { describe, expect, it } from 'vitest'
import { FakeCluster } from '../../playground/server/fake-cluster.ts'
import { layOutEvents, workloadOf } from '../../playground/views/event-lanes.ts'
import { layOutNodes } from '../../playground/views/heat-map.ts'
import { layOutOwners } from '../../playground/views/owner-map.ts'
import type { Picture } from '../../playground/views/picture.ts'
import { type Entry, entryFromObject, type KubeObject, type Resource } from '../../src/index'
import { Deployment, ReplicaSet } from '../../src/resources/apps/v1'
import { Event, Node, Pod } from '../../src/resources/core/v1'
import { createRandom } from '../../src/testing/random'

/** Returns the objects of a fake cluster as entries. */
function objectsOf(cluster: FakeCluster) {
  const list = <T extends KubeObject>(resource: Resource<T>): Entry<T>[] =>
    cluster.server.list(resource).map((object) => entryFromObject(object))
  return { pods: list(Pod), replicaSets: list(ReplicaSet), deployments: list(Deployment), nodes: list(Node), events: list(Event) }
}

/** Starts a cluster in which nothing happens by itself. */
function quietCluster(pods = 120): FakeCluster {
  return new FakeCluster({ pods, changesPerSecond: 0, random: createRandom(1).next })
}

/** Checks that cells lie within the picture, and that no two of them overlap. */
function expectTidy({ marks, height }: Picture, width: number): void {
  const cells = marks.filter(({ shape }) => shape === 'cell')
  const places = new Set(cells.map(({ x, y }) => `${x} ${y}`))
  expect(places.size).toBe(cells.length)
  expect(marks.filter((mark) => mark.x < 0 || mark.y < 0 || mark.x + mark.width > width || mark.y + mark.height > height)).toEqual([])
}

describe.each([1200, 394])('a picture %i px wide', (width) => {
  it('the owner map has a cell for each pod, and every link goes from an owner to what it owns', () => {
    using cluster = quietCluster()
    const objects = objectsOf(cluster)
    const picture = layOutOwners(objects, { width })
    expectTidy(picture, width)
    expect(
      picture.marks
        .filter(({ shape }) => shape === 'cell')
        .map(({ id }) => id)
        .sort(),
    ).toEqual(objects.pods.map(({ uid }) => uid).sort())
    const ids = new Set(picture.marks.map(({ id }) => id))
    expect(picture.links.filter(({ from, to }) => !ids.has(from) || !ids.has(to))).toEqual([])
    for (const { metadata } of cluster.server.list(ReplicaSet))
      expect(picture.links).toContainEqual({ from: metadata.ownerReferences?.[0]?.uid, to: metadata.uid })
  })

  it('the heat map puts each pod into the box of its node', () => {
    using cluster = quietCluster()
    const objects = objectsOf(cluster)
    const { marks, ...picture } = layOutNodes(objects, { width, heat: 'phase', now: Date.now() })
    expectTidy({ marks, ...picture }, width)
    const boxes = new Map(marks.filter(({ shape }) => shape === 'box').map((box) => [box.id, box]))
    for (const { metadata, spec } of cluster.server.list(Pod)) {
      const cell = marks.find(({ id }) => id === metadata.uid)
      const box = boxes.get(`node ${spec?.nodeName}`)
      expect(
        cell &&
          box &&
          cell.x > box.x &&
          cell.y > box.y &&
          cell.x + cell.width < box.x + box.width &&
          cell.y + cell.height < box.y + box.height,
      ).toBe(true)
    }
  })

  it('the lanes show every Event of the last 15 minutes', () => {
    using cluster = quietCluster()
    cluster.change(60)
    cluster.rollOut()
    const { events } = objectsOf(cluster)
    const picture = layOutEvents(events, { width, now: Date.now() })
    expect(picture.marks).toHaveLength(events.length)
    expect(picture.marks.length).toBeGreaterThan(10)
    expect(layOutEvents(events, { width, now: Date.now() + 901_000 }).marks).toEqual([])
  })
})

describe('the owner map', () => {
  it('the owner map shows pods whose owner is missing, and pods that have none', () => {
    const podOf = (name: string, ownerReferences?: object[]) =>
      entryFromObject({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: 'shop', uid: name, ...(ownerReferences && { ownerReferences }) },
      } as Pod)
    const orphan = podOf('orphan', [{ kind: 'StatefulSet', name: 'db', uid: 'gone' }])
    const { marks } = layOutOwners({ pods: [orphan, podOf('alone')], replicaSets: [], deployments: [] }, { width: 1200 })
    expect(marks.map(({ text, label }) => text ?? label)).toEqual([
      'pods without an owner',
      'Pod shop/alone: Unknown',
      'db',
      'Pod shop/orphan: Unknown',
    ])
  })
})

describe('the lanes of Events', () => {
  it.each([
    ['storefront-5ml5plfgd-x7k2p', 'storefront'],
    ['kube-proxy-x7k2p', 'kube-proxy'],
    ['settlement-29000001-x7k2p', 'settlement'],
    ['coredns', 'coredns'],
    ['web-0', 'web-0'],
  ])('the lanes of Events file %s under %s', (name, workload) => {
    expect(workloadOf(name)).toBe(workload)
  })
})

describe('the heat map', () => {
  it('the heat map colours cells by phase, restarts or age', () => {
    using cluster = quietCluster()
    const objects = objectsOf(cluster)
    const tonesOf = (heat: 'phase' | 'restarts' | 'age') =>
      layOutNodes(objects, { width: 1200, heat, now: Date.now() })
        .marks.filter(({ shape }) => shape === 'cell')
        .map(({ tone }) => tone)
    expect(tonesOf('phase')).not.toEqual(tonesOf('restarts'))
    expect(tonesOf('age')).toContain('good')
  })
})
