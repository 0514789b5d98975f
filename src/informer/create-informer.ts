import { report } from '../internal/report'
import type { KubeObject } from '../meta/object'
import type { PartialObjectMetadata } from '../meta/partial-object-metadata'
import type { Resource } from '../meta/resource'
import type { Persister, Scope } from '../persistence/persister'
import { type EntryClient, ListWatch, type ListWatchOptions } from '../reflector/list-watch'
import { metadataListWatch } from '../reflector/metadata'
import { type RowInclude, type RowOf, type TableListWatchOptions, tableListWatch } from '../reflector/table'
import type { Requester } from '../transport/requester'
import { type InformerPersistence, SharedInformer, type SharedInformerOptions } from './shared-informer'

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
  switch (options.representation) {
    case 'metadata':
      return informerOf(metadataListWatch(client, resource, options), { ...META, kind: 'PartialObjectMetadata' }, options, 'metadata:')
    case 'table': {
      const as = `table of ${options.includeObject ?? 'Metadata'}:`
      // The overload asks for both.
      return informerOf(tableListWatch(client as EntryClient & Requester, resource, options), { ...META, kind: 'TableRow' }, options, as)
    }
    default:
      return newInformer(client, resource, options)
  }
}

/** What does not depend on the resource, where objects are not read as they are. */
const META: Omit<Resource<never>, 'kind'> = { group: 'meta.k8s.io', version: 'v1', plural: '', scope: 'Namespaced' }

/** Makes an informer of whole objects, as {@link createInformer} does, without starting it. */
export function newInformer<T extends KubeObject, Names extends string = never>(
  client: EntryClient,
  resource: Resource<T>,
  options: InformerOptions<T, Names>,
): SharedInformer<T, Names> {
  return informerOf(new ListWatch(client, resource, options), resource, options, '')
}

/** @param as put before the version of what is stored: rows are never read as objects. */
function informerOf<T extends KubeObject, Names extends string>(
  source: ListWatch<T>,
  expectedType: Resource<T>,
  options: Omit<InformerOptions<T, Names>, 'representation'>,
  as: string,
): SharedInformer<T, Names> {
  const { persister, cluster, user = '', version = '', persistence, ...rest } = options
  const { scope } = source
  const persistAs: Scope = { ...scope, user, version: as + version, cluster: cluster ?? scope.cluster }
  return new SharedInformer<T, Names>(source, {
    expectedType,
    ...rest,
    ...(persister && { persistence: { ...persistence, persister, scope: persistAs } }),
  })
}
