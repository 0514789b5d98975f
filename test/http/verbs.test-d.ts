import { expectTypeOf } from 'vitest'
import type { KubeList, KubeObject, Status } from '../../src/api/object'
import { defineResource } from '../../src/api/resource'
import type { KubeClient } from '../../src/http/client'
import type { Scale } from '../../src/http/subresources'
import { Deployment } from '../../src/resources/apps/v1'
import { ConfigMap, Pod } from '../../src/resources/core/v1'

declare const client: KubeClient
declare const deployment: Deployment
declare const scale: Scale
const shop = { namespace: 'shop' }
const name = { metadata: { name: 'a' } }

// What is sent and what comes back is of the resource's type, or of the subresource's.
expectTypeOf(client.create(ConfigMap, { ...name, data: { k: 'v' } })).resolves.toEqualTypeOf<ConfigMap>()
expectTypeOf(client.replace(Deployment, deployment)).resolves.toEqualTypeOf<Deployment>()
expectTypeOf(client.replace(Deployment, deployment, { subresource: 'status' })).resolves.toEqualTypeOf<Deployment>()
expectTypeOf(client.replace(Deployment, scale, { subresource: 'scale' })).resolves.toEqualTypeOf<Scale>()
expectTypeOf(client.get(Deployment, 'a', { ...shop, subresource: 'scale' })).resolves.toEqualTypeOf<Scale>()
expectTypeOf(client.get(Deployment, 'a', shop)).resolves.toEqualTypeOf<Deployment>()
expectTypeOf(client.create(Pod, name, { ...shop, subresource: 'eviction' })).resolves.toEqualTypeOf<Status>()
expectTypeOf(client.delete(Pod, 'a', shop)).resolves.toEqualTypeOf<Pod | Status>()
expectTypeOf(client.deleteCollection(Pod, shop)).resolves.toEqualTypeOf<KubeList<Pod> | Status>()
expectTypeOf(
  client.patch(defineResource({ version: 'v1', plural: 'things', kind: 'Thing' }), 'a', { json: [] }),
).resolves.toEqualTypeOf<KubeObject>()

// An apply has the fields it cares about, however deep, and a name.
expectTypeOf(
  client.apply(Deployment, { ...name, spec: { template: { spec: { containers: [{ name: 'web' }] } } } }, { fieldManager: 'me' }),
).resolves.toEqualTypeOf<Deployment>()

// @ts-expect-error a config map has no spec
void client.create(ConfigMap, { ...name, spec: {} })
// @ts-expect-error the subresource takes a scale
void client.replace(Deployment, deployment, { subresource: 'scale' })
// @ts-expect-error who applies must say who it is
void client.apply(ConfigMap, name, shop)
// @ts-expect-error what is applied has a name
void client.apply(ConfigMap, { metadata: { generateName: 'a' } }, { fieldManager: 'me' })
// @ts-expect-error there is one kind of dry run
void client.create(ConfigMap, name, { dryRun: true })
// @ts-expect-error there is no such policy
void client.delete(ConfigMap, 'a', { ...shop, propagationPolicy: 'Never' })
// @ts-expect-error data are text
void client.patch(ConfigMap, 'a', { merge: { data: { k: 1 } } }, shop)
// @ts-expect-error a move says where from
void client.patch(ConfigMap, 'a', { json: [{ op: 'move', path: '/data/k' }] }, shop)
// @ts-expect-error a log is of a pod in a namespace
void client.logs({ name: 'a' })
void client.patch(ConfigMap, 'a', { merge: { data: { k: null }, metadata: { labels: null } } }, shop)
void client.patch(Pod, 'a', { strategic: { spec: { containers: [{ name: 'web', $patch: 'delete' }], $retainKeys: ['containers'] } } }, shop)
