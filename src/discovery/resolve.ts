// Resolves the names of resources like kubectl.

import { apiVersionOf, resourceName } from '../api/resource'
import type { DiscoveredResource } from './resource'

/**
 * A reference to a resource: the name for `kubectl` (`deploy`, `deployments`, `deployments.apps`, `deployments.v1.apps`, `Deployment`); the
 * kind and apiVersion, as in objects and owner references; or the parts of a URL (without a version: the group's preferred one).
 */
export type ResourceQuery =
  | string
  | { readonly kind: string; readonly apiVersion: string }
  | { readonly group: string; readonly version?: string | undefined; readonly plural: string }

/**
 * Resolves a query to a resource. Strings follow kubectl: full names take precedence over short names, then the server's order of groups,
 * then the group's preferred version. A prefix of a group is enough (`ingresses.networking`).
 *
 * @param resources in the order of the server, preferred versions first.
 * @see cli-runtime `resource.Builder.mappingFor`, client-go `restmapper.NewDiscoveryRESTMapper`, `restmapper.NewShortcutExpander`
 */
export function resolveResource(resources: readonly DiscoveredResource[], query: ResourceQuery): DiscoveredResource | undefined {
  if (typeof query === 'string') return byName(resources, query)
  return 'kind' in query
    ? resources.find((resource) => resource.kind === query.kind && apiVersionOf(resource) === query.apiVersion)
    : resources.find(
        ({ group, version, plural }) =>
          group === query.group && plural === query.plural && (query.version === undefined || version === query.version),
      )
}

/** One reading of `name.version.group`; an empty version or group matches any. */
interface Reading {
  readonly name: string
  readonly version: string
  readonly group: string
}

type Names = (resource: DiscoveredResource) => readonly string[]

const wholeNames: Names = ({ plural, singular }) => [plural, singular]
const shortNames: Names = ({ shortNames: names }) => names
const kinds: Names = ({ kind }) => [kind]

function byName(resources: readonly DiscoveredResource[], text: string): DiscoveredResource | undefined {
  const readings = readingsOf(text.toLowerCase())
  for (const reading of readings) {
    const found = search(resources, reading, [wholeNames, shortNames])
    if (found) return found
  }
  for (const reading of readings) {
    const found = search(resources, reading, [kinds])
    if (found) return found
  }
  return undefined
}

/**
 * Returns the readings of a query. The text after the first dot is a version and a group, or a group alone, because groups contain dots as
 * well.
 */
function readingsOf(text: string): Reading[] {
  const [name = '', ...rest] = text.split('.')
  const [version = '', ...group] = rest
  const plain = { name, version: '', group: rest.join('.') }
  return rest.length >= 2 ? [{ name, version, group: group.join('.') }, plain] : [plain]
}

function search(
  resources: readonly DiscoveredResource[],
  { name, version, group }: Reading,
  tries: readonly Names[],
): DiscoveredResource | undefined {
  const inVersion = version ? resources.filter((resource) => resource.version === version) : resources
  const places = group
    ? [inVersion.filter((resource) => resource.group === group), inVersion.filter((resource) => resource.group.startsWith(group))]
    : [inVersion]
  for (const place of places) {
    for (const names of tries) {
      const found = place.find((resource) => names(resource).some((candidate) => candidate.toLowerCase() === name))
      if (found) return found
    }
  }
  return undefined
}

/** The maximum length of a resource's name: Kubernetes' limit for DNS names. */
const MAX_NAME_LENGTH = 253

/** Returns up to three resource names that resemble an unresolved query, the nearest first. */
export function nearMatches(resources: readonly DiscoveredResource[], query: ResourceQuery): string[] {
  const wanted = (typeof query === 'string' ? (query.split('.', 1)[0] ?? '') : 'kind' in query ? query.kind : query.plural).toLowerCase()
  if (wanted.length > MAX_NAME_LENGTH) return []
  // Allows one edit per three letters: two edits in a six-letter word are a likely typo, in a three-letter word they make another word.
  const bound = Math.max(1, Math.floor(wanted.length / 3))
  const distances = new Map<string, number>()
  for (const resource of resources) {
    const names = [resource.plural, resource.singular, resource.kind.toLowerCase()]
    // The difference in length is a lower bound of the distance, so most words need no comparison.
    const likely = names.filter(({ length }) => Math.abs(length - wanted.length) <= bound)
    const distance = Math.min(...likely.map((name) => distanceOf(wanted, name)))
    const known = distances.get(resourceName(resource)) ?? Number.POSITIVE_INFINITY
    distances.set(resourceName(resource), Math.min(known, distance))
  }
  return [...distances]
    .filter(([, distance]) => distance <= bound)
    .sort(([, a], [, b]) => a - b)
    .slice(0, 3)
    .map(([name]) => name)
}

/** Returns the edit distance: the letters to add, remove or replace to turn one word into the other. */
function distanceOf(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const changed = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}
