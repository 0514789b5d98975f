import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createInformer, entryFromObject, KubeClient, type KubeObject } from '../../src'
import { createOwnerGraph, type OwnerGraph, type OwnerNode } from '../../src/live'
import { Deployment, ReplicaSet } from '../../src/resources/apps/v1'
import { Pod } from '../../src/resources/core/v1'
import { Store } from '../../src/store/store'
import { gone, put } from './support'

/** An object `x` with the uid `x`, as an entry. */
function object(name: string, owners: readonly string[] = [], { kind = 'Pod', rv = '1', namespace = 'shop' } = {}) {
  const ownerReferences = owners.map((uid) => ({ apiVersion: 'apps/v1', kind: 'Owner', name: uid, uid }))
  return entryFromObject({ apiVersion: 'v1', kind, metadata: { name, namespace, uid: name, resourceVersion: rv, ownerReferences } })
}

function startGraph(...entries: ReturnType<typeof object>[]) {
  const store = new Store<KubeObject>()
  store.replace(entries, '1')
  const work: (() => void)[] = []
  const graph = createOwnerGraph([store], { schedule: (run) => work.push(run) })
  return {
    store,
    graph,
    frame: () => {
      for (const run of work.splice(0)) run()
    },
  }
}

const uids = (nodes: readonly OwnerNode[]): string => nodes.map(({ uid }) => uid).join(' ')

/** Everything that a graph shows. */
function everything({ snapshot }: OwnerGraph) {
  const { roots, missing, size } = snapshot
  const reached = new Set(roots.flatMap((root) => [root, ...snapshot.under(root.uid)]))
  const nodes = [...reached].map(({ entry, ...node }) => ({
    ...node,
    version: entry?.resourceVersion,
    above: uids(snapshot.above(node.uid)),
  }))
  return { size, roots: uids(roots), missing: uids(missing), nodes: nodes.sort((a, b) => (a.uid < b.uid ? -1 : 1)) }
}

describe('createOwnerGraph', () => {
  it('leads from a Deployment over its ReplicaSets to their Pods, and back', async () => {
    const names = { kind: 'Deployment' }
    const { graph } = startGraph(
      object('web', [], names),
      object('web-1', ['web'], { kind: 'ReplicaSet' }),
      object('web-2', ['web'], { kind: 'ReplicaSet' }),
      object('b', ['web-2']),
      object('a', ['web-2']),
      object('c', ['web-1']),
    )
    const { snapshot } = graph
    expect([uids(snapshot.roots), uids(snapshot.under('web')), uids(snapshot.above('a'))]).toEqual([
      'web',
      'web-1 web-2 c a b',
      'web-2 web',
    ])
    expect(snapshot.get('web-2')).toMatchObject({
      kind: 'ReplicaSet',
      apiVersion: 'v1',
      namespace: 'shop',
      owners: ['web'],
      dependents: ['a', 'b'],
    })
    expect([snapshot.size, snapshot.get('none'), snapshot.under('none')]).toEqual([6, undefined, []])
  })

  it('shows an owner that no source has by the name that its dependents give it, until it comes', () => {
    const { graph, store } = startGraph(object('a', ['lost']), object('b', ['lost']))
    expect([uids(graph.snapshot.roots), uids(graph.snapshot.missing)]).toEqual(['lost', 'lost'])
    expect(graph.snapshot.get('lost')).toEqual({
      uid: 'lost',
      apiVersion: 'apps/v1',
      kind: 'Owner',
      name: 'lost',
      namespace: 'shop',
      entry: undefined,
      owners: [],
      dependents: ['a', 'b'],
    })
    store.apply(put(object('lost', [], { kind: 'ReplicaSet' }) as never), '2')
    expect([uids(graph.snapshot.missing), graph.snapshot.get('lost')?.kind]).toEqual(['', 'ReplicaSet'])
    store.apply(gone(object('lost') as never), '3')
    expect(uids(graph.snapshot.missing)).toBe('lost')
    store.apply(gone(object('a') as never, object('b') as never), '4')
    expect([uids(graph.snapshot.missing), graph.snapshot.size, graph.snapshot.roots]).toEqual(['', 0, []])
  })

  it('shows objects with two owners below both, once', () => {
    const { graph } = startGraph(object('x'), object('y'), object('top', []), object('both', ['x', 'y', 'x']), object('below', ['both']))
    const { snapshot } = graph
    expect(snapshot.get('both')?.owners).toEqual(['x', 'y'])
    expect([uids(snapshot.under('x')), uids(snapshot.under('y')), uids(snapshot.above('below'))]).toEqual([
      'both below',
      'both below',
      'both x y',
    ])
    expect(uids(snapshot.roots)).toBe('top x y')
  })

  it('shows each cycle through one of its objects, and ends in it', () => {
    const { graph } = startGraph(object('a', ['b']), object('b', ['a', 'self']), object('below', ['b']), object('self', ['self']))
    const { snapshot } = graph
    expect(uids(snapshot.roots)).toBe('self')
    expect([uids(snapshot.under('self')), uids(snapshot.under('a'))]).toEqual(['b a below', 'b below'])
    const other = startGraph(object('0', ['a']), object('a', ['b']), object('b', ['a']))
    expect(uids(other.graph.snapshot.roots)).toBe('a')
  })

  it('keeps the nodes that a change does not concern, and makes one snapshot for the changes of a frame', () => {
    const { graph, store, frame } = startGraph(object('x'), object('a', ['x']), object('b', ['x']))
    const seen: number[] = []
    const stop = graph.subscribe(({ size }) => seen.push(size))
    const before = graph.snapshot
    const [x, a, b] = ['x', 'a', 'b'].map((uid) => before.get(uid))
    store.apply(put(object('a', ['x'], { rv: '2' }) as never), '2')
    store.apply(put(object('c', []) as never), '3')
    expect(graph.snapshot).toBe(before)
    frame()
    expect([seen, before === graph.snapshot]).toEqual([[4], false])
    expect([graph.snapshot.get('x') === x, graph.snapshot.get('b') === b, graph.snapshot.get('a') === a]).toEqual([true, true, false])
    store.bookmark('4')
    store.resync()
    frame()
    expect(seen).toEqual([4])
    stop()
    store.apply(gone(object('c') as never), '5')
    frame()
    expect([seen, graph.snapshot.size]).toEqual([[4], 3])
  })

  it('follows an object that is created again with its name', () => {
    const { graph, store } = startGraph(object('x'), object('a', ['x']))
    const again = entryFromObject({ kind: 'Pod', metadata: { name: 'a', namespace: 'shop', uid: 'another', resourceVersion: '2' } })
    store.apply(put(again as never), '2')
    expect([uids(graph.snapshot.roots), graph.snapshot.get('a'), graph.snapshot.get('x')?.dependents]).toEqual(['another x', undefined, []])
  })

  it('takes informers of several kinds', async () => {
    const client = new KubeClient({ baseUrl: 'http://kubernetes.test', fetch: () => new Promise<Response>(() => {}) })
    await using deployments = createInformer(client, Deployment)
    await using sets = createInformer(client, ReplicaSet)
    await using pods = createInformer(client, Pod)
    const graph = createOwnerGraph([deployments, sets, pods])
    expect(graph.snapshot).toBe(graph.initial)
    expect(() => createOwnerGraph([{} as never])).toThrow('createOwnerGraph: the source is a store or an informer, got object')
  })

  it('[bindings/14] equals one that is made from the present objects, after any history', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    const name = fc.constantFrom(...names)
    const made = fc
      .record({ name, owners: fc.array(fc.constantFrom(...names, 'lost-1', 'lost-2'), { maxLength: 3 }) })
      .map((each) => (rv: string) => object(each.name, each.owners, { kind: each.name < 'd' ? 'Pod' : 'Job', rv }))
    const step = fc.oneof(
      fc.record({ store: fc.nat(1), put: made }),
      fc.record({ store: fc.nat(1), gone: name }),
      fc.record({ store: fc.nat(1), replace: fc.uniqueArray(made, { maxLength: 4, selector: (make) => make('1').key }) }),
      fc.constantFrom('frame' as const, 'listen' as const, 'leave' as const),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        // Each object is in one of two stores.
        const stores = [new Store<KubeObject>(), new Store<KubeObject>()]
        const isIn = (entry: { key: string }, store: number) => ['a', 'b', 'c'].includes(entry.key.slice(5)) === (store === 0)
        const work: (() => void)[] = []
        const graph = createOwnerGraph(stores, { schedule: (run) => work.push(run) })
        const frame = () => {
          for (const run of work.splice(0)) run()
        }
        const stops: (() => void)[] = []
        steps.forEach((each, i) => {
          const rv = String(i + 1)
          if (each === 'frame') frame()
          else if (each === 'listen') stops.push(graph.subscribe(() => {}))
          else if (each === 'leave') stops.pop()?.()
          else {
            const store = stores[each.store] as Store<KubeObject>
            if ('put' in each) {
              const entry = each.put(rv)
              if (isIn(entry, each.store)) store.apply(put(entry as never) as never, rv)
            } else if ('gone' in each) store.apply(gone(object(each.gone) as never) as never, rv)
            else
              store.replace(
                each.replace.map((make) => make(rv)).filter((entry) => isIn(entry, each.store)),
                rv,
              )
          }
          if (each !== 'frame' && work.length > 0) return
          expect(everything(graph)).toEqual(everything(createOwnerGraph(stores)))
        })
        frame()
        const all = everything(graph)
        expect(all).toEqual(everything(createOwnerGraph(stores)))
        const present = stores.flatMap((store) => store.list())
        expect(all.nodes.filter(({ version }) => version).map(({ uid }) => uid)).toEqual(present.map(({ uid }) => uid).sort())
      }),
    )
  })
})
