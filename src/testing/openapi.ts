// Serves the OpenAPI v3 documents of the fake server.

import { apiVersionOf, type Resource } from '../api/resource'
import { jsonResponse } from '../watch-cache/protocol'
import { isJsonObject } from './json'
import { type ServedResource, subresourcesOf, verbsOf } from './served-resources'

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1'

/**
 * Serves OpenAPI v3 (KEP-2896): an index, and one document for each version of a group. Returns undefined for other paths. A custom
 * resource has the schema of its definition. The other resources describe only their metadata.
 */
export function serveOpenApi(path: string, headers: Headers, served: readonly ServedResource[]): Response | undefined {
  if (path === '/openapi/v3') {
    const roots = [...new Set(served.map(({ resource }) => rootOf(resource)))].sort()
    const entries = roots.map((root) => [root, { serverRelativeURL: `/openapi/v3/${root}?hash=${hashOf(documentOf(root, served))}` }])
    return jsonResponse(`${JSON.stringify({ paths: Object.fromEntries(entries) })}\n`)
  }
  const [, root = ''] = /^\/openapi\/v3\/(.+)$/.exec(path) ?? []
  if (!served.some(({ resource }) => rootOf(resource) === root)) return undefined
  const text = documentOf(root, served)
  const etag = `"${hashOf(text)}"`
  if (headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers: { etag } })
  const response = jsonResponse(text)
  response.headers.set('etag', etag)
  return response
}

const rootOf = (resource: Resource): string => `${resource.group ? 'apis' : 'api'}/${apiVersionOf(resource)}`

function documentOf(root: string, served: readonly ServedResource[]): string {
  const described = served.filter(({ resource }) => rootOf(resource) === root)
  const schemas = Object.assign({}, metaSchemas, ...described.map(schemasOf)) as object
  const paths = Object.assign({}, ...described.map((entry) => pathsOf(root, entry))) as object
  const info = { title: 'Kubernetes', version: 'v1.36.0+fake' }
  return `${JSON.stringify({ openapi: '3.0.0', info, paths, components: { schemas } })}\n`
}

// Built-in schemas are named after Go packages, those of custom resources after the group.
function schemaName({ resource: { group, version, kind }, builtIn }: ServedResource): string {
  const [first = 'core'] = group ? group.split('.') : []
  const home = builtIn ? `io.k8s.api.${first}` : group.split('.').reverse().join('.')
  return `${home}.${version}.${kind}`
}

function schemasOf(entry: ServedResource): Record<string, object> {
  const { resource, schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } = entry
  const own = schema as { properties?: unknown }
  const properties = isJsonObject(own.properties) ? own.properties : {}
  const name = schemaName(entry)
  const kind = { ...schema, properties: { ...properties, ...typeMembers, metadata: ref(`${META}.ObjectMeta`) }, ...gvkOf([resource]) }
  if (!verbsOf(entry).includes('list')) return { [name]: kind }
  const list = {
    description: `${resource.kind}List is a list of ${resource.kind}`,
    type: 'object',
    required: ['items'],
    properties: {
      ...typeMembers,
      metadata: ref(`${META}.ListMeta`),
      items: { type: 'array', items: { $ref: `#/components/schemas/${name}` } },
    },
    ...gvkOf([{ ...resource, kind: `${resource.kind}List` }]),
  }
  return { [name]: kind, [`${name}List`]: list }
}

const typeMembers = { apiVersion: { type: 'string' }, kind: { type: 'string' } }

const ref = (name: string): object => ({ allOf: [{ $ref: `#/components/schemas/${name}` }] })

type GroupVersionKind = Pick<Resource, 'group' | 'version' | 'kind'>

const plain = ({ group, version, kind }: GroupVersionKind): GroupVersionKind => ({ group, version, kind })

const gvkOf = (types: readonly GroupVersionKind[]): object => ({ 'x-kubernetes-group-version-kind': types.map(plain) })

// kubectl checks here whether the server validates fields and supports dry runs.
const WRITE_PARAMETERS = ['dryRun', 'fieldManager', 'fieldValidation'].map((name) => ({ name, in: 'query', schema: { type: 'string' } }))

function pathsOf(root: string, entry: ServedResource): Record<string, object> {
  const { plural, scope } = entry.resource
  const verbs = verbsOf(entry)
  const operation = (verb: (typeof verbs)[number], method: string, action: string, parameters: readonly object[] = []) =>
    verbs.includes(verb)
      ? {
          [method]: {
            'x-kubernetes-action': action,
            'x-kubernetes-group-version-kind': plain(entry.resource),
            parameters,
            responses: { 200: { description: 'OK', content: { 'application/json': { schema: { $ref: refTo(entry) } } } } },
          },
        }
      : {}
  const list = operation('list', 'get', 'list')
  const collection = {
    ...list,
    ...operation('create', 'post', 'post', WRITE_PARAMETERS),
    ...operation('deletecollection', 'delete', 'deletecollection'),
  }
  const object = {
    ...operation('get', 'get', 'get'),
    ...operation('update', 'put', 'put', WRITE_PARAMETERS),
    ...operation('patch', 'patch', 'patch', WRITE_PARAMETERS),
    ...operation('delete', 'delete', 'delete'),
  }
  const status = { ...operation('get', 'get', 'get'), ...operation('patch', 'patch', 'patch', WRITE_PARAMETERS) }
  const base = scope === 'Namespaced' ? `/${root}/namespaces/{namespace}/${plural}` : `/${root}/${plural}`
  return {
    [base]: collection,
    ...(scope === 'Namespaced' && verbs.includes('list') && { [`/${root}/${plural}`]: list }),
    ...(Object.keys(object).length > 0 && { [`${base}/{name}`]: object }),
    ...(subresourcesOf(entry).some(({ name }) => name === 'status') && { [`${base}/{name}/status`]: status }),
  }
}

const refTo = (entry: ServedResource): string => `#/components/schemas/${schemaName(entry)}`

const text = { type: 'string' }
const texts = { type: 'object', additionalProperties: text }
const metaSchemas: Readonly<Record<string, object>> = {
  [`${META}.ListMeta`]: {
    type: 'object',
    properties: { continue: text, remainingItemCount: { type: 'integer', format: 'int64' }, resourceVersion: text, selfLink: text },
  },
  [`${META}.ObjectMeta`]: {
    type: 'object',
    properties: {
      annotations: texts,
      creationTimestamp: { type: 'string', format: 'date-time' },
      deletionGracePeriodSeconds: { type: 'integer', format: 'int64' },
      deletionTimestamp: { type: 'string', format: 'date-time' },
      finalizers: { type: 'array', items: text },
      generateName: text,
      generation: { type: 'integer', format: 'int64' },
      labels: texts,
      managedFields: { type: 'array', items: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      name: text,
      namespace: text,
      ownerReferences: { type: 'array', items: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      resourceVersion: text,
      uid: text,
    },
  },
}

/** Hashes a document for its address (FNV-1a). */
function hashOf(content: string): string {
  let hash = 0x811c9dc5
  for (let at = 0; at < content.length; at++) hash = Math.imul(hash ^ content.charCodeAt(at), 0x01000193) >>> 0
  return hash.toString(16).toUpperCase().padStart(8, '0')
}
