import type { KubeObject } from './object'
import type { InferSchema, StandardSchemaV1 } from './standard-schema'

/**
 * A resource is a value: where its objects live and what they are called. The generated ones
 * (`kubeflect/resources/core/v1`, …) share their name with the type of the object; {@link defineResource} makes others.
 */
export interface Resource<T extends KubeObject = KubeObject> {
  /** API group; the empty string is the core group. */
  readonly group: string
  readonly version: string
  /** The plural in the URL, lower case: `pods`. */
  readonly plural: string
  /** As in the objects: `Pod`. */
  readonly kind: string
  readonly scope: ResourceScope
  /** Checks and types the objects; any Standard Schema. */
  readonly schema?: StandardSchemaV1<unknown, T> | undefined
  /** Carries the type of the objects; never set. */
  readonly '~object'?: T
}

/** Whether a resource's objects live in namespaces. */
export type ResourceScope = 'Namespaced' | 'Cluster'

/** The object type of a resource: `ObjectOf<typeof Pod>` is `Pod`. */
export type ObjectOf<R> = R extends Resource<infer T> ? T : never

/** What {@link defineResource} takes. */
export interface ResourceDefinition<S extends StandardSchemaV1 | undefined = undefined> {
  /** API group, such as `example.com`; leave out for the core group. */
  group?: string
  version: string
  /** The plural in the URL, lower case: `widgets`. */
  plural: string
  kind: string
  /** Default `'Namespaced'`. */
  scope?: ResourceScope
  /** Any Standard Schema; the type of the objects is inferred from it. */
  schema?: S
}

/**
 * Describes a resource the library has no type for, such as a custom resource: no generator needed.
 *
 * @throws TypeError when `plural`, `version` or `kind` could not be part of a URL or a kind.
 * @example
 * ```ts
 * const Widget = defineResource({
 *   group: 'example.com', version: 'v1', plural: 'widgets', kind: 'Widget',
 *   schema: v.looseObject({ spec: v.object({ size: v.number() }) }),
 * })
 * ```
 */
export function defineResource<S extends StandardSchemaV1>(
  definition: ResourceDefinition<S> & { schema: S },
): Resource<KubeObject & InferSchema<S>>
export function defineResource<T extends KubeObject = KubeObject>(definition: ResourceDefinition): Resource<T>
export function defineResource({
  group = '',
  version,
  plural,
  kind,
  scope = 'Namespaced',
  schema,
}: ResourceDefinition<StandardSchemaV1 | undefined>): Resource {
  if (!/^v[a-z0-9]+$/.test(version)) throw new TypeError(`defineResource: version must look like v1 or v1beta1, not ${quote(version)}`)
  if (!/^[a-z][a-z0-9-]*$/.test(plural))
    throw new TypeError(`defineResource: plural must be lower case, as in the URL (widgets), not ${quote(plural)}`)
  if (!/^[A-Z][A-Za-z0-9]*$/.test(kind))
    throw new TypeError(`defineResource: kind must be in upper camel case (Widget), not ${quote(kind)}`)
  if (!/^[a-z0-9.-]*$/.test(group)) throw new TypeError(`defineResource: group must be a DNS name or empty, not ${quote(group)}`)
  return { group, version, plural, kind, scope, ...(schema && { schema: schema as StandardSchemaV1<unknown, KubeObject> }) }
}

/** The `apiVersion` of a resource's objects: `v1`, `apps/v1`. */
export function apiVersionOf({ group, version }: Pick<Resource, 'group' | 'version'>): string {
  return group ? `${group}/${version}` : version
}

/** How a resource is written for people and in keys: `pods`, `deployments.apps`. */
export function resourceName({ group, plural }: Pick<Resource, 'group' | 'plural'>): string {
  return group ? `${plural}.${group}` : plural
}

/**
 * The path of a collection, or of one object in it, below a server's base URL; no leading slash.
 *
 * @throws TypeError when a namespace is given for a cluster-scoped resource, or a name without the namespace it needs.
 */
export function resourcePath(
  resource: Resource,
  { namespace, name }: { namespace?: string | undefined; name?: string | undefined } = {},
): string {
  if (namespace && resource.scope === 'Cluster') {
    throw new TypeError(`${resourceName(resource)} is cluster-scoped: leave out the namespace ${quote(namespace)}`)
  }
  if (name !== undefined && !namespace && resource.scope === 'Namespaced') {
    throw new TypeError(`${resourceName(resource)} is namespaced: say in which namespace ${quote(name)} is`)
  }
  if (name === '') throw new TypeError(`${resourceName(resource)}: the name is empty`)
  for (const part of [namespace, name]) {
    // In a URL these are steps to another resource.
    if (part === '.' || part === '..') throw new TypeError(`${resourceName(resource)}: nothing can be called ${quote(part)}`)
  }
  return [
    resource.group ? `apis/${resource.group}` : 'api',
    resource.version,
    ...(namespace ? ['namespaces', encodeURIComponent(namespace)] : []),
    resource.plural,
    ...(name === undefined ? [] : [encodeURIComponent(name)]),
  ].join('/')
}

const quote = (value: unknown): string => JSON.stringify(value) ?? String(value)
