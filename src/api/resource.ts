// Resources: the group, version, names and scope that requests and keys are made from.

import type { KubeObject } from './object'
import { pathSegment, shown } from './path-segment'
import type { InferSchema, StandardSchemaV1 } from './standard-schema'

/**
 * A resource: its API group and version, its names, and the type of its objects. The generated resources (`kubeflect/resources/core/v1`, …)
 * share their name with the type of the object; {@link defineResource} makes others.
 */
export interface Resource<T extends KubeObject = KubeObject> {
  /** API group; the empty string is the core group. */
  readonly group: string
  readonly version: string
  /** The plural in the URL, lower case: `pods`. */
  readonly plural: string
  /** The kind of the objects: `Pod`. */
  readonly kind: string
  readonly scope: ResourceScope
  /** Validates and types the objects; any Standard Schema. */
  readonly schema?: StandardSchemaV1<unknown, T> | undefined
  /** Carries the object type; never set at run time. */
  readonly '~object'?: T
}

/** Whether a resource's objects live in namespaces. */
export type ResourceScope = 'Namespaced' | 'Cluster'

/** The object type of a resource: `ObjectOf<typeof Pod>` is `Pod`. */
export type ObjectOf<R> = R extends Resource<infer T> ? T : never

/** The members of a resource that {@link defineResource} creates. */
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
 * Defines a resource that the library has no type for, such as a custom resource, without a code generator. Applies the API server's own
 * rules for custom resources: version, plural and the lower-cased kind are DNS-1035 labels; the group is a DNS subdomain or empty.
 *
 * @throws TypeError naming the member that is missing or that the API server would reject.
 * @see apiextensions-apiserver `validation.ValidateCustomResourceDefinitionNames`
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
export function defineResource(definition: ResourceDefinition<StandardSchemaV1 | undefined>): Resource {
  if (!isRecord(definition))
    throw new TypeError(`defineResource: expected { group, version, plural, kind, scope }, got ${shown(definition)}`)
  const { group = '', version, plural, kind, scope = 'Namespaced', schema } = definition
  const refuse = (field: string, rule: string, value: unknown): never => {
    throw new TypeError(`defineResource: ${field} must be ${rule}, got ${shown(value)}`)
  }
  if (group !== '' && !isDnsSubdomain(group)) refuse('group', 'a DNS subdomain such as "example.com", or empty for the core group', group)
  if (!isDnsLabel(version)) refuse('version', `${DNS_LABEL_RULE} ("v1")`, version)
  if (!isDnsLabel(plural)) refuse('plural', `${DNS_LABEL_RULE}, as in the URL ("widgets")`, plural)
  if (typeof kind !== 'string' || !isDnsLabel(kind.toLowerCase())) refuse('kind', `${DNS_LABEL_RULE} when lower-cased ("Widget")`, kind)
  if (scope !== 'Namespaced' && scope !== 'Cluster') refuse('scope', '"Namespaced" or "Cluster"', scope)
  if (schema !== undefined && typeof schema?.['~standard']?.validate !== 'function') {
    refuse('schema', 'a Standard Schema, such as one of valibot or zod', schema)
  }
  return { group, version, plural, kind, scope, ...(schema && { schema: schema as StandardSchemaV1<unknown, KubeObject> }) }
}

const DNS_LABEL_RULE = "lower-case letters, digits and '-', begin with a letter, end with a letter or digit, and have at most 63 characters"

/** @see apimachinery `validation.IsDNS1035Label` */
const isDnsLabel = (value: unknown): boolean => typeof value === 'string' && /^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(value)

/** @see apimachinery `validation.IsDNS1123Subdomain` */
const isDnsSubdomain = (value: unknown): boolean =>
  typeof value === 'string' && value.length <= 253 && value.split('.').every((label) => /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(label))

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null

/**
 * Checks that a value can be used as a {@link Resource}: every member is present, and none can lead to another path. Does not apply the
 * name rules of {@link defineResource}, because aggregated API servers use other names.
 *
 * @throws TypeError naming the member that is missing or wrong.
 */
export function checkResource(resource: Resource): void {
  const given: unknown = resource
  if (!isRecord(given)) throw new TypeError(`expected a resource (${ADVICE}), got ${shown(given)}`)
  const missing = ['group', 'version', 'plural', 'kind', 'scope'].filter((member) => typeof given[member] !== 'string')
  // Quotes only the member names: the value may be an object of the cluster, passed by mistake.
  if (missing.length > 0) throw new TypeError(`the resource { ${Object.keys(given).join(', ')} } has no ${missing.join(', ')}: ${ADVICE}`)
  groupVersionPath(resource)
  pathSegment(resource.plural, "the resource's plural")
}

const ADVICE = 'use one of kubeflect/resources, defineResource(…) or discovery'

/** Returns the `apiVersion` of a resource's objects: `v1`, `apps/v1`. */
export function apiVersionOf({ group, version }: Pick<Resource, 'group' | 'version'>): string {
  return group ? `${group}/${version}` : version
}

/** Returns the short name of a resource for messages and keys: `pods`, `deployments.apps`. */
export function resourceName({ group, plural }: Pick<Resource, 'group' | 'plural'>): string {
  return group ? `${plural}.${group}` : plural
}

/**
 * Returns the path of one version of a group below a server's base URL: `api/v1`, `apis/apps/v1`.
 *
 * @throws TypeError as {@link pathSegment} does.
 */
export function groupVersionPath({ group, version }: Pick<Resource, 'group' | 'version'>): string {
  return `${group === '' ? 'api' : `apis/${pathSegment(group, "the resource's group")}`}/${pathSegment(version, "the resource's version")}`
}

/**
 * Returns the path of a collection, or of one object in it, below a server's base URL, without a leading slash. Checks every segment with
 * {@link pathSegment}.
 *
 * @throws TypeError when a part of the resource, the namespace or the name cannot be a path segment; when a namespace is given for a
 *   cluster-scoped resource; when a namespaced object is named without its namespace.
 */
export function resourcePath(
  resource: Resource,
  { namespace, name }: { namespace?: string | undefined; name?: string | undefined } = {},
): string {
  checkResource(resource)
  const hasNamespace = namespace !== undefined && namespace !== ''
  const what = resourceName(resource)
  const path = [groupVersionPath(resource)]
  if (hasNamespace) {
    const segment = pathSegment(namespace, `${what}: the namespace`)
    if (resource.scope === 'Cluster') throw new TypeError(`${what} is cluster-scoped: leave out the namespace ${shown(namespace)}`)
    path.push('namespaces', segment)
  }
  path.push(pathSegment(resource.plural, "the resource's plural"))
  if (name !== undefined) {
    const segment = pathSegment(name, `${what}: the name`)
    if (!hasNamespace && resource.scope === 'Namespaced') {
      throw new TypeError(`${what} is namespaced: say in which namespace ${shown(name)} is`)
    }
    path.push(segment)
  }
  return path.join('/')
}
