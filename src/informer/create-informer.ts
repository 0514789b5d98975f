import { isApiError, PersistenceError } from '../errors'
import { logError } from '../internal/problems'
import { guarded, report } from '../internal/report'
import type { KubeObject } from '../meta/object'
import type { PartialObjectMetadata } from '../meta/partial-object-metadata'
import { checkResource, type Resource } from '../meta/resource'
import type { Persister, Scope } from '../persistence/persister'
import { type EntryClient, ListWatch, type ListWatchOptions } from '../reflector/list-watch'
import { metadataListWatch } from '../reflector/metadata'
import { type RowInclude, type RowOf, type TableListWatchOptions, tableListWatch } from '../reflector/table'
import type { Requester } from '../transport/requester'
import { OffThread } from '../worker/off-thread'
import type { WorkerSource } from '../worker/place'
import type { InformerPersistence } from './feed'
import type { NamespacesLease } from './namespaces-fan-in'
import { NamespacesFeed } from './namespaces-feed'
import { SharedInformer, type SharedInformerOptions } from './shared-informer'
import type { WaitOptions } from './wait'

/**
 * How {@link createInformer} persists its state.
 *
 * **A stored state belongs to one user, so say which.** What a server shows depends on the user, and a stored state is shown before the server is
 * asked. With a client that authenticates (`token`, or an `Authorization` header) nothing is stored or loaded until `user` is named: `onError` is
 * called with a PersistenceError (`refused`) once, and the informer runs from memory. A token does not name its user: it changes while the user
 * stays the same. Without a token of the client's own (`kubectl proxy`, a gateway that uses cookies, a `fetch` with credentials of its own) the
 * library cannot tell users apart, so name `user` wherever there can be more than one, and call `persister.clear({ user })` at logout.
 */
export interface PersistOptions {
  /** Where the state is kept across restarts. Default: in memory only. */
  persister?: Persister | undefined
  /** The name of the cluster that the state is kept under. Default: the client's base URL. */
  cluster?: string | undefined
  /**
   * A stable name of the user whose credentials the client has, such as the subject of the login; the state is never loaded for another one. The
   * identity that the client impersonates is kept apart by itself. Default: the empty string, which a client that authenticates may not rely on; an
   * empty string that is given says that there is only one user.
   */
  user?: string | undefined
  /** The version of what is stored: change it with the transform and with `tweakListOptions`. Default: the empty string. */
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
  /**
   * Makes the requests, cuts what they bring and stores it, if with an `idbPersister`, in a Worker. `true` starts one for all informers of the
   * client; a Worker of one's own imports `kubeflect/worker`. Where there is none to be had, or the client was given `fetch` or `hooks`, everything
   * is done on the main thread, and `onError` and `onEvent` are told why. Default: on the main thread.
   */
  worker?: WorkerSource | false | undefined
}

/** What {@link createInformer} takes for an informer of nothing but metadata. */
export interface MetadataInformerOptions<Names extends string = never>
  extends Omit<InformerOptions<PartialObjectMetadata, Names>, 'representation'> {
  representation: 'metadata'
}

/** What {@link createInformer} takes for an informer of what the server would print: one row for each object. */
export interface TableInformerOptions<T extends KubeObject, I extends RowInclude = 'Metadata', Names extends string = never>
  extends Omit<InformerOptions<RowOf<T, I>, Names>, 'representation' | 'worker'>,
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
  checkResource(resource)
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
      const sourceOf: SourceOf<PartialObjectMetadata> = (from, namespace) => metadataListWatch(from, resource, { ...options, namespace })
      return informerOf(client, sourceOf, { ...META, kind: 'PartialObjectMetadata' }, options, { as: 'metadata:', lease })
    }
    case 'table': {
      const as = `table of ${options.includeObject ?? 'Metadata'}:`
      // The overload asks for both.
      const sourceOf: SourceOf<RowOf<T, I>> = (_, namespace) =>
        tableListWatch(client as EntryClient & Requester, resource, { ...options, namespace })
      return informerOf(client, sourceOf, { ...META, kind: 'TableRow' }, options, { as, lease })
    }
    default:
      return newInformer(client, resource, options, lease)
  }
}

/** What does not depend on the resource, where objects are not read as they are. */
const META: Omit<Resource<never>, 'kind'> = { group: 'meta.k8s.io', version: 'v1', plural: '', scope: 'Namespaced' }

/** The Namespaces themselves, of which nothing but their names is read. */
export const Namespaces: Resource = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', scope: 'Cluster' }

/** What an informer of the Namespaces has in common with the one that needs them. */
type SharedByNamespaces = Pick<
  InformerOptions<KubeObject>,
  'persister' | 'cluster' | 'user' | 'backoff' | 'clock' | 'random' | 'onWake' | 'onError' | 'worker'
>

function leaseNamespaces(client: EntryClient, options: SharedByNamespaces): NamespacesLease {
  const { persister, cluster, user, backoff, clock, random, onWake, worker } = options
  // That listing them is forbidden is what `fallbackNamespaces` is for.
  const onError = (error: unknown) => {
    if (!isApiError(error) || error.status !== 403) (options.onError ?? logError)(error)
  }
  const informer = createInformer(client, Namespaces, { persister, cluster, user, backoff, clock, random, onWake, onError, worker })
  return { informer, release: () => informer.close() }
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
  const sourceOf: SourceOf<T> = (from, namespace) => new ListWatch(from, resource, { ...options, namespace })
  return informerOf(client, sourceOf, resource, options, { as: '', lease })
}

type SourceOf<T extends KubeObject> = (client: EntryClient, namespace: string | undefined) => ListWatch<T>

/** @param how.as put before the version of what is stored: rows are never read as objects. */
function informerOf<T extends KubeObject, Names extends string>(
  client: EntryClient,
  sourceOf: SourceOf<T>,
  expectedType: Resource<T>,
  options: Omit<InformerOptions<T, Names>, 'representation'>,
  { as, lease }: { as: string; lease: () => NamespacesLease },
): SharedInformer<T, Names> {
  const { persister: asked, cluster, user, version = '', persistence: how, namespace, fallbackNamespaces, worker, ...rest } = options
  const { clock, onEvent, onError = logError } = rest
  const tell = (error: unknown) => {
    guarded(onEvent)?.({ type: 'error', error })
    guarded(onError)?.(error)
  }
  const refusal = asked && refuseUnnamedUser(client, expectedType, user)
  if (refusal) tell(refusal)
  const own = refusal ? undefined : asked
  const away = worker ? new OffThread(client, { worker, persister: own, clock, onFallback: tell }) : undefined
  const { client: from, persister } = away ?? { client, persister: own }
  const source = sourceOf(from, namespace)
  const { scope } = source
  const { impersonates = '' } = client
  const persistAs: Scope = { ...scope, user: user ?? '', impersonates, version: as + version, cluster: cluster ?? scope.cluster }
  const persistence = persister && { ...how, persister, scope: persistAs }
  const informerOptions = { expectedType, ...rest }
  const giveBack = () => away?.release()
  if (!fallbackNamespaces || namespace || source.resource.scope === 'Cluster') {
    return new BorrowingInformer<T, Names>(source, { ...informerOptions, ...(persistence && { persistence }) }, giveBack)
  }
  const feedOptions = { source: (each: string) => sourceOf(from, each), fallback: fallbackNamespaces, lease, persistence }
  return new BorrowingInformer<T, Names>((host) => new NamespacesFeed(host, feedOptions), informerOptions, giveBack)
}

/** The error of a client whose answers depend on a user that was not named. */
function refuseUnnamedUser(client: EntryClient, { kind }: Pick<Resource, 'kind'>, user: string | undefined): PersistenceError | undefined {
  if (user !== undefined || !client.authenticates) return undefined
  return new PersistenceError(
    'refused',
    `createInformer(${kind}): the state is kept in memory only, since the client authenticates and no user is named; give \`user\` beside \`persister\``,
  )
}

/** Gives back what it was lent when it has ended, and its last changes are stored. */
class BorrowingInformer<T extends KubeObject, Names extends string> extends SharedInformer<T, Names> {
  readonly #giveBack: () => void

  constructor(
    source: ConstructorParameters<typeof SharedInformer<T, Names>>[0],
    options: SharedInformerOptions<T, Names>,
    giveBack: () => void,
  ) {
    super(source, options)
    this.#giveBack = giveBack
  }

  override async run(options?: WaitOptions): Promise<void> {
    try {
      await super.run(options)
    } finally {
      // Called a second time, it ends at once; the informer does not.
      if (this.state === 'stopped') this.#giveBack()
    }
  }
}
