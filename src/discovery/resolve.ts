import { apiVersionOf, resourceName } from '../meta/resource'
import type { DiscoveredResource } from './resource'

/**
 * What names a resource: as one types it for `kubectl` (`deploy`, `deployments`, `deployments.apps`, `deployments.v1.apps`, `Deployment`), as
 * objects and owner references do, or as a URL does (the group's preferred version, when none is given).
 */
export type ResourceQuery =
  | string
  | { readonly kind: string; readonly apiVersion: string }
  | { readonly group: string; readonly version?: string | undefined; readonly plural: string }

/**
 * Finds what a query means. A string is understood as kubectl does: a whole name goes before a short one, the first group of the server
 * before the others, the group's preferred version before the rest; a group may be given by its beginning (`ingresses.networking`).
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

/** One way to read `name.version.group`; an empty version or group is any. */
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

/** What stands behind the first dot is a version and a group, or a group alone: a group has dots too. */
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

/** No resource has a longer name: Kubernetes' bound for DNS names. */
const MAX_NAME_LENGTH = 253

/** The names of the resources that a query nobody answers to may have meant, the nearest first; at most three. */
export function nearMatches(resources: readonly DiscoveredResource[], query: ResourceQuery): string[] {
  const wanted = (typeof query === 'string' ? (query.split('.', 1)[0] ?? '') : 'kind' in query ? query.kind : query.plural).toLowerCase()
  if (wanted.length > MAX_NAME_LENGTH) return []
  // Two slips in a word of six letters are a guess, in one of three they are another word.
  const bound = Math.max(1, Math.floor(wanted.length / 3))
  const distances = new Map<string, number>()
  for (const resource of resources) {
    const names = [resource.plural, resource.singular, resource.kind.toLowerCase()]
    // Words differ by as many letters as their lengths at least: most need no comparison.
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

/** How many letters must be added, left out or changed to make one word of the other. */
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
