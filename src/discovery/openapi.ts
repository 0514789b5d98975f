// Reads the OpenAPI v3 schemas that the server publishes.

import { KubeError } from '../api/errors'
import type { RequestOptions } from '../api/options'
import { pathSegmentProblem, shown } from '../api/path-segment'
import { apiVersionOf, groupVersionPath, type Resource } from '../api/resource'
import { membersOf } from '../codec/envelopes'
import { requestJson } from '../http/json'
import type { Requester } from '../http/requester'

/** The used part of the OpenAPI v3 document of one version of a group. */
export interface OpenApiDocument {
  readonly openapi: string
  readonly components?: { readonly schemas?: Readonly<Record<string, OpenApiSchema>> }
  readonly paths?: Readonly<Record<string, unknown>>
}

/** A schema of an {@link OpenApiDocument}: JSON Schema with the `x-kubernetes-…` extensions. */
export interface OpenApiSchema {
  readonly type?: string
  readonly description?: string
  readonly properties?: Readonly<Record<string, OpenApiSchema>>
  readonly required?: readonly string[]
  readonly items?: OpenApiSchema
  readonly $ref?: string
  readonly 'x-kubernetes-group-version-kind'?: readonly { readonly group: string; readonly version: string; readonly kind: string }[]
  readonly [member: string]: unknown
}

/**
 * Reads the OpenAPI v3 document of one version of a group (KEP-2896). Leaves out the hash in its address: it is there for caches, which a
 * client does not use, and a server redirects an address whose hash is out of date, as while a custom resource is being defined.
 *
 * @param client a `KubeClient`.
 * @throws KubeError when the server publishes no document for this version; ApiError, ConnectionError, ParseError.
 * @example
 * ```ts
 * const schema = schemaOf(await openapi(client, Deployment), Deployment)
 * ```
 */
export async function openapi(
  client: Requester,
  groupVersion: Pick<Resource, 'group' | 'version'>,
  { signal }: Pick<RequestOptions, 'signal'> = {},
): Promise<OpenApiDocument> {
  const read = <T>(path: string, params?: URLSearchParams) => requestJson<T>(client, { path, params, signal })
  const paths = membersOf((await read<{ paths?: unknown }>('openapi/v3')).paths)
  const key = groupVersionPath(groupVersion)
  const found = Object.hasOwn(paths, key) ? paths[key] : undefined
  if (!found) throw new KubeError(`the server publishes no OpenAPI v3 document for ${apiVersionOf(groupVersion)}`)
  const { path, params } = relativeUrl(membersOf(found).serverRelativeURL, apiVersionOf(groupVersion))
  return read<OpenApiDocument>(path, params)
}

/**
 * Parses the address of a document. It starts at the server's root, which behind a proxy is a folder; the path is resolved below the base
 * URL.
 */
function relativeUrl(url: unknown, apiVersion: string): { path: string; params: URLSearchParams } {
  const [path = '', query] = typeof url === 'string' ? url.split('?', 2) : []
  const segments = path.split('/').slice(1)
  if (!path.startsWith('/') || segments.some((segment) => segment.includes('#') || pathSegmentProblem(segment))) {
    throw new KubeError(`the server gives an OpenAPI v3 address for ${apiVersion} that is not a path on the same server: ${shown(url)}`)
  }
  const params = new URLSearchParams(query)
  params.delete('hash')
  return { path: segments.join('/'), params }
}

/** Returns the schema of a resource's objects, or undefined when the document has none. */
export function schemaOf(
  document: OpenApiDocument,
  { group, version, kind }: Pick<Resource, 'group' | 'version' | 'kind'>,
): OpenApiSchema | undefined {
  const isMeant = (type: Readonly<Record<string, unknown>>) => type.group === group && type.version === version && type.kind === kind
  const typesOf = (schema: OpenApiSchema): unknown => membersOf(schema)['x-kubernetes-group-version-kind']
  return Object.values(membersOf(membersOf(document.components).schemas) as Record<string, OpenApiSchema>).find((schema) => {
    const types = typesOf(schema)
    return Array.isArray(types) && types.map(membersOf).some(isMeant)
  })
}
