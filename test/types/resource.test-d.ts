import { defineResource, type KubeClient, type KubeObject, type ObjectMeta, type ObjectOf, type Resource } from 'kubeflect'
import { Pod } from 'kubeflect/resources/core/v1'
import * as v from 'valibot'
import { expectTypeOf } from 'vitest'

declare const client: KubeClient

// The type of a custom resource's objects is inferred from its schema.
const Widget = defineResource({
  group: 'example.com',
  version: 'v1',
  plural: 'widgets',
  kind: 'Widget',
  schema: v.looseObject({ spec: v.object({ size: v.number(), tags: v.optional(v.array(v.string())) }) }),
})
type Widget = ObjectOf<typeof Widget>
expectTypeOf<Widget['spec']['size']>().toEqualTypeOf<number>()
expectTypeOf<Widget['spec']['tags']>().toEqualTypeOf<string[] | undefined>()
expectTypeOf<Widget['metadata']['name']>().toEqualTypeOf<string | undefined>()
expectTypeOf<Widget>().toExtend<KubeObject>()

// A schema may refine metadata.
const Named = defineResource({
  version: 'v1',
  plural: 'nameds',
  kind: 'Named',
  schema: v.looseObject({ metadata: v.looseObject({ name: v.string() }) }),
})
expectTypeOf<ObjectOf<typeof Named>['metadata']['name']>().toEqualTypeOf<string>()

// The type is the output of the schema, not its input.
const Transformed = defineResource({
  version: 'v1',
  plural: 'xs',
  kind: 'X',
  schema: v.looseObject({ size: v.pipe(v.string(), v.transform(Number)) }),
})
expectTypeOf<ObjectOf<typeof Transformed>['size']>().toEqualTypeOf<number>()

// Without a schema nothing is inferred; a type argument sets the type.
const Plain = defineResource({ version: 'v1', plural: 'plains', kind: 'Plain' })
expectTypeOf(Plain).toEqualTypeOf<Resource<KubeObject>>()
interface Typed extends KubeObject {
  spec: { replicas: number }
}
expectTypeOf(defineResource<Typed>({ version: 'v1', plural: 'typeds', kind: 'Typed' })).toEqualTypeOf<Resource<Typed>>()

// A resource shares its name with the type of its objects.
expectTypeOf(Pod).toEqualTypeOf<Resource<Pod>>()
expectTypeOf<ObjectOf<typeof Pod>>().toEqualTypeOf<Pod>()
expectTypeOf<Pod['metadata']>().toEqualTypeOf<ObjectMeta>()
expectTypeOf<ObjectOf<string>>().toBeNever()

// Resources of different objects are different types.
expectTypeOf(Widget).not.toExtend<Resource<Pod>>()
expectTypeOf(Pod).not.toExtend<Resource<Typed>>()

// A read returns the type of the resource.
expectTypeOf(client.get(Pod, 'x', { namespace: 'n' })).resolves.toEqualTypeOf<Pod>()
expectTypeOf(client.get(Widget, 'x', { namespace: 'n' })).resolves.toHaveProperty('spec')
expectTypeOf(client.list(Pod)).resolves.toHaveProperty('items').toEqualTypeOf<Pod[]>()

// @ts-expect-error: a scope is 'Namespaced' or 'Cluster'.
defineResource({ version: 'v1', plural: 'xs', kind: 'X', scope: 'Global' })
// @ts-expect-error: the kind is needed.
defineResource({ version: 'v1', plural: 'xs' })
