// Discovers the resources of a server.

import { type ApiError, hasBrand, isApiError, KubeError, ParseError } from '../api/errors'
import type { RequestOptions } from '../api/options'
import { apiVersionOf, groupVersionPath } from '../api/resource'
import { membersOf } from '../codec/envelopes'
import { readJson, requestJson } from '../http/json'
import type { Requester } from '../http/requester'
import { Opaque } from '../internal/opaque'
import { aggregatedGroups, type GroupDocument, listedGroups, listedResources, partsOf, type VersionDocument } from './documents'
import { checkSegment, listOf, textOf } from './json'
import { nearMatches, type ResourceQuery, resolveResource } from './resolve'
import type { DiscoveredGroup, DiscoveredResource, DiscoveryFailure } from './resource'

/** Options of {@link discover}. */
export interface DiscoverOptions extends Pick<RequestOptions, 'signal'> {
  /** An earlier result. Unchanged parts are not sent again; when nothing has changed, `discover` returns this object. */
  previous?: Discovery | undefined
}

/** The parsed response of `/api` or `/apis`. */
export interface DiscoveredRoot {
  readonly path: 'api' | 'apis'
  /** The ETag of the response; the empty string when the server sent none or the browser hides it. */
  readonly etag: string
  readonly groups: readonly GroupDocument[]
}

/** The resources of a server: immutable data with a lookup. A newer state is another object. */
export class Discovery extends Opaque {
  /** The parsed responses, for use as `previous`. */
  readonly roots: readonly DiscoveredRoot[]
  /** The groups in the order of the server: the core group first, and in each group the preferred version first. */
  readonly groups: readonly DiscoveredGroup[]
  /** Every resource in every version, in the same order. */
  readonly resources: readonly DiscoveredResource[]
  /** The parts that could not be read. */
  readonly failures: readonly DiscoveryFailure[]

  constructor(roots: readonly DiscoveredRoot[]) {
    super()
    this.roots = roots
    const { groups, resources, failures } = partsOf(roots.flatMap((root) => root.groups))
    this.groups = groups
    this.resources = resources
    this.failures = failures
  }

  /**
   * Finds a resource by a kubectl name, a kind or the parts of a URL.
   *
   * @param query `'deploy'`, `'deployments.apps'`, `'deployments.v1.apps'`, `'Deployment'`; `{ kind, apiVersion }`; `{ group, plural }`.
   * @throws UnknownResourceError when no resource matches; it suggests similar names and lists the parts that could not be read.
   */
  resolve(query: ResourceQuery): DiscoveredResource {
    const found = resolveResource(this.resources, query)
    if (!found) throw new UnknownResourceError(query, nearMatches(this.resources, query), this.failures)
    return found
  }
}

/** The maximum number of unreadable versions in a message. */
const MAX_SHOWN = 20

/** The error of {@link Discovery.resolve} when no resource of the server matches the query. */
export class UnknownResourceError extends KubeError {
  /** Similar names that the server has, the nearest first, such as `deployments.apps`. */
  readonly suggestions: readonly string[]

  constructor(query: ResourceQuery, suggestions: readonly string[], failures: readonly DiscoveryFailure[]) {
    const meant = suggestions.length > 0 ? `; did you mean ${suggestions.join(' or ')}?` : ''
    const unread = failures.filter(({ resource }) => resource === undefined).map(apiVersionOf)
    const shown = unread.slice(0, MAX_SHOWN).join(', ') + (unread.length > MAX_SHOWN ? ', …' : '')
    super(`the server has no resource ${JSON.stringify(query)}${meant}${shown && ` (could not be read: ${shown})`}`)
    this.suggestions = suggestions
  }
  override get '~kubeflect'(): readonly string[] {
    return ['UnknownResourceError', 'KubeError']
  }
}

/** Returns whether an error is an {@link UnknownResourceError}. */
export const isUnknownResourceError = (error: unknown): error is UnknownResourceError => hasBrand(error, 'UnknownResourceError')

const AGGREGATED = ['v2', 'v2beta1'].map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
const ACCEPT = [...AGGREGATED, 'application/json'].join(',')
const ROOTS = ['api', 'apis'] as const

/**
 * Reads the resources of a server. This takes two requests with aggregated discovery (KEP-3352, Kubernetes 1.26), otherwise one for each
 * version of each group. Parts that cannot be read or used are listed in `failures` and do not affect the rest.
 *
 * @param client a `KubeClient`.
 * @throws ApiError, ConnectionError, ParseError when the server itself fails to answer; the reason of the signal when it is aborted.
 * @example
 * ```ts
 * const discovery = await discover(client)
 * const deployments = createInformer(client, discovery.resolve('deploy'))
 * ```
 * @see client-go `discovery.ServerGroupsAndResources`
 */
export async function discover(client: Requester, { signal, previous }: DiscoverOptions = {}): Promise<Discovery> {
  const answers = await Promise.all(
    ROOTS.map((path) => {
      const known = previous?.roots.find((root) => root.path === path)
      return readRoot(client, path, { signal, known })
    }),
  )
  const roots = answers.filter((answer): answer is DiscoveredRoot => !isApiError(answer))
  if (roots.length === 0) throw answers[0]
  const unchanged = roots.length === previous?.roots.length && roots.every((root) => previous.roots.includes(root))
  return unchanged ? previous : new Discovery(roots)
}

/** Reads one root, or returns the server's refusal: a server need not have both roots, or may hide one from this user. */
async function readRoot(
  client: Requester,
  path: DiscoveredRoot['path'],
  { signal, known }: { signal: AbortSignal | undefined; known: DiscoveredRoot | undefined },
): Promise<DiscoveredRoot | ApiError> {
  try {
    const conditions = known?.etag ? { 'if-none-match': known.etag } : {}
    const response = await client.request({ path, headers: { accept: ACCEPT, ...conditions }, signal })
    const etag = response.headers.get('etag') ?? ''
    const document = await readJson<object>(response, summaryOf(client, path), { signal })
    const groups = await groupsOf(client, path, document, signal)
    if (!groups) throw new ParseError(`${client.baseUrl}/${path}: the response lists no API groups`, JSON.stringify(document))
    return known && sameGroups(groups, known.groups) ? known : { path, etag, groups }
  } catch (error) {
    if (!isApiError(error)) throw error
    if (error.status === 304 && known) return known
    if (error.status === 403 || error.status === 404) return error
    throw error
  }
}

/** Returns the groups of a root. Servers before 1.26 list only the groups, so the resources of each version take another request. */
async function groupsOf(
  client: Requester,
  root: DiscoveredRoot['path'],
  document: object,
  signal: AbortSignal | undefined,
): Promise<GroupDocument[] | undefined> {
  const read = async (group: unknown, versions: readonly unknown[]): Promise<GroupDocument> => ({
    name: textOf(group),
    versions: await Promise.all(versions.map((version) => readVersion(client, root, { group, version }, signal))),
  })
  const { kind, versions } = membersOf(document)
  switch (kind) {
    case 'APIGroupDiscoveryList':
      return aggregatedGroups(document, root)
    case 'APIVersions':
      return [await read('', listOf(versions, 'the versions of the core group'))]
    case 'APIGroupList':
      return Promise.all(listedGroups(document).map((group) => read(group.group, group.versions)))
    default:
      return undefined
  }
}

async function readVersion(
  client: Requester,
  root: DiscoveredRoot['path'],
  { group, version }: { group: unknown; version: unknown },
  signal: AbortSignal | undefined,
): Promise<VersionDocument> {
  try {
    const path = groupVersionPath({
      group: root === 'api' ? '' : checkSegment(group, 'a group'),
      version: checkSegment(version, 'a version'),
    })
    const document = await requestJson<object>(client, { path, signal })
    return { version: textOf(version), ...listedResources(document) }
  } catch (error) {
    signal?.throwIfAborted()
    return { version: textOf(version), resources: { error } }
  }
}

const summaryOf = ({ baseUrl }: Requester, path: string) => ({ method: 'GET', url: `${baseUrl}/${path}` })

const sameGroups = (a: readonly GroupDocument[], b: readonly GroupDocument[]): boolean => JSON.stringify(a) === JSON.stringify(b)
