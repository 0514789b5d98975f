import { report } from '../internal/report'
import type { KubeObject } from '../meta/object'
import type { Resource } from '../meta/resource'
import type { Persister, Scope } from '../persistence/persister'
import { type EntryClient, ListWatch, type ListWatchOptions } from '../reflector/list-watch'
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
  /** Stops the informer. Disposing of it does so too. */
  signal?: AbortSignal | undefined
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
 * ```
 */
export function createInformer<T extends KubeObject, Names extends string = never>(
  client: EntryClient,
  resource: Resource<T>,
  options: InformerOptions<T, Names> = {},
): SharedInformer<T, Names> {
  const informer = newInformer(client, resource, options)
  informer.run({ signal: options.signal }).catch(report)
  return informer
}

/** Makes the informer that {@link createInformer} starts. */
export function newInformer<T extends KubeObject, Names extends string = never>(
  client: EntryClient,
  resource: Resource<T>,
  options: InformerOptions<T, Names>,
): SharedInformer<T, Names> {
  const { persister, cluster, user = '', version = '', persistence, ...rest } = options
  const source = new ListWatch(client, resource, options)
  const { scope } = source
  const persistAs: Scope = { ...scope, user, version, cluster: cluster ?? scope.cluster }
  return new SharedInformer<T, Names>(source, {
    expectedType: resource,
    ...rest,
    ...(persister && { persistence: { ...persistence, persister, scope: persistAs } }),
  })
}
