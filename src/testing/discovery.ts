// Serves the discovery documents of the fake server.

import { apiVersionOf } from '../api/resource'
import { jsonResponse } from '../watch-cache/protocol'
import { type ServedResource, subresourcesOf, verbsOf } from './served-resources'

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
const VERSION = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.0+fake',
  gitCommit: '',
  gitTreeState: '',
  buildDate: '',
  goVersion: '',
  compiler: '',
  platform: 'javascript',
}

/** Serves discovery: the groups, versions and resources of the server. Returns undefined for other paths. */
export function serveDiscovery(path: string, headers: Headers, served: readonly ServedResource[]): Response | undefined {
  const accept = headers.get('accept') ?? ''
  const parts = path.split('/').filter(Boolean)
  const [root, group = '', version = ''] = parts
  if (path === '/version') return json(VERSION)
  if (/^\/(healthz|livez|readyz)$/.test(path)) return new Response('ok', { headers: { 'content-type': 'text/plain; charset=utf-8' } })
  if (root !== 'api' && root !== 'apis') return undefined
  if (parts.length === 1 && /\bas=APIGroupDiscoveryList\b/.test(accept) && /\bv=v2\b/.test(accept))
    return aggregated(root, served, headers.get('if-none-match'))
  if (root === 'api') {
    if (parts.length === 1) return json({ kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] })
    return parts.length === 2 ? resourceList('', group, served) : undefined
  }
  if (parts.length === 1)
    return json({ kind: 'APIGroupList', apiVersion: 'v1', groups: groupNames(served).map((name) => groupOf(name, served)) })
  if (parts.length === 2 && groupNames(served).includes(group))
    return json({ kind: 'APIGroup', apiVersion: 'v1', ...groupOf(group, served) })
  return parts.length === 3 ? resourceList(group, version, served) : undefined
}

function resourceList(group: string, version: string, served: readonly ServedResource[]): Response | undefined {
  const found = served.filter(({ resource }) => resource.group === group && resource.version === version)
  const first = found[0]
  if (!first) return undefined
  const resources = found.flatMap((entry) => {
    const { resource, shortNames, categories } = entry
    const common = { namespaced: resource.scope === 'Namespaced', kind: resource.kind }
    return [
      {
        name: resource.plural,
        singularName: resource.kind.toLowerCase(),
        ...common,
        verbs: verbsOf(entry),
        ...(shortNames && { shortNames }),
        ...(categories && { categories }),
      },
      ...subresourcesOf(entry).map(({ name, type, verbs }) => ({
        name: `${resource.plural}/${name}`,
        singularName: '',
        ...common,
        ...type,
        verbs,
      })),
    ]
  })
  return json({ kind: 'APIResourceList', apiVersion: 'v1', groupVersion: apiVersionOf(first.resource), resources })
}

function groupNames(served: readonly ServedResource[]): string[] {
  return [...new Set(served.map(({ resource }) => resource.group))].filter(Boolean)
}

function versionsOf(group: string, served: readonly ServedResource[]): string[] {
  return [...new Set(served.filter(({ resource }) => resource.group === group).map(({ resource }) => resource.version))]
}

function groupOf(name: string, served: readonly ServedResource[]): object {
  const versions = versionsOf(name, served).map((version) => ({ groupVersion: `${name}/${version}`, version }))
  return { name, versions, preferredVersion: versions[0] }
}

/** Returns an aggregated discovery document. @see KEP-3352 */
function aggregated(root: 'api' | 'apis', served: readonly ServedResource[], known: string | null): Response {
  const items = (root === 'api' ? [''] : groupNames(served)).map((group) => ({
    metadata: group ? { name: group } : {},
    versions: versionsOf(group, served).map((version) => ({
      version,
      resources: served.filter(({ resource }) => resource.group === group && resource.version === version).map(aggregatedResource),
      freshness: 'Current',
    })),
  }))
  const response = json({ kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items }, AGGREGATED)
  const etag = `"${served.map(({ resource }) => `${resource.plural}.${resource.version}.${resource.group}`).join('|')}"`
  response.headers.set('etag', etag)
  return known === etag ? new Response(null, { status: 304, headers: { etag } }) : response
}

function aggregatedResource(entry: ServedResource): object {
  const { resource, shortNames, categories } = entry
  const responseKind = { group: resource.group, version: resource.version, kind: resource.kind }
  const subresources = subresourcesOf(entry).map(({ name, type, verbs }) => ({
    subresource: name,
    responseKind: type ?? responseKind,
    verbs,
  }))
  return {
    resource: resource.plural,
    responseKind,
    scope: resource.scope,
    singularResource: resource.kind.toLowerCase(),
    verbs: verbsOf(entry),
    ...(shortNames && { shortNames }),
    ...(categories && { categories }),
    ...(subresources.length > 0 && { subresources }),
  }
}

function json(body: object, contentType = 'application/json'): Response {
  const response = jsonResponse(`${JSON.stringify(body)}\n`)
  response.headers.set('content-type', contentType)
  return response
}
