import { defineResource, type Entry, type KubeClient, type KubeObject } from 'kubeflect'
import { Node, Pod } from 'kubeflect/resources/core/v1'
import { expectTypeOf } from 'vitest'
import { createInformer } from '../../src/informer/create-informer'
import { SharedInformerFactory } from '../../src/informer/factory'
import type { InformerChange } from '../../src/informer/notifications'
import type { SharedInformer } from '../../src/informer/shared-informer'

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

// The transform keeps the type.
createInformer(client, Pod, { transform: ({ status: _, ...pod }) => pod })
// @ts-expect-error: a transform makes pods of pods.
createInformer(client, Pod, { transform: () => 'pod' })
// @ts-expect-error: nodes are not what is expected of pods.
createInformer(client, Pod, { expectedType: Node })

const informers = new SharedInformerFactory(client, { namespace: 'shop' })
expectTypeOf(informers.informer(Pod)).toEqualTypeOf<SharedInformer<Pod>>()
expectTypeOf(informers.informer(Pod, { indexers: { node: (pod) => [pod.spec?.nodeName ?? ''] } })).toEqualTypeOf<
  SharedInformer<Pod, 'node'>
>()
expectTypeOf(informers.lease(Node).informer).toEqualTypeOf<SharedInformer<Node>>()
expectTypeOf(informers.informer(defineResource({ version: 'v1', plural: 'widgets', kind: 'Widget' }))).toEqualTypeOf<
  SharedInformer<KubeObject>
>()
// @ts-expect-error: what informers have in common is no transform of one of them.
new SharedInformerFactory(client, { transform: (pod: Pod) => pod })
