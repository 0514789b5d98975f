// Parses the discovery documents below /api and /apis. Any part may be missing, null or of another type. A part that cannot be used is
// omitted and reported, and does not affect the rest.

import type { ResourceScope } from '../api/resource'
import { membersOf, textsOf } from '../codec/envelopes'
import { checkSegment, listOf, textOf } from './json'
import type { DiscoveredParts, DiscoveredResource, DiscoveredSubresource } from './resource'

/** A group, the same for both forms of discovery, with its versions in the order of the server's preference. */
export interface GroupDocument {
  readonly name: string
  readonly versions: readonly VersionDocument[]
}

/** One version of a group: its resources, or the reason why they are unknown. */
export interface VersionDocument {
  readonly version: string
  readonly resources: readonly ResourceDocument[] | 'stale' | { readonly error: unknown }
  /** The omitted resources. */
  readonly omitted?: readonly OmittedResource[]
}

/** A resource that cannot be used. */
export interface OmittedResource {
  readonly resource: string
  readonly error: unknown
}

/** A resource before its group and version are added. */
export type ResourceDocument = Omit<DiscoveredResource, 'group' | 'version' | 'preferred'>

/**
 * Parses an aggregated discovery document (KEP-3352; `v2` and `v2beta1` have the same form). As in client-go, omits resources without a
 * kind.
 *
 * @param root `api` holds the core group, which has no name. Under `apis` a group without a name is omitted.
 * @throws KubeError when the items are not a list.
 * @see client-go `discovery.SplitGroupsAndResources`
 */
export function aggregatedGroups(document: unknown, root: 'api' | 'apis'): GroupDocument[] {
  return listOf(membersOf(document).items, 'the groups').map((item) => {
    const { metadata, versions } = membersOf(item)
    return groupDocument(membersOf(metadata).name, root, () =>
      listOf(versions, 'the versions of a group').map((version) => aggregatedVersion(version)),
    )
  })
}

/** Parses a group. When its name or versions cannot be used, it gets one nameless version with the error. */
function groupDocument(name: unknown, root: 'api' | 'apis', versions: () => readonly VersionDocument[]): GroupDocument {
  const shown = textOf(name).slice(0, 100)
  try {
    return { name: root === 'api' ? '' : checkSegment(name, 'a group'), versions: versions() }
  } catch (error) {
    return { name: shown, versions: [{ version: '', resources: { error } }] }
  }
}

function aggregatedVersion(document: unknown): VersionDocument {
  const { version, freshness, resources } = membersOf(document)
  try {
    checkSegment(version, 'a version')
    if (freshness === 'Stale') return { version: textOf(version), resources: 'stale' }
    return { version: textOf(version), ...usable(listOf(resources, 'the resources of a version'), 'resource', aggregatedResource) }
  } catch (error) {
    return { version: textOf(version).slice(0, 100), resources: { error } }
  }
}

/** Reads each resource separately; omits and reports those that fail. */
function usable(
  documents: readonly unknown[],
  nameField: string,
  read: (document: Readonly<Record<string, unknown>>) => ResourceDocument | undefined,
): Pick<VersionDocument, 'omitted'> & { readonly resources: ResourceDocument[] } {
  const resources: ResourceDocument[] = []
  const omitted: OmittedResource[] = []
  for (const document of documents.map(membersOf)) {
    try {
      const resource = read(document)
      if (resource) resources.push(resource)
    } catch (error) {
      omitted.push({ resource: textOf(document[nameField]).slice(0, 100), error })
    }
  }
  return { resources, ...(omitted.length > 0 && { omitted }) }
}

function aggregatedResource(document: Readonly<Record<string, unknown>>): ResourceDocument | undefined {
  const kind = textOf(membersOf(document.responseKind).kind)
  if (!kind) return undefined
  return {
    plural: checkSegment(document.resource, 'a resource'),
    kind,
    scope: document.scope === 'Cluster' ? 'Cluster' : 'Namespaced',
    singular: textOf(document.singularResource) || kind.toLowerCase(),
    shortNames: textsOf(document.shortNames),
    categories: textsOf(document.categories),
    verbs: textsOf(document.verbs),
    subresources: listOf(document.subresources, 'the subresources of a resource')
      .map(membersOf)
      .map(({ subresource, responseKind, verbs }) => ({
        name: checkSegment(subresource, 'a subresource'),
        kind: textOf(membersOf(responseKind).kind),
        verbs: textsOf(verbs),
      })),
  }
}

/** A group and its versions as servers before 1.26 list them in `/apis`, the preferred version first. */
export interface ListedGroup {
  readonly group: unknown
  readonly versions: readonly unknown[]
}

/** Parses the group list of a server before 1.26. @throws KubeError when the groups are not a list. */
export function listedGroups(document: unknown): ListedGroup[] {
  return listOf(membersOf(document).groups, 'the groups').map((item) => {
    const { name, versions, preferredVersion } = membersOf(item)
    const preferred = membersOf(preferredVersion).version
    const all = (Array.isArray(versions) ? versions : []).map((version) => membersOf(version).version)
    return { group: name, versions: [...new Set([...(typeof preferred === 'string' && preferred ? [preferred] : []), ...all])] }
  })
}

/** Parses the resource list of one version of a group. @throws KubeError when its resources are not a list. */
export function listedResources(document: unknown): Pick<VersionDocument, 'omitted'> & { readonly resources: ResourceDocument[] } {
  const items = listOf(membersOf(document).resources, 'the resources of a version')
  const subresources = new Map<string, DiscoveredSubresource[]>()
  for (const { name, kind, verbs } of items.map(membersOf)) {
    const [plural = '', subresource] = textOf(name).split(/\/(.*)/, 2)
    if (subresource === undefined) continue
    const known = subresources.get(plural) ?? []
    known.push({ name: subresource, kind: textOf(kind), verbs: textsOf(verbs) })
    subresources.set(plural, known)
  }
  return usable(items, 'name', ({ name, kind: kindOf, namespaced, singularName, verbs, shortNames, categories }) => {
    const kind = textOf(kindOf)
    if (textOf(name).includes('/') || !kind) return undefined
    const plural = checkSegment(name, 'a resource')
    const scope: ResourceScope = namespaced === true ? 'Namespaced' : 'Cluster'
    const below = subresources.get(plural) ?? []
    for (const subresource of below) checkSegment(subresource.name, 'a subresource')
    return {
      plural,
      kind,
      scope,
      singular: textOf(singularName) || kind.toLowerCase(),
      shortNames: textsOf(shortNames),
      categories: textsOf(categories),
      verbs: textsOf(verbs),
      subresources: below,
    }
  })
}

/** Combines the groups. The preferred version is the first readable one. */
export function partsOf(documents: readonly GroupDocument[]): DiscoveredParts {
  const parts = { groups: [], resources: [], failures: [] } as { -readonly [K in keyof DiscoveredParts]: DiscoveredParts[K][number][] }
  for (const { name: group, versions } of documents) {
    const readable: string[] = []
    for (const { version, resources, omitted = [] } of versions) {
      for (const failure of omitted) parts.failures.push({ group, version, ...failure })
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
