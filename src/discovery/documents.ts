import type { ResourceScope } from '../meta/resource'
import type { DiscoveredParts, DiscoveredResource, DiscoveredSubresource } from './resource'

// What a server answers under /api and /apis, and what it means. Only what is read is described; all of it may be missing.

/** KEP-3352: all groups of a root in one answer; `v2` and `v2beta1` look the same. */
export interface AggregatedDiscovery {
  readonly kind: 'APIGroupDiscoveryList'
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string }
    readonly versions?: readonly {
      readonly version: string
      readonly freshness?: string
      readonly resources?: readonly AggregatedResource[]
    }[]
  }[]
}

interface AggregatedResource {
  readonly resource: string
  readonly responseKind?: { readonly kind?: string }
  readonly scope?: string
  readonly singularResource?: string
  readonly verbs?: readonly string[]
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
  readonly subresources?: readonly {
    readonly subresource: string
    readonly responseKind?: { readonly kind?: string }
    readonly verbs?: readonly string[]
  }[]
}

/** What older servers answer under `/api`. */
export interface ApiVersions {
  readonly kind: 'APIVersions'
  readonly versions?: readonly string[]
}

/** What older servers answer under `/apis`. */
export interface ApiGroupList {
  readonly kind: 'APIGroupList'
  readonly groups?: readonly {
    readonly name: string
    readonly versions?: readonly { readonly version: string }[]
    readonly preferredVersion?: { readonly version: string }
  }[]
}

/** What every server answers under `/apis/<group>/<version>`. */
export interface ApiResourceList {
  readonly resources?: readonly {
    /** With the subresource, where it is about one: `pods/status`. */
    readonly name: string
    readonly singularName?: string
    readonly namespaced?: boolean
    readonly kind?: string
    readonly verbs?: readonly string[]
    readonly shortNames?: readonly string[]
    readonly categories?: readonly string[]
  }[]
}

/** A group as both forms tell it, its versions in the order in which the server prefers them. */
export interface GroupDocument {
  readonly name: string
  readonly versions: readonly VersionDocument[]
}

/** One version of a group: what is in it, or why that is not known. */
export interface VersionDocument {
  readonly version: string
  readonly resources: readonly ResourceDocument[] | 'stale' | { readonly error: unknown }
}

/** A resource, as yet without its group and version. */
export type ResourceDocument = Omit<DiscoveredResource, 'group' | 'version' | 'preferred'>

/**
 * Understands an answer with everything in it. What has no kind cannot be read and is left out, as in client-go.
 *
 * @see client-go `discovery.SplitGroupsAndResources`
 */
export function aggregatedGroups({ items = [] }: AggregatedDiscovery): GroupDocument[] {
  return items.map(({ metadata, versions = [] }) => ({
    name: metadata?.name ?? '',
    versions: versions.map(({ version, freshness, resources = [] }) => ({
      version,
      resources: freshness === 'Stale' ? 'stale' : resources.flatMap((document) => aggregatedResource(document) ?? []),
    })),
  }))
}

function aggregatedResource(document: AggregatedResource): ResourceDocument | undefined {
  const kind = document.responseKind?.kind
  if (!kind) return undefined
  return {
    plural: document.resource,
    kind,
    scope: document.scope === 'Cluster' ? 'Cluster' : 'Namespaced',
    singular: document.singularResource || kind.toLowerCase(),
    shortNames: document.shortNames ?? [],
    categories: document.categories ?? [],
    verbs: document.verbs ?? [],
    subresources: (document.subresources ?? []).map(({ subresource, responseKind, verbs = [] }) => ({
      name: subresource,
      kind: responseKind?.kind ?? '',
      verbs,
    })),
  }
}

/** Understands the answer about one version of a group. */
export function listedResources({ resources = [] }: ApiResourceList): ResourceDocument[] {
  const subresources = new Map<string, DiscoveredSubresource[]>()
  for (const { name, kind = '', verbs = [] } of resources) {
    const [plural = '', subresource] = name.split(/\/(.*)/, 2)
    if (subresource === undefined) continue
    subresources.set(plural, [...(subresources.get(plural) ?? []), { name: subresource, kind, verbs }])
  }
  return resources.flatMap(({ name, kind, namespaced, singularName, verbs = [], shortNames = [], categories = [] }) => {
    if (name.includes('/') || !kind) return []
    const scope: ResourceScope = namespaced ? 'Namespaced' : 'Cluster'
    const singular = singularName || kind.toLowerCase()
    return [{ plural: name, kind, scope, singular, shortNames, categories, verbs, subresources: subresources.get(name) ?? [] }]
  })
}

/** Puts the groups together. The preferred version is the first that could be read. */
export function partsOf(documents: readonly GroupDocument[]): DiscoveredParts {
  const parts = { groups: [], resources: [], failures: [] } as { -readonly [K in keyof DiscoveredParts]: DiscoveredParts[K][number][] }
  for (const { name: group, versions } of documents) {
    const readable: string[] = []
    for (const { version, resources } of versions) {
      if (resources === 'stale') parts.failures.push({ group, version })
      else if ('error' in resources) parts.failures.push({ group, version, error: resources.error })
      else {
        readable.push(version)
        const preferred = readable.length === 1
        for (const resource of resources) parts.resources.push({ group, version, ...resource, preferred })
      }
    }
    const [preferredVersion] = readable
    if (preferredVersion !== undefined) parts.groups.push({ name: group, versions: readable, preferredVersion })
  }
  return parts
}
