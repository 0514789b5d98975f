import { expect, expectTypeOf, test } from 'vitest'
import type { KubeObject } from '../../src/api/object'
import { apiVersionOf, defineResource, type ObjectOf, type Resource } from '../../src/api/resource'
import { CustomResourceDefinition } from '../../src/resources/apiextensions.k8s.io/v1'
import { Deployment } from '../../src/resources/apps/v1'
import { HorizontalPodAutoscaler } from '../../src/resources/autoscaling/v2'
import { CronJob } from '../../src/resources/batch/v1'
import { Namespace, Pod } from '../../src/resources/core/v1'
import type { LabelSelector } from '../../src/resources/meta/v1'
import { Ingress, NetworkPolicy } from '../../src/resources/networking.k8s.io/v1'
import { ClusterRole } from '../../src/resources/rbac.authorization.k8s.io/v1'
import { importResources } from './modules.ts'

test('Pod is a type and a Resource value under one name', () => {
  const pod: Pod = { metadata: { name: 'web' }, spec: { containers: [{ name: 'web', ports: [{ containerPort: 80, protocol: 'TCP' }] }] } }
  expect(Pod).toEqual({ group: '', version: 'v1', plural: 'pods', kind: 'Pod', scope: 'Namespaced' })
  expectTypeOf(pod).toExtend<KubeObject>()
  expectTypeOf(Pod).toEqualTypeOf<Resource<Pod>>()
  expectTypeOf<ObjectOf<typeof Pod>>().toEqualTypeOf<Pod>()
})

test('a resource carries its group and a scope other than Namespaced', () => {
  expect(Deployment).toMatchObject({ group: 'apps', plural: 'deployments' })
  expect(Namespace).toMatchObject({ group: '', plural: 'namespaces', scope: 'Cluster' })
})

test('each module exports the resources of one group and version under the names of their kinds, as defineResource creates them', async () => {
  const modules = await importResources()
  expect(modules.size).toBeGreaterThan(25)
  for (const [path, resources] of modules) {
    for (const [name, resource] of Object.entries(resources)) {
      expect(resource.kind).toBe(name)
      expect(resource.group ? `${apiVersionOf(resource)}.ts` : `core/${resource.version}.ts`).toBe(path)
      const { group, version, plural, kind, scope } = resource
      expect(defineResource({ group, version, plural, kind, scope })).toEqual(resource)
    }
  }
})

test('values of newer servers are not type errors', () => {
  expectTypeOf<'FromTheFuture'>().toExtend<NonNullable<NonNullable<Pod['status']>['phase']>>()
  expectTypeOf<number>().not.toExtend<NonNullable<NonNullable<Pod['status']>['phase']>>()
})

test('quantities and times are strings as on the wire, and int-or-string is a union', () => {
  const { spec, metadata }: Deployment = {
    metadata: {},
    spec: { selector: {}, template: {}, strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: 1 } } },
  }
  expectTypeOf(spec?.template.spec?.containers[0]?.resources?.limits).toEqualTypeOf<{ [key: string]: string } | undefined>()
  expectTypeOf(metadata.creationTimestamp).toEqualTypeOf<string | undefined>()
})

test('modules share the types that several of them use', () => {
  expectTypeOf<NonNullable<Deployment['spec']>['selector']>().toEqualTypeOf<LabelSelector>()
  expectTypeOf<NetworkPolicy['spec']>().extract<object>().toHaveProperty('podSelector').toEqualTypeOf<LabelSelector | undefined>()
})

test('object literals match the types, and mistakes in them do not compile', () => {
  const metadata = { name: 'web', namespace: 'shop' }
  const containers = [{ name: 'web', image: 'web:1', env: [{ name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }] }]
  const objects = [
    {
      metadata,
      spec: { schedule: '*/5 * * * *', jobTemplate: { spec: { template: { spec: { containers, restartPolicy: 'OnFailure' } } } } },
    } satisfies CronJob,
    {
      metadata,
      spec: {
        rules: [
          {
            host: 'shop.test',
            http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }] },
          },
        ],
      },
    } satisfies Ingress,
    {
      metadata,
      spec: { podSelector: {}, ingress: [{ from: [{ namespaceSelector: {} }], ports: [{ port: 'http' }, { port: 80, endPort: 90 }] }] },
    } satisfies NetworkPolicy,
    {
      metadata: { name: 'reader' },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] }],
    } satisfies ClusterRole,
    {
      metadata,
      spec: {
        scaleTargetRef: { kind: 'Deployment', name: 'web' },
        maxReplicas: 3,
        metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }],
      },
    } satisfies HorizontalPodAutoscaler,
    {
      metadata: { name: 'widgets.example.com' },
      spec: {
        group: 'example.com',
        names: { plural: 'widgets', kind: 'Widget' },
        scope: 'Namespaced',
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: { type: 'object', additionalProperties: true, properties: { tags: { items: [{ type: 'string' }] } } },
            },
          },
        ],
      },
    } satisfies CustomResourceDefinition,
  ]
  expect(objects).toHaveLength(6)
  // @ts-expect-error A container has a name.
  void ({ metadata, spec: { containers: [{ image: 'web:1' }] } } satisfies Pod)
  // @ts-expect-error There is no such field.
  void ({ metadata, rules: [{ verbs: [], resource: 'pods' }] } satisfies ClusterRole)
  expect(
    [CronJob, Ingress, NetworkPolicy, ClusterRole, HorizontalPodAutoscaler, CustomResourceDefinition].map(({ plural }) => plural),
  ).toEqual(['cronjobs', 'ingresses', 'networkpolicies', 'clusterroles', 'horizontalpodautoscalers', 'customresourcedefinitions'])
})
