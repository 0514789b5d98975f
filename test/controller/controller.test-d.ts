import { expectTypeOf } from 'vitest'
import type { KubeObject } from '../../src/api/object'
import { Controller, type ReconcileResult } from '../../src/controller/controller'
import { ownerKeys } from '../../src/controller/owner-keys'
import type { SharedInformer } from '../../src/informer/shared-informer'
import { Deployment } from '../../src/resources/apps/v1'
import type { ConfigMap, Pod } from '../../src/resources/core/v1'

declare const deployments: SharedInformer<Deployment>
declare const pods: SharedInformer<Pod, 'node'>
declare const settings: SharedInformer<ConfigMap>

// Each watch's function is given objects of its own informer, without a word from the user.
const controller: Controller = new Controller({
  informer: deployments,
  watches: [
    { informer: pods, keys: ownerKeys(Deployment) },
    {
      informer: settings,
      keys: (configMap) => {
        expectTypeOf(configMap).toEqualTypeOf<ConfigMap>()
        return new Set<string>()
      },
    },
    {
      informer: pods,
      keys: (pod) => {
        expectTypeOf(pod).toEqualTypeOf<Pod>()
        return [pod.spec?.nodeName ?? '']
      },
    },
  ],
  reconcile: async (key, { signal }) => {
    expectTypeOf(key).toEqualTypeOf<string>()
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
  },
})
expectTypeOf(controller.queue.stats.depth).toEqualTypeOf<number>()

// A list of watches made at run time.
new Controller({
  informer: pods,
  watches: [deployments, settings].map((informer) => ({ informer, keys: ({ metadata }: KubeObject) => [metadata.name ?? ''] })),
  reconcile: async () => {},
})

// A reconciler may ask to be called again, on some ways out only too.
new Controller({ informer: pods, reconcile: async (): Promise<ReconcileResult> => ({ requeueAfterMs: 1000 }) })
new Controller({
  informer: pods,
  reconcile: async (key) => {
    if (key) return { requeueAfterMs: 1000 }
  },
})
// @ts-expect-error a duration has its unit in its name
new Controller({ informer: pods, reconcile: async () => ({ requeueAfter: 1 }) })
// @ts-expect-error keys are strings
new Controller({ informer: pods, watches: [{ informer: pods, keys: () => [1] }], reconcile: async () => {} })
// @ts-expect-error there is nothing to reconcile
new Controller({ reconcile: async () => {} })
