import { type ApiError, hasBrand, isApiError, KubeError, ParseError } from '../errors'
import { Opaque } from '../internal/opaque'
import { apiVersionOf, groupVersionPath } from '../meta/resource'
import type { RequestOptions } from '../meta/wire'
import { readJson } from '../transport/json'
import type { Requester } from '../transport/requester'
import { aggregatedGroups, type GroupDocument, listedGroups, listedResources, partsOf, type VersionDocument } from './documents'
import { checkSegment, listOf, membersOf, textOf } from './json'
import { nearMatches, type ResourceQuery, resolveResource } from './resolve'
import type { DiscoveredGroup, DiscoveredResource, DiscoveryFailure } from './resource'

/** What {@link discover} can be given. */
export interface DiscoverOptions extends Pick<RequestOptions, 'signal'> {
  /** What was discovered before: what has not changed since is not sent again, and when nothing has, this is the answer. */
  previous?: Discovery | undefined
}

/** What a server says below `/api` or `/apis`. */
export interface DiscoveredRoot {
  readonly path: 'api' | 'apis'
  /** Stands for the answer; the empty string when the server gave none, or the browser does not show it. */
  readonly etag: string
  readonly groups: readonly GroupDocument[]
}

/** The resources a server has. Plain data and a search: it never changes, and a newer state is another one. */
export class Discovery extends Opaque {
  /** What the server said, as it was understood: enough to make the same again. */
  readonly roots: readonly DiscoveredRoot[]
  /** In the order of the server: the core group first, of each group the preferred version first. */
  readonly groups: readonly DiscoveredGroup[]
  /** Every resource in every version, in the same order. */
  readonly resources: readonly DiscoveredResource[]
  /** What could not be read. */
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
   * Finds a resource by what people, objects or URLs call it.
   *
   * @param query `'deploy'`, `'deployments.apps'`, `'deployments.v1.apps'`, `'Deployment'`; `{ kind, apiVersion }`; `{ group, plural }`.
   * @throws UnknownResourceError when there is none; it names those that look alike, and what could not be read.
   */
  resolve(query: ResourceQuery): DiscoveredResource {
    const found = resolveResource(this.resources, query)
    if (!found) throw new UnknownResourceError(query, nearMatches(this.resources, query), this.failures)
    return found
  }
}

/** So many of the versions that could not be read are named in a message. */
const MAX_SHOWN = 20

/** The server has no such resource. */
export class UnknownResourceError extends KubeError {
  /** What it does have that looks alike, the nearest first: `deployments.apps`. */
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

/** Whether an error says that a server has no such resource. */
export const isUnknownResourceError = (error: unknown): error is UnknownResourceError => hasBrand(error, 'UnknownResourceError')

const AGGREGATED = ['v2', 'v2beta1'].map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
const ACCEPT = [...AGGREGATED, 'application/json'].join(',')
const ROOTS = ['api', 'apis'] as const

/**
 * Asks a server what resources it has: in two requests where it has aggregated discovery (KEP-3352, Kubernetes 1.26), in one for each
 * version of each group where it has not. What cannot be read or used is among the `failures`, and costs nothing beside it.
 *
 * @param client a `KubeClient`.
 * @throws ApiError, ConnectionError, ParseError when the server itself does not answer; the signal's reason when it is aborted.
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

/** Reads one root, or tells how the server refused it: a server need not have both, nor show both to everybody. */
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
    if (!groups) throw new ParseError(`${client.baseUrl}/${path}: the answer says nothing of API groups`, JSON.stringify(document))
    return known && sameGroups(groups, known.groups) ? known : { path, etag, groups }
  } catch (error) {
    if (!isApiError(error)) throw error
    if (error.status === 304 && known) return known
    if (error.status === 403 || error.status === 404) return error
    throw error
  }
}

/** What a root's answer says; servers before 1.26 say only which groups there are, and are asked for each one's resources. */
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
    const document = await readJson<object>(await client.request({ path, signal }), summaryOf(client, path), { signal })
    return { version: textOf(version), ...listedResources(document) }
  } catch (error) {
    signal?.throwIfAborted()
    return { version: textOf(version), resources: { error } }
  }
}

const summaryOf = ({ baseUrl }: Requester, path: string) => ({ method: 'GET', url: `${baseUrl}/${path}` })

const sameGroups = (a: readonly GroupDocument[], b: readonly GroupDocument[]): boolean => JSON.stringify(a) === JSON.stringify(b)
