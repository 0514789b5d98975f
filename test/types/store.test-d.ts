import {
  defineResource,
  type Entry,
  type KubeClient,
  type KubeObject,
  type ListerWatcher,
  ListWatch,
  metaNamespaceKey,
  Reflector,
  type ReflectorStore,
  Store,
  type StoreUpdate,
} from 'kubeflect'
import { Node, Pod } from 'kubeflect/resources/core/v1'
import * as v from 'valibot'
import { expectTypeOf } from 'vitest'

declare const client: KubeClient

const store = new Store<Pod>(metaNamespaceKey)
expectTypeOf(store.get('n/x')).toEqualTypeOf<Entry<Pod> | undefined>()
expectTypeOf(store.list()).toEqualTypeOf<readonly Entry<Pod>[]>()
expectTypeOf(store.list()[0]?.object).toEqualTypeOf<Pod | undefined>()
expectTypeOf(store).toExtend<ReflectorStore<Pod>>()

store.subscribe((update) => {
  expectTypeOf(update).toEqualTypeOf<StoreUpdate<Pod>>()
  for (const change of update.changes) {
    expectTypeOf(change.entry).toEqualTypeOf<Entry<Pod>>()
    if (change.type === 'updated') expectTypeOf(change.previous).toEqualTypeOf<Entry<Pod>>()
    // @ts-expect-error: only an update has a previous state.
    else change.previous
  }
})

// The members of an entry are read-only.
declare const entry: Entry<Pod>
// @ts-expect-error
entry.key = 'x'
// @ts-expect-error
entry.object = { metadata: {} }

// Source, store and expected type have the same type of objects.
const pods = new ListWatch(client, Pod)
expectTypeOf(pods).toExtend<ListerWatcher<Pod>>()
expectTypeOf(new Reflector(pods, store, { expectedType: Pod })).toEqualTypeOf<Reflector<Pod>>()
new Reflector(pods, store, { expectedType: v.looseObject({ kind: v.literal('Pod') }) })
// @ts-expect-error: a store of pods does not accept nodes.
new Reflector<Pod>(new ListWatch(client, Node), store)
// @ts-expect-error: nodes do not match the expected type of pods.
new Reflector(pods, store, { expectedType: Node })

// An untyped resource works with all parts.
const Widget = defineResource({ version: 'v1', plural: 'widgets', kind: 'Widget' })
new Reflector(new ListWatch(client, Widget), new Store<KubeObject>())

// @ts-expect-error: a store keeps Kubernetes objects.
new Store<{ name: string }>()
// @ts-expect-error: an object without metadata has no key.
store.add({ kind: 'Pod' })
