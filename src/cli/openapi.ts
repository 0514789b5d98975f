// The parts of an API server's OpenAPI v3 that describe its objects and their paths.

import { KubeError } from '../api/errors'
import { nameOfStep } from '../api/json-pointer'
import { pathSegmentProblem, shown } from '../api/path-segment'
import { apiVersionOf, type ResourceScope } from '../api/resource'

/** One version of a group. */
export interface GroupVersion {
  /** The group; the empty string is the core group. */
  readonly group: string
  readonly version: string
}

/** The document of one version of a group. */
export interface OpenApi {
  readonly components?: { readonly schemas?: Schemas }
  readonly paths?: Readonly<Record<string, { readonly get?: Operation; readonly post?: Operation }>>
}

/** Schemas by name, such as `io.k8s.api.core.v1.Pod`. */
export type Schemas = Readonly<Record<string, Schema>>

/** An operation of a path, with the kind it applies to. */
export interface Operation {
  readonly 'x-kubernetes-action'?: string
  readonly 'x-kubernetes-group-version-kind'?: GroupVersionKind
}

/** The identity of a kind. */
export interface GroupVersionKind extends GroupVersion {
  readonly kind: string
}

/** The used members of JSON Schema, with Kubernetes' extensions. */
export interface Schema {
  readonly $ref?: string
  readonly allOf?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly description?: string
  readonly type?: string
  readonly nullable?: boolean
  readonly enum?: readonly unknown[]
  readonly items?: Schema
  readonly properties?: Schemas
  readonly additionalProperties?: Schema | boolean
  readonly required?: readonly string[]
  readonly 'x-kubernetes-int-or-string'?: boolean
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean
  readonly 'x-kubernetes-embedded-resource'?: boolean
  readonly 'x-kubernetes-group-version-kind'?: readonly GroupVersionKind[]
}

/** A kind with a collection, which becomes a resource. */
export interface ServedKind extends GroupVersionKind {
  readonly plural: string
  readonly scope: ResourceScope
  /** Whether its objects can be listed; reviews, for example, can only be created. */
  readonly listable: boolean
  /** The name of its schema; undefined when the server publishes none. */
  readonly schema: string | undefined
}

const SCHEMAS = '#/components/schemas/'

/**
 * Returns the name of the schema that `schema` merely refers to.
 *
 * @throws KubeError when the reference does not point to a schema of the document.
 */
export function referenceOf({ $ref, allOf }: Schema): string | undefined {
  const ref = $ref ?? (allOf?.length === 1 ? allOf[0]?.$ref : undefined)
  if (ref === undefined) return undefined
  const name = ref.startsWith(SCHEMAS) ? nameInUrl(ref.slice(SCHEMAS.length)) : undefined
  if (name === undefined) throw new KubeError(`the OpenAPI refers to ${shown(ref)}, which is not one of its schemas (${SCHEMAS}…)`)
  return name
}

/** Decodes one step of a JSON pointer in a URL (RFC 6901); undefined when it is not a single step. */
function nameInUrl(step: string): string | undefined {
  try {
    return step.includes('/') ? undefined : nameOfStep(decodeURIComponent(step))
  } catch {
    return undefined
  }
}

/** Returns every schema that `schema` refers to directly. */
export function referencesOf(schema: Schema): string[] {
  const own = referenceOf(schema)
  const { properties = {}, items, additionalProperties, anyOf = [], oneOf = [] } = schema
  const parts = [...Object.values(properties), items, additionalProperties, ...anyOf, ...oneOf]
  return [...(own ? [own] : []), ...parts.flatMap((part) => (typeof part === 'object' ? referencesOf(part) : []))]
}

/**
 * Returns the kinds of one version of a group that have a collection, by name; subresources have none.
 *
 * @throws KubeError when a plural cannot be part of a path.
 */
export function servedKinds({ paths = {}, components }: OpenApi, { group, version }: GroupVersion): ServedKind[] {
  const found = new Map<string, ServedKind>()
  for (const [path, { get, post }] of Object.entries(paths)) {
    const operation = get?.['x-kubernetes-action'] === 'list' ? get : post?.['x-kubernetes-action'] === 'post' ? post : undefined
    const gvk = operation?.['x-kubernetes-group-version-kind']
    if (gvk?.group !== group || gvk.version !== version || path.includes('{name}')) continue
    const { kind } = gvk
    const plural = path.slice(path.lastIndexOf('/') + 1)
    const problem = pathSegmentProblem(plural)
    if (problem) throw new KubeError(`the OpenAPI of ${apiVersionOf(gvk)} has a kind ${shown(kind)} whose plural ${problem}`)
    const known = found.get(kind)
    found.set(kind, {
      ...{ group, version, kind, plural },
      scope: known?.scope === 'Namespaced' || path.includes('/namespaces/{namespace}/') ? 'Namespaced' : 'Cluster',
      listable: known?.listable || operation === get,
      schema: known?.schema ?? schemaNameOf(components?.schemas ?? {}, gvk),
    })
  }
  return [...found.values()].sort((a, b) => (a.kind < b.kind ? -1 : 1))
}

function schemaNameOf(schemas: Schemas, { group, version, kind }: GroupVersionKind): string | undefined {
  const isIt = (gvk: GroupVersionKind) => gvk.group === group && gvk.version === version && gvk.kind === kind
  return Object.entries(schemas).find(([, schema]) => schema['x-kubernetes-group-version-kind']?.some(isIt))?.[0]
}
