import { defineResource, type Entry, type KubeClient, type KubeObject } from 'kubeflect'
import { Node, Pod } from 'kubeflect/resources/core/v1'
import * as v from 'valibot'
import { expectTypeOf } from 'vitest'
import { createInformer } from '../../src/informer/create-informer'
import { SharedInformerFactory } from '../../src/informer/factory'
import type { InformerChange } from '../../src/informer/handlers/notifications'
import type { SharedInformer } from '../../src/informer/shared-informer'
import type { Transform } from '../../src/source/transform'

declare const client: KubeClient

// The names of indexes are checked by the compiler, and the objects they are computed from have their type.
const pods = createInformer(client, Pod, { namespace: 'shop', indexers: { node: (pod) => [pod.spec?.nodeName ?? ''], all: () => [] } })
expectTypeOf(pods).toEqualTypeOf<SharedInformer<Pod, 'node' | 'all'>>()
expectTypeOf(pods.indexer.byIndex('node', 'n1')).toEqualTypeOf<Entry<Pod>[]>()
pods.indexer.byIndex('namespace', 'shop')
// @ts-expect-error: there is no such index.
pods.indexer.byIndex('nod', 'n1')
// @ts-expect-error: an index function gives strings.
createInformer(client, Pod, { indexers: { node: (pod) => [pod.spec?.priority] } })
declare const pod: Pod
pods.indexer.index('node', pod)
pods.indexer.indexKeys('all', 'x')
pods.indexer.indexValues('namespace')
expectTypeOf(pods.indexer.getIndexers()).toHaveProperty('node')
// @ts-expect-error
pods.indexer.index('nod', pod)
// @ts-expect-error
pods.indexer.indexKeys('nod', 'x')
// @ts-expect-error
pods.indexer.indexValues('nod')

// Who adds an index gets an indexer that knows it; the one there was does not.
const phased = pods.indexer.addIndexers({ phase: ({ status }) => [status?.phase ?? ''] })
phased.byIndex('phase', 'Running')
phased.byIndex('node', 'n1')
// @ts-expect-error
pods.indexer.byIndex('phase', 'Running')

expectTypeOf(createInformer(client, Pod)).toEqualTypeOf<SharedInformer<Pod>>()
// @ts-expect-error: without indexers there is only `namespace`.
createInformer(client, Pod).indexer.byIndex('node', 'n1')

expectTypeOf(pods.lister.get('shop/web')).toEqualTypeOf<Entry<Pod> | undefined>()
expectTypeOf(pods.whenSynced()).resolves.toEqualTypeOf<{ source: 'persisted' | 'list' | 'stream' }>()

// Handlers know what they are given, and may be asynchronous.
pods.addEventHandler({
  onAdd(pod, { isInInitialList }) {
    expectTypeOf(pod).toEqualTypeOf<Pod>()
    expectTypeOf(isInInitialList).toEqualTypeOf<boolean>()
  },
  async onUpdate(previous, pod) {
    expectTypeOf(previous).toEqualTypeOf<Pod>()
    expectTypeOf(pod).toEqualTypeOf<Pod>()
  },
  onDelete: (pod) => void expectTypeOf(pod).toEqualTypeOf<Pod>(),
})
// @ts-expect-error: nodes are not what this informer tells of.
pods.addEventHandler({ onAdd(_node: Node) {} })

async function follow() {
  for await (const change of pods.changes()) {
    expectTypeOf(change).toEqualTypeOf<InformerChange<Pod>>()
    if (change.type === 'updated') expectTypeOf(change.previous).toEqualTypeOf<Entry<Pod>>()
    // @ts-expect-error: only an update has a previous state.
    else change.previous
  }
}
void follow

// A change says by its type what it has.
declare const change: InformerChange<Pod>
expectTypeOf(change.type).toEqualTypeOf<'added' | 'updated' | 'deleted' | 'resynced'>()
expectTypeOf(change.isInInitialList).toEqualTypeOf<boolean>()
switch (change.type) {
  case 'updated':
    expectTypeOf(change.previous.object).toEqualTypeOf<Pod>()
    break
  case 'added':
  case 'deleted':
  case 'resynced':
    expectTypeOf(change.entry.object).toEqualTypeOf<Pod>()
    expectTypeOf(change).not.toHaveProperty('previous')
    break
  default:
    expectTypeOf(change).toBeNever()
}
// @ts-expect-error: a change is read, never written.
change.type = 'added'

// The transform keeps the type.
expectTypeOf(createInformer(client, Pod, { transform: ({ status: _, ...pod }) => pod })).toEqualTypeOf<SharedInformer<Pod>>()
expectTypeOf<ReturnType<Transform<Pod>>>().toEqualTypeOf<Pod>()
const slim = new SharedInformerFactory(client).informer(Pod, { transform: ({ status: _, ...pod }) => pod })
expectTypeOf(slim).toEqualTypeOf<SharedInformer<Pod>>()
// @ts-expect-error: a transform makes pods of pods.
createInformer(client, Pod, { transform: () => 'pod' })
// @ts-expect-error: nothing waits for a transform.
createInformer(client, Pod, { transform: async (pod) => pod })
// @ts-expect-error: what has no metadata has no key.
createInformer(client, Pod, { transform: ({ metadata: _, ...pod }) => pod })
// @ts-expect-error: nodes are not what is expected of pods.
createInformer(client, Pod, { expectedType: Node })

// What a schema says of a resource is what its informer has: in indexes, handlers, the lister and changes.
const Widget = defineResource({
  group: 'example.com',
  version: 'v1',
  plural: 'widgets',
  kind: 'Widget',
  schema: v.looseObject({ spec: v.object({ size: v.number() }) }),
})
const widgets = createInformer(client, Widget, { indexers: { size: ({ spec }) => [spec.size.toFixed()] } })
widgets.indexer.byIndex('size', '1')
expectTypeOf(widgets.lister.get('shop/w')?.object.spec.size).toEqualTypeOf<number | undefined>()
widgets.addEventHandler({ onAdd: ({ spec }) => void expectTypeOf(spec.size).toEqualTypeOf<number>() })
// @ts-expect-error: the schema knows no weight.
widgets.addEventHandler({ onAdd: ({ spec }) => spec.weight })
async function followWidgets() {
  for await (const { entry } of widgets.changes()) expectTypeOf(entry.object.spec.size).toEqualTypeOf<number>()
}
void followWidgets
// @ts-expect-error: a transform that drops what the schema asks for.
createInformer(client, Widget, { transform: ({ spec: _, ...widget }) => widget })

const informers = new SharedInformerFactory(client, { namespace: 'shop' })
expectTypeOf(informers.informer(Pod)).toEqualTypeOf<SharedInformer<Pod>>()
expectTypeOf(informers.informer(Pod, { indexers: { node: (pod) => [pod.spec?.nodeName ?? ''] } })).toEqualTypeOf<
  SharedInformer<Pod, 'node'>
>()
expectTypeOf(informers.lease(Node).informer).toEqualTypeOf<SharedInformer<Node>>()
expectTypeOf(informers.lease(Pod, { indexers: { node: () => [] } }).informer).toEqualTypeOf<SharedInformer<Pod, 'node'>>()
expectTypeOf(informers.informer(Widget).lister.list()[0]?.object.spec.size).toEqualTypeOf<number | undefined>()
// @ts-expect-error: one who did not ask for an index does not know of it.
informers.informer(Pod).indexer.byIndex('node', 'n1')
expectTypeOf(informers.informer(defineResource({ version: 'v1', plural: 'widgets', kind: 'Widget' }))).toEqualTypeOf<
  SharedInformer<KubeObject>
>()
// @ts-expect-error: what informers have in common is no transform of one of them.
new SharedInformerFactory(client, { transform: (pod: Pod) => pod })
