import type { KubeClient, KubeObject, ReflectorStatus } from 'kubeflect'
import { Pod } from 'kubeflect/resources/core/v1'
import { expectTypeOf } from 'vitest'
import { createInformer } from '../../src/informer/create-informer'
import { SharedInformerFactory } from '../../src/informer/factory'
import { eachAllowed } from '../../src/informer/namespaces/each-allowed'
import type { SharedInformer } from '../../src/informer/shared-informer'

declare const client: KubeClient

// An informer that makes do with namespaces is an informer like any other.
const pods = createInformer(client, Pod, { namespaces: eachAllowed(['shop']), indexers: { node: () => [] } })
expectTypeOf(pods).toEqualTypeOf<SharedInformer<Pod, 'node'>>()
expectTypeOf(pods.status.namespaces).toEqualTypeOf<ReadonlyMap<string, ReflectorStatus> | undefined>()
pods.waitForResourceVersion('1', { namespace: 'shop' })
expectTypeOf(new SharedInformerFactory(client, { namespaces: eachAllowed() }).informer(Pod)).toExtend<SharedInformer<KubeObject & Pod>>()
// @ts-expect-error: which namespaces is said by a list of their names.
createInformer(client, Pod, { namespaces: eachAllowed('shop') })
