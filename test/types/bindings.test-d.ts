import type { Entry } from 'kubeflect'
import { createInformer, createView, type KubeClient, keyed, type ViewSnapshot } from 'kubeflect'
import { createLive, type LiveList, type LiveObject } from 'kubeflect/live'
import * as react from 'kubeflect/react'
import { type Node, Pod } from 'kubeflect/resources/core/v1'
import * as solid from 'kubeflect/solid'
import * as svelte from 'kubeflect/svelte'
import * as vue from 'kubeflect/vue'
import { expectTypeOf } from 'vitest'
import type { ShallowRef } from 'vue'

declare const client: KubeClient
const live = createLive(client)
const pods = createInformer(client, Pod)
const running = keyed('running', (pod: Entry<Pod>) => pod.object.status?.phase === 'Running')
const ofNodes = keyed('ready', (node: Entry<Node>) => node.object.spec?.unschedulable !== true)

// The rows have the type of the resource, and requests do not widen it.
expectTypeOf(react.useList(Pod, { view: { filter: { where: running } } })).toEqualTypeOf<LiveList<Pod>>()
expectTypeOf(react.useSuspenseList(Pod)).toEqualTypeOf<LiveList<Pod>>()
expectTypeOf(vue.useList(Pod, () => ({ view: { filter: { where: running } } }))).toEqualTypeOf<Readonly<ShallowRef<LiveList<Pod>>>>()
expectTypeOf(svelte.useList(Pod, () => ({ view: { filter: { where: running } } }))).toEqualTypeOf<svelte.Current<LiveList<Pod>>>()
expectTypeOf(solid.useList(Pod, () => ({ view: { filter: { where: running } } }))()).toEqualTypeOf<LiveList<Pod>>()
// @ts-expect-error a function for nodes
react.useList(Pod, { view: { filter: { where: ofNodes } } })
// @ts-expect-error a function for nodes
vue.useList(Pod, { view: { filter: { where: ofNodes } } })
// @ts-expect-error a function for nodes
svelte.useList(Pod, () => ({ view: { filter: { where: ofNodes } } }))
// @ts-expect-error a function for nodes
solid.useList(Pod, () => ({ view: { filter: { where: ofNodes } } }))
// @ts-expect-error not a part of a request
react.useList(Pod, { limit: 50 })

// Without a name nothing is requested.
expectTypeOf(react.useObject(Pod, undefined)).toEqualTypeOf<LiveObject<Pod>>()
expectTypeOf(vue.useObject(Pod, () => undefined).value).toEqualTypeOf<LiveObject<Pod>>()
expectTypeOf(svelte.useObject(Pod, () => undefined).current).toEqualTypeOf<LiveObject<Pod>>()
expectTypeOf(solid.useObject(Pod, () => undefined)()).toEqualTypeOf<LiveObject<Pod>>()
// @ts-expect-error an object has a name
react.useObject(Pod, { namespace: 'shop' })

expectTypeOf(react.useView(pods)).toEqualTypeOf<ViewSnapshot<Pod>>()
expectTypeOf(react.useView(pods.indexer, { filter: { where: running } })).toEqualTypeOf<ViewSnapshot<Pod>>()
expectTypeOf(vue.useView(pods).value).toEqualTypeOf<ViewSnapshot<Pod>>()
expectTypeOf(svelte.useView(pods).current).toEqualTypeOf<ViewSnapshot<Pod>>()
expectTypeOf(solid.useView(pods)()).toEqualTypeOf<ViewSnapshot<Pod>>()

// A readable is a view, a list, an object or an answer; `select` gives its own type.
expectTypeOf(react.useReadable(createView(pods.indexer))).toEqualTypeOf<ViewSnapshot<Pod>>()
expectTypeOf(react.useReadable(live.list(Pod), ({ total }) => total)).toEqualTypeOf<number>()
expectTypeOf(react.useReadable(live.can('delete', Pod))).toEqualTypeOf<boolean | undefined>()
expectTypeOf(react.useAccess('delete', Pod)).toEqualTypeOf<boolean | undefined>()
expectTypeOf(react.useRelated(undefined, Pod)).toEqualTypeOf<LiveList<Pod>>()
