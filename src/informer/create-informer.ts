import { report } from '../internal/report'
import type { KubeObject } from '../meta/object'
import type { PartialObjectMetadata } from '../meta/partial-object-metadata'
import { defineResource, type Resource } from '../meta/resource'
import type { Persister, Scope } from '../persistence/persister'
import { type EntryClient, ListWatch, type ListWatchOptions } from '../reflector/list-watch'
import { metadataListWatch } from '../reflector/metadata'
import { type RowInclude, type RowOf, type TableListWatchOptions, tableListWatch } from '../reflector/table'
import type { Requester } from '../transport/requester'
import type { InformerPersistence } from './feed'
import { NamespacesFeed, type NamespacesLease } from './namespaces-feed'
import { SharedInformer, type SharedInformerOptions } from './shared-informer'

/** How {@link createInformer} persists what it has. */
export interface PersistOptions {
  /** Where the state is kept for the next life; default: nowhere. */
  persister?: Persister | undefined
  /** The name of the cluster that the state is kept under; default the client's base URL. */
  cluster?: string | undefined
  /** Who reads: the state is never loaded for another user. Default the empty string, where there is only one. */
  user?: string | undefined
  /** The version of what is stored; change it with the transform and with `tweakListOptions`. Default the empty string. */
  version?: string | undefined
  /** How it is stored. */
  persistence?: Omit<InformerPersistence, 'persister' | 'scope'> | undefined
}

/** What {@link createInformer} takes. `expectedType` defaults to the resource. */
export interface InformerOptions<T extends KubeObject, Names extends string = never>
  extends Omit<SharedInformerOptions<T, Names>, 'persistence'>,
    ListWatchOptions,
    PersistOptions {
  /** What is read of each object: all of it, the default; its metadata; or what the server would print. */
  representation?: 'object' | undefined
  /**
   * Where the server forbids reading all namespaces (403), follow each one that it allows: those that can be listed, as they come and go, or,
   * where listing Namespaces is forbidden as well, the ones named here. Each has a version and a stored state of its own; `status.namespaces`
   * says how each is doing. What is forbidden is asked for again every five minutes. Means nothing for one namespace and for cluster-scoped
   * resources. Default: the informer is `denied`.
   */
  fallbackNamespaces?: readonly string[] | undefined
  /** Stops the informer. Disposing of it does so too. */
  signal?: AbortSignal | undefined
}

/** What {@link createInformer} takes for an informer of nothing but metadata. */
export interface MetadataInformerOptions<Names extends string = never>
  extends Omit<InformerOptions<PartialObjectMetadata, Names>, 'representation'> {
  representation: 'metadata'
}

/** What {@link createInformer} takes for an informer of what the server would print: one row for each object. */
export interface TableInformerOptions<T extends KubeObject, I extends RowInclude = 'Metadata', Names extends string = never>
  extends Omit<InformerOptions<RowOf<T, I>, Names>, 'representation'>,
    Pick<TableListWatchOptions<I>, 'includeObject' | 'onColumns'> {
  representation: 'table'
}

/**
 * Starts an informer of one collection: the everyday entry.
 *
 * @param client a `KubeClient`, or what there is of one.
 * @throws what the constructor of {@link SharedInformer} throws.
 * @example
 * ```ts
 * await using pods = createInformer(client, Pod, { namespace: 'shop', indexers: { node: (pod) => [pod.spec?.nodeName ?? ''] } })
 * await pods.whenSynced()
 * pods.indexer.byIndex('node', 'n1')
 * await using secrets = createInformer(client, Secret, { representation: 'metadata' })
 * ```
 */
export function createInformer<T extends KubeObject, Names extends string = never>(
  client: EntryClient,
  resource: Resource<T>,
  options?: InformerOptions<NoInfer<T>, Names>,
): SharedInformer<T, Names>
export function createInformer<T extends KubeObject, Names extends string = never>(
  client: EntryClient,
  resource: Resource<T>,
  options: MetadataInformerOptions<Names>,
): SharedInformer<PartialObjectMetadata, Names>
export function createInformer<T extends KubeObject, I extends RowInclude = 'Metadata', Names extends string = never>(
  client: EntryClient & Requester,
  resource: Resource<T>,
  options: TableInformerOptions<T, I, Names>,
): SharedInformer<RowOf<T, I>, Names>
export function createInformer<T extends KubeObject, I extends RowInclude, Names extends string>(
  client: EntryClient,
  resource: Resource<T>,
  options: InformerOptions<T, Names> | MetadataInformerOptions<Names> | TableInformerOptions<T, I, Names> = {},
): SharedInformer<T, Names> | SharedInformer<PartialObjectMetadata, Names> | SharedInformer<RowOf<T, I>, Names> {
  const informer = representedInformer(client, resource, options)
  informer.run({ signal: options.signal }).catch(report)
  return informer
}

function representedInformer<T extends KubeObject, I extends RowInclude, Names extends string>(
  client: EntryClient,
  resource: Resource<T>,
  options: InformerOptions<T, Names> | MetadataInformerOptions<Names> | TableInformerOptions<T, I, Names>,
) {
  const lease = () => leaseNamespaces(client, options)
  switch (options.representation) {
    case 'metadata': {
      const sourceOf = (namespace?: string) => metadataListWatch(client, resource, { ...options, namespace })
      return informerOf(sourceOf, { ...META, kind: 'PartialObjectMetadata' }, options, { as: 'metadata:', lease })
    }
    case 'table': {
      const as = `table of ${options.includeObject ?? 'Metadata'}:`
      // The overload asks for both.
      const sourceOf = (namespace?: string) => tableListWatch(client as EntryClient & Requester, resource, { ...options, namespace })
      return informerOf(sourceOf, { ...META, kind: 'TableRow' }, options, { as, lease })
    }
    default:
      return newInformer(client, resource, options, lease)
  }
}

/** What does not depend on the resource, where objects are not read as they are. */
const META: Omit<Resource<never>, 'kind'> = { group: 'meta.k8s.io', version: 'v1', plural: '', scope: 'Namespaced' }

/** The Namespaces themselves, of which nothing but their names is read. */
export const Namespaces: Resource<KubeObject> = defineResource({ version: 'v1', plural: 'namespaces', kind: 'Namespace', scope: 'Cluster' })

/** What an informer of the Namespaces has in common with the one that needs them. */
type SharedByNamespaces = Pick<
  InformerOptions<KubeObject>,
  'persister' | 'cluster' | 'user' | 'backoff' | 'clock' | 'random' | 'onWake' | 'onError'
>

function leaseNamespaces(client: EntryClient, options: SharedByNamespaces): NamespacesLease {
  const { persister, cluster, user, backoff, clock, random, onWake, onError } = options
  const informer = createInformer(client, Namespaces, { persister, cluster, user, backoff, clock, random, onWake, onError })
  return { informer, release: () => informer.stop() }
}

/**
 * Makes an informer of whole objects, as {@link createInformer} does, without starting it.
 *
 * @param lease where the Namespaces are to be had when they are needed.
 */
export function newInformer<T extends KubeObject, Names extends string = never>(
  client: EntryClient,
  resource: Resource<T>,
  options: InformerOptions<T, Names>,
  lease: () => NamespacesLease,
): SharedInformer<T, Names> {
  return informerOf((namespace) => new ListWatch(client, resource, { ...options, namespace }), resource, options, { as: '', lease })
}

/** @param how.as put before the version of what is stored: rows are never read as objects. */
function informerOf<T extends KubeObject, Names extends string>(
  sourceOf: (namespace: string | undefined) => ListWatch<T>,
  expectedType: Resource<T>,
  options: Omit<InformerOptions<T, Names>, 'representation'>,
  { as, lease }: { as: string; lease: () => NamespacesLease },
): SharedInformer<T, Names> {
  const { persister, cluster, user = '', version = '', persistence: how, namespace, fallbackNamespaces: fallback, ...rest } = options
  const source = sourceOf(namespace)
  const { scope } = source
  const persistAs: Scope = { ...scope, user, version: as + version, cluster: cluster ?? scope.cluster }
  const persistence = persister && { ...how, persister, scope: persistAs }
  const informerOptions = { expectedType, ...rest }
  if (!fallback || namespace || source.resource.scope === 'Cluster') {
    return new SharedInformer<T, Names>(source, { ...informerOptions, ...(persistence && { persistence }) })
  }
  return new SharedInformer<T, Names>(
    (host) => new NamespacesFeed(host, { source: sourceOf, fallback, lease, persistence }),
    informerOptions,
  )
}
