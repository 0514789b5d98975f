// Tests the moments that the time line of the playground goes back to.
import { describe, expect, it } from 'vitest'
import { Moments } from '../../playground/time/moments.ts'
import { Rewindable } from '../../playground/time/rewindable.ts'
import { type Entry, entryFromObject, Indexer, type KubeObject } from '../../src/index'

let version = 100

function entry(name: string, text = ''): Entry<KubeObject> {
  version++
  return entryFromObject({
    apiVersion: 'v1',
    kind: 'Thing',
    metadata: { name, uid: name, resourceVersion: String(version), annotations: { text } },
  } as KubeObject)
}

/** A store with its past, as an informer keeps it. */
function source(...names: string[]) {
  const indexer = new Indexer<KubeObject>()
  const begin = () =>
    indexer.replace(
      names.map((name) => entry(name)),
      String(version),
    )
  const rewindable = new Rewindable({ indexer, status: { hasSynced: false }, subscribe: () => () => undefined })
  const shown = () => Object.fromEntries(rewindable.list().map(({ name, object }) => [name, object.metadata.annotations?.text]))
  const apply = (type: 'ADDED' | 'MODIFIED' | 'DELETED', next: Entry<KubeObject>) => indexer.apply([{ type, entry: next }], String(version))
  return {
    begin,
    rewindable,
    shown,
    set: (name: string, text: string) => apply(indexer.get(name) ? 'MODIFIED' : 'ADDED', entry(name, text)),
    remove: (name: string) => apply('DELETED', entry(name)),
  }
}

describe('the moments of several sources', () => {
  it('each moment shows in every source what it had then, and the present is back afterwards', () => {
    const [pods, nodes] = [source('a'), source('n')]
    pods.begin()
    nodes.begin()
    const moments = new Moments([pods.rewindable, nodes.rewindable], () => undefined)
    const states = [[pods.shown(), nodes.shown()]]
    const steps = [
      () => pods.set('b', '1'),
      () => nodes.set('n', 'down'),
      () => pods.set('a', '2'),
      () => pods.remove('b'),
      () => nodes.remove('n'),
    ]
    for (const step of steps) {
      step()
      states.push([pods.shown(), nodes.shown()])
    }
    expect([moments.first, moments.last]).toEqual([0, 5])
    for (const moment of [0, 5, 3, 1, 2, 4]) {
      moments.show(moment)
      expect([moment, [pods.shown(), nodes.shown()]]).toEqual([moment, states[moment]])
    }
    moments.show(undefined)
    expect([pods.shown(), nodes.shown()]).toEqual(states.at(-1))
  })

  it('a source tells its subscribers of each move as changes, and of no change of the present while it shows the past', () => {
    const pods = source('a')
    pods.begin()
    const moments = new Moments([pods.rewindable], () => undefined)
    pods.set('b', '1')
    const told: string[][] = []
    pods.rewindable.subscribe(({ changes }) => told.push(changes.map(({ type, entry: { name } }) => `${type} ${name}`)))
    moments.show(0)
    pods.set('c', '1')
    moments.show(undefined)
    expect(told).toEqual([['deleted b'], ['added b', 'added c']])
  })

  it('the line begins when the last source has its first state, and never shows an empty collection that was not read yet', () => {
    const [pods, nodes] = [source('a'), source('n')]
    pods.begin()
    let calls = 0
    const moments = new Moments([pods.rewindable, nodes.rewindable], () => calls++)
    expect(moments.begun).toBeNaN()
    nodes.begin()
    expect([calls > 0, moments.begun > 0]).toEqual([true, true])
    moments.show(moments.first)
    expect(nodes.shown()).toEqual({ n: '' })
  })

  it('memory has a bound: the oldest moments are dropped for every source at once, and a moment keeps its number', () => {
    const [pods, nodes] = [source('a'), source('n')]
    pods.begin()
    nodes.begin()
    const moments = new Moments([pods.rewindable, nodes.rewindable], () => undefined)
    nodes.set('n', 'down')
    for (let change = 1; change <= 5_100; change++) pods.set('a', String(change))
    nodes.set('n', 'up')
    expect([moments.first, moments.last, moments.ticks.length]).toEqual([101, 5_102, 5_001])
    moments.show(moments.first)
    expect([pods.shown(), nodes.shown()]).toEqual([{ a: '100' }, { n: 'down' }])
    moments.show(3_001)
    expect(pods.shown()).toEqual({ a: '3000' })
  })

  it('a moment that is dropped while it is shown stays as it was', () => {
    const pods = source('a')
    pods.begin()
    const moments = new Moments([pods.rewindable], () => undefined)
    pods.set('a', 'kept')
    pods.set('a', 'later')
    moments.show(1)
    for (let change = 1; change <= 6_000; change++) pods.set('a', String(change))
    expect([pods.shown(), moments.first > 1]).toEqual([{ a: 'kept' }, true])
    moments.show(moments.last)
    expect(pods.shown()).toEqual({ a: '6000' })
  })
})
