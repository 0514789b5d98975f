import {
  createInformer,
  createView,
  type Entry,
  field,
  fields,
  indexed,
  type KubeClient,
  keyed,
  readValue,
  type SortValue,
  Store,
  type View,
  type ViewSnapshot,
} from 'kubeflect'
import { Pod } from 'kubeflect/resources/core/v1'
import { expectTypeOf } from 'vitest'

declare const client: KubeClient

// A view knows the objects of its store, or of its informer.
const informer = createInformer(client, Pod, { indexers: { node: (pod) => [pod.spec?.nodeName ?? ''] } })
const view = createView(informer, {
  filter: {
    where: (pod) => pod.object.status?.phase === 'Running',
    search: { text: 'x', in: (pod) => [pod.name, pod.object.spec?.nodeName ?? ''] },
  },
  sort: { by: (pod) => pod.object.status?.startTime, descending: true },
})
expectTypeOf(view).toEqualTypeOf<View<Pod>>()
expectTypeOf(view.snapshot).toEqualTypeOf<ViewSnapshot<Pod>>()
expectTypeOf(view.snapshot.rows).toEqualTypeOf<readonly Entry<Pod>[]>()
expectTypeOf(createView(informer.indexer)).toEqualTypeOf<View<Pod>>()
expectTypeOf(createView(new Store<Pod>())).toEqualTypeOf<View<Pod>>()

view.update({ sort: [{ by: (pod) => pod.namespace }, { by: (pod) => readValue(pod, ['spec', 'priority']) }] })
// @ts-expect-error: an object is nothing to sort by.
view.update({ sort: { by: (pod) => pod.object.metadata } })
// @ts-expect-error: pods have no such thing.
view.update({ filter: { where: (pod) => pod.object.spec?.replicas === 1 } })
// @ts-expect-error: a snapshot is read, never written.
view.snapshot.rows.push(...view.snapshot.rows)
// @ts-expect-error: there is no such window.
view.update({ window: { from: 1 } })

// What React wants.
declare function useSyncExternalStore<S>(subscribe: (onChange: () => void) => () => void, getSnapshot: () => S): S
expectTypeOf(useSyncExternalStore(view.subscribe, () => view.snapshot)).toEqualTypeOf<ViewSnapshot<Pod>>()

// Functions with a key are what they are made of.
expectTypeOf(field('status.phase')).toExtend<((entry: Entry<Pod>) => SortValue) & { readonly key: string }>()
expectTypeOf(field<string>('status.phase')({} as Entry<Pod>)).toEqualTypeOf<string | undefined>()
expectTypeOf(fields({ phase: 'status.phase' })({} as Entry<Pod>)).toEqualTypeOf<Readonly<Record<'phase', SortValue>>>()
createView(informer, {
  filter: { where: keyed('running', (pod) => pod.object.status?.phase === 'Running') },
  sort: { by: keyed('name', (pod: Entry<Pod>) => pod.name) },
})
// @ts-expect-error: a key alone is not enough.
keyed('running')
createView(indexed(informer.indexer, 'node', 'n1'))
// @ts-expect-error: the informer has no such index.
indexed(informer.indexer, 'owner', 'u1')
