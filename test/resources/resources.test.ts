import { expect, expectTypeOf, test } from 'vitest'
import type { KubeObject } from '../../src/meta/object'
import type { ObjectOf, Resource } from '../../src/meta/resource'
import { Deployment } from '../../src/resources/apps/v1'
import { Namespace, Pod } from '../../src/resources/core/v1'

test('Pod is a type and a Resource value under one name', () => {
  const pod: Pod = { metadata: { name: 'web' }, spec: { containers: [{ name: 'web', ports: [{ containerPort: 80, protocol: 'TCP' }] }] } }
  expect(Pod).toEqual({ group: '', version: 'v1', plural: 'pods', kind: 'Pod', scope: 'Namespaced' })
  expectTypeOf(pod).toExtend<KubeObject>()
  expectTypeOf(Pod).toEqualTypeOf<Resource<Pod>>()
  expectTypeOf<ObjectOf<typeof Pod>>().toEqualTypeOf<Pod>()
})

test('a group and a scope other than the usual are told', () => {
  expect(Deployment).toMatchObject({ group: 'apps', plural: 'deployments' })
  expect(Namespace).toMatchObject({ group: '', plural: 'namespaces', scope: 'Cluster' })
})

test('values that only a newer server knows are no type errors', () => {
  expectTypeOf<'FromTheFuture'>().toExtend<NonNullable<NonNullable<Pod['status']>['phase']>>()
  expectTypeOf<number>().not.toExtend<NonNullable<NonNullable<Pod['status']>['phase']>>()
})

test('quantities and times are the strings of the wire, int-or-string is either', () => {
  const { spec, metadata }: Deployment = {
    metadata: {},
    spec: { selector: {}, template: {}, strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: 1 } } },
  }
  expectTypeOf(spec?.template.spec?.containers[0]?.resources?.limits).toEqualTypeOf<Record<string, string> | undefined>()
  expectTypeOf(metadata.creationTimestamp).toEqualTypeOf<string | undefined>()
})
