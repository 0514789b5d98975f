// The everyday entry: makes and starts an informer of one collection.

import { isApiError, PersistenceError } from '../api/errors'
import type { KubeObject } from '../api/object'
import { checkResource, type Resource } from '../api/resource'
import { checkSelectors } from '../api/selector-options'
import { guarded, report } from '../internal/report'
import type { Persister, Scope } from '../persistence/persister'
import { logError } from '../reflector/problems'
import { Reflector } from '../reflector/reflector'
import { type EntryClient, ListWatch, type ListWatchOptions } from '../source/list-watch'
import type { Indexer } from '../store/indexer'
import type { InformerWorker } from '../worker/page/in-worker'
import type { Feed, FeedDeps, InformerPersistence } from './feed'
import type { NamespacesPlan } from './namespaces/each-allowed'
import type { NamespacesLease } from './namespaces/fan-in'
import type { FeedReader, InformerFeed } from './shared-feed'
import { SharedInformer, type SharedInformerOptions } from './shared-informer'
import type { InformerSource, ObjectSource, ReadAs, RequiredBy, TableSource } from './sources/source'
import type { WaitOptions } from './wait'

/**
 * The storage of {@link createInformer}, and the owner of the stored state.
 *
 * **A stored state belongs to one user, so name the user.** What a server shows depends on the user, and a stored state is shown before the
 * server responds. With a client that authenticates (`token`, or an `Authorization` header) nothing is stored or loaded until `user` is
 * given: `onError` is called once with a PersistenceError (`refused`), and the informer runs from memory. A token does not identify its
 * user, because it changes while the user stays the same. Without a token of the client's own (`kubectl proxy`, a gateway that uses
 * cookies, a `fetch` with its own credentials) the library cannot tell users apart: give `user` wherever there can be more than one, and
 * call `persister.clear({ user })` at logout.
 */
export interface PersistOptions extends Pick<InformerPersistence, 'flushIntervalMs' | 'loadTimeoutMs' | 'sensitive' | 'events'> {
  /** The storage, such as `idbPersister({ database: 'dashboard' })`. */
  to: Persister
  /**
   * A stable name of the user whose credentials the client has, such as the subject of the login. A state is never loaded for another user. The
   * identity that the client impersonates is part of the name already. Default: the empty string, which a client that authenticates may not rely on.
   * Give the empty string to say that there is only one user.
   */
  user?: string | undefined
  /** The name of the cluster that the state belongs to. Default: the client's base URL. */
  cluster?: string | undefined
  /** The version of the stored objects: change it with the transform and with `tweakListOptions`. Default: the empty string. */
  version?: string | undefined
}

/** Options of {@link createInformer}. `expectedType` defaults to the resource. */
export interface InformerOptions<T extends KubeObject, Names extends string = never, S extends InformerSource = ObjectSource>
  extends Omit<SharedInformerOptions<T, Names>, 'persistence'>,
    ListWatchOptions {
  /** The part of each object to read: `metadata()`, or `table()` for the printed columns. Default: whole objects. */
  source?: S | undefined
  /** The storage of the state across restarts. Default: none; the state is in memory only. */
  persist?: PersistOptions | undefined
  /**
   * The behaviour where the server forbids reading all namespaces: `eachAllowed(['shop'])` follows those that it allows. Has no effect for
   * one namespace and for cluster-scoped resources. Default: the informer is `denied`.
   */
  namespaces?: NamespacesPlan | undefined
  /** Closes the informer, as disposing of it does. */
  signal?: AbortSignal | undefined
  /**
   * `inWorker()` sends the requests, decodes the responses and stores them in a Worker; not with a `table()`. Default: on the main thread.
   */
  worker?: (S extends TableSource ? undefined : InformerWorker) | undefined
  /**
   * `sharedByTabs({ user })` reads the objects from a feed that all tabs of the browser share; not with a `table()` or a `worker`. Default:
   * each tab reads from the server.
   */
  feed?: (S extends TableSource ? undefined : InformerFeed) | undefined
}

/**
 * Starts an informer of one collection: the everyday entry.
 *
 * @param client a `KubeReader` or `KubeClient`, or an object with their `listEntries` and `watchEntries`.
 * @throws what the constructor of {@link SharedInformer} throws.
 * @example
 * ```ts
 * await using pods = createInformer(client, Pod, { namespace: 'shop', indexers: { node: (pod) => [pod.spec?.nodeName ?? ''] } })
 * await pods.whenSynced()
 * pods.indexer.byIndex('node', 'n1')
 * ```
 */
export function createInformer<T extends KubeObject, Names extends string = never, const S extends InformerSource = ObjectSource>(
  client: EntryClient & RequiredBy<NoInfer<S>>,
  resource: Resource<T>,
  options: InformerOptions<NoInfer<ReadAs<S, T>>, Names, S> = {},
): SharedInformer<ReadAs<S, T>, Names> {
  checkResource(resource)
  // By its type a source reads `ReadAs<S, T>`; without one, `S` is undefined and that is `T`.
  const own = options as InformerOptions<KubeObject, Names, InformerSource>
  const informer = newInformer(client, resource as unknown as Resource, own, () => leaseNamespaces(client, own))
  informer.run({ signal: options.signal }).catch(report)
  return informer as unknown as SharedInformer<ReadAs<S, T>, Names>
}

/** The part of a `Resource` that is the same for all sources. */
const META: Omit<Resource, 'kind'> = { group: 'meta.k8s.io', version: 'v1', plural: '', scope: 'Namespaced' }

/** The Namespaces. Informers read only their names. */
export const Namespaces: Resource = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', scope: 'Cluster' }

/** The options that an informer of the Namespaces inherits from the informer that needs it. */
type SharedByNamespaces = Pick<
  InformerOptions<KubeObject, string, InformerSource>,
  'persist' | 'backoff' | 'clock' | 'random' | 'onWake' | 'onError' | 'worker' | 'feed'
>

function leaseNamespaces(client: EntryClient, options: SharedByNamespaces): NamespacesLease {
  const { persist, backoff, clock, random, onWake, worker, feed } = options
  // Where listing Namespaces is forbidden, the plan's fallback is used.
  const onError = (error: unknown) => {
    if (!isApiError(error) || error.status !== 403) (options.onError ?? logError)(error)
  }
  const { to, cluster, user } = persist ?? {}
  const own = to && { to, cluster, user }
  const informer = createInformer(client, Namespaces, { persist: own, backoff, clock, random, onWake, onError, worker, feed })
  return { informer, release: () => informer.close() }
}

/**
 * Makes an informer, as {@link createInformer} does, without starting it.
 *
 * @param lease leases an informer of the Namespaces when they are needed.
 */
export function newInformer<T extends KubeObject, Names extends string = never>(
  client: EntryClient,
  resource: Resource<T>,
  options: InformerOptions<T, Names, InformerSource>,
  lease: () => NamespacesLease,
): SharedInformer<T, Names> {
  checkSelectors(options)
  const { source: reads, persist: given, namespace, namespaces, worker, feed, ...rest } = options
  const persist = given && { user: feed?.user, ...given }
  const { clock, onEvent, onError = logError } = rest
  const expectedType = reads ? ({ ...META, kind: reads.kind } as Resource<T>) : resource
  const report = (error: unknown) => {
    guarded(onEvent)?.({ type: 'error', error })
    guarded(onError)?.(error)
  }
  const refusal = persist && refuseUnnamedUser(client, expectedType, persist.user)
  if (refusal) report(refusal)
  const own = refusal ? undefined : persist?.to
  // Metadata and transforms read each text on the main thread, which packs them afterwards.
  const packsInWorker = rest.pack !== undefined && !reads && !rest.transform
  const shared = feed?.open(client, resource as unknown as Resource, options as unknown as FeedReader, own)
  const away = shared ?? worker?.offThread(client, { persister: own, clock, pack: packsInWorker, onFallback: report })
  const { client: from, persister } = away ?? { client, persister: own }
  const sourceOf = (each: string | undefined): ListWatch<T> => {
    const how: ListWatchOptions = { ...options, namespace: each }
    return reads ? (reads.listWatch(from, resource as Resource<never>, how) as ListWatch<T>) : new ListWatch(from, resource, how)
  }
  const source = sourceOf(namespace)
  const { impersonates = '' } = client
  const persistence =
    persister && persist && persistenceOf({ ...persist, to: persister }, source.scope, { impersonates, reads: reads?.name })
  const informerOptions = { expectedType, ...rest, ...(shared?.initialList && { initialList: shared.initialList }) }
  const giveBack = () => away?.release()
  const observed = (inner: Feed, { indexer }: FeedDeps<T>): Feed =>
    // The indexer holds objects of one type, which a feed does not need to know.
    shared ? shared.observe(inner, indexer as unknown as Indexer<KubeObject, string>) : inner
  if (!namespaces || namespace || source.resource.scope === 'Cluster') {
    const of = (deps: FeedDeps<T>) => observed(new Reflector(deps.transformed(source), deps.indexer, deps.options), deps)
    return new BorrowingInformer<T, Names>(shared ? of : source, { ...informerOptions, ...(persistence && { persistence }) }, giveBack)
  }
  return new BorrowingInformer<T, Names>(
    (deps) => observed(namespaces.feed(deps, { source: sourceOf, lease, persistence }), deps),
    informerOptions,
    giveBack,
  )
}

function persistenceOf(
  { to: persister, cluster, user = '', version = '', ...how }: PersistOptions,
  scope: Omit<Scope, 'user' | 'version'>,
  { impersonates, reads }: { impersonates: string; reads: string | undefined },
): InformerPersistence {
  const stored = reads ? `${reads}:${version}` : version
  return { ...how, persister, scope: { ...scope, user, impersonates, version: stored, cluster: cluster ?? scope.cluster } }
}

/** Returns the error of a client whose responses depend on a user that was not named. */
function refuseUnnamedUser(client: EntryClient, { kind }: Pick<Resource, 'kind'>, user: string | undefined): PersistenceError | undefined {
  if (user !== undefined || !client.authenticates) return undefined
  return new PersistenceError(
    'refused',
    `createInformer(${kind}): the state is kept in memory only, since the client authenticates and no user is given; give \`persist.user\``,
  )
}

/** An informer that releases borrowed resources once it has ended and its last changes are stored. */
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
      // A second call ends at once, while the informer continues.
      if (this.state === 'stopped') this.#giveBack()
    }
  }
}
