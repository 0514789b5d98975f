// The parts of an API server's OpenAPI v3 that say what its objects look like, and where they live.

/** The document of one group and version. */
export interface OpenApi {
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
  readonly paths: Readonly<Record<string, { readonly get?: Operation }>>
}

/** A GET; the API server says what it reads. */
interface Operation {
  readonly 'x-kubernetes-action'?: string
  readonly 'x-kubernetes-group-version-kind'?: GroupVersionKind
}

/** What names a kind. */
export interface GroupVersionKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

/** What the API server uses of JSON Schema. */
export interface Schema {
  readonly $ref?: string
  readonly allOf?: readonly Schema[]
  readonly description?: string
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean'
  readonly enum?: readonly string[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema
  readonly required?: readonly string[]
}

/** The name of the schema that `schema` only refers to, such as `io.k8s.api.core.v1.Pod`. */
export function referenceOf({ $ref, allOf }: Schema): string | undefined {
  const ref = $ref ?? (allOf?.length === 1 ? allOf[0]?.$ref : undefined)
  return ref?.slice(ref.lastIndexOf('/') + 1)
}

/** Every schema that `schema` refers to, directly. */
export function referencesOf(schema: Schema): string[] {
  const own = referenceOf(schema)
  const parts = [...Object.values(schema.properties ?? {}), schema.items, schema.additionalProperties]
  return [...(own ? [own] : []), ...parts.flatMap((part) => (part ? referencesOf(part) : []))]
}

/**
 * Where the objects of a kind live.
 *
 * @throws Error when the API server does not list that kind.
 */
export function findCollection(
  { paths }: OpenApi,
  { group, version, kind }: GroupVersionKind,
): { plural: string; scope: 'Namespaced' | 'Cluster' } {
  const collections = Object.entries(paths).flatMap(([path, { get }]) => {
    const gvk = get?.['x-kubernetes-group-version-kind']
    const isIt = get?.['x-kubernetes-action'] === 'list' && gvk?.group === group && gvk.version === version && gvk.kind === kind
    return isIt ? [path] : []
  })
  const [path] = collections
  if (!path) throw new Error(`${group || 'core'}/${version} has no list of ${kind}`)
  const scope = collections.some((path) => path.includes('/namespaces/{namespace}/')) ? 'Namespaced' : 'Cluster'
  return { plural: path.slice(path.lastIndexOf('/') + 1), scope }
}
