// A shared cache of one source, with handlers.

import { type KeyFunc, metaNamespaceKey } from '../api/keys'
import type { KubeObject } from '../api/object'
import { compareResourceVersions, isResourceVersion } from '../api/resource-version'
import { systemClock } from '../internal/clock'
import { Opaque } from '../internal/opaque'
import { guarded, report } from '../internal/report'
import type { Scope } from '../persistence/persister'
import { refuseSecrets } from '../persistence/sensitive'
import { StorePersistence } from '../persistence/store-persistence'
import { expectedTypeCheck } from '../reflector/expected-type'
import type { ReflectorOptions, ReflectorState, SyncSource } from '../reflector/options'
import { logError } from '../reflector/problems'
import { Reflector } from '../reflector/reflector'
import type { WhenSyncedOptions } from '../reflector/when-synced'
import type { ListerWatcher } from '../source/lister-watcher'
import { type Transform, TransformingListerWatcher } from '../source/transform'
import type { StoreUpdate } from '../store/changes'
import { Indexer, type Indexers } from '../store/indexer'
import { Lister } from '../store/lister'
import { type InformerEvent, observedPersister } from './events'
import type { Feed, FeedDeps, InformerPersistence, InformerStatus, WaitForResourceVersionOptions } from './feed'
import { type ChangesOptions, changesOf } from './handlers/changes'
import type { ChangeHandler, EventHandler, HandlerOptions, HandlerRegistration } from './handlers/handler'
import type { InformerChange } from './handlers/notifications'
import { Processor } from './handlers/processor'
import { Registration } from './handlers/registration'
import type { Packing } from './packing/packing'
import { until } from './until'
import type { WaitOptions } from './wait'

/** Options of a {@link SharedInformer}. */
export interface SharedInformerOptions<T extends KubeObject, Names extends string = never> extends ReflectorOptions<T> {
  /** The indexes of the objects, besides `namespace`. */
  indexers?: Indexers<T, Names> | undefined
  /** Changes every object before it enters the store. */
  transform?: Transform<T> | undefined
  /** The interval at which handlers without a period of their own receive every object again, in milliseconds; default 0, never. */
  resyncPeriodMs?: number | undefined
  /** `packing()` keeps unread objects packed, in about a sixth of the memory. Default: each object is kept as its text. */
  pack?: Packing | undefined
  /** Default: the state is kept in memory only. */
  persistence?: InformerPersistence | undefined
  /**
   * The key under which an object is kept, for APIs that serve several objects with one namespace and name. Default: namespace and name.
   *
   * @see client-go `cache.KeyFunc`
   */
  keyFunc?: KeyFunc | undefined
  /**
   * Called when something goes wrong. The informer recovers by itself, so that no action is needed here. A problem of the feed is reported
   * once per kind until the feed works again (no connection, access denied, an object refused). Errors thrown by handlers, the transform,
   * index functions and the persister are reported each time. `onEvent` receives every error, and `status.error` is the one that affects
   * the feed now.
   *
   * Default: `console.error`, with a message that names the request and the root cause. Errors thrown by handlers are reported as uncaught
   * errors.
   */
  onError?: ((error: unknown) => void) | undefined
  /**
   * Called with each event of the feed, the storage and the handlers, and with each error; for logs, metrics and traces. Errors that it
   * throws are reported and have no other effect. Default: no events are computed.
   */
  onEvent?: ((event: InformerEvent) => void) | undefined
}

/**
 * Keeps the objects of one source in memory, and calls any number of handlers for each change. Its parts can be used alone: a {@link Reflector}
 * keeps an {@link Indexer} up to date, and a {@link StorePersistence} stores it.
 *
 * @example
 * ```ts
 * const informer = new SharedInformer(new ListWatch(client, Pod))
 * informer.addEventHandler({ onAdd: (pod) => console.log(pod.metadata.name) })
 * await informer.run({ signal })
 * ```
 * @see client-go `cache.SharedIndexInformer`
 */
export class SharedInformer<T extends KubeObject, Names extends string = never> extends Opaque implements AsyncDisposable {
  /** The entries by key and by index. Only the informer may change them. */
  readonly indexer: Indexer<T, Names>
  /** Reads the entries by name, namespace and labels. */
  readonly lister: Lister<T, Names>
  /** The stored copy of the state; undefined when the state is kept in memory only, or per namespace (`eachAllowed`). */
  readonly persistence: StorePersistence<T> | undefined
  readonly #feed: Feed
  readonly #processor: Processor<T>
  readonly #options: SharedInformerOptions<T, Names>
  readonly #emit: ((event: InformerEvent) => void) | undefined
  readonly #stopping = new AbortController()
  #running: Promise<void> | undefined

  /**
   * @param source the source of the objects, or a function that makes a feed of several reflectors.
   * @throws PersistenceError with code `'refused'` for secrets that must not be stored; TypeError for an index named `namespace`;
   *   RangeError for an invalid period.
   */
  constructor(source: ListerWatcher<T> | ((deps: FeedDeps<T>) => Feed), options: SharedInformerOptions<T, Names> = {}) {
    super()
    const { indexers, transform, persistence, clock = systemClock, resyncPeriodMs = 0, keyFunc = metaNamespaceKey } = options
    this.#options = options
    // Also checks the source, because a caller may choose any name for the scope.
    if (persistence && 'scope' in source) refuseSecrets(source.scope as Scope, persistence)
    const emit = guarded(options.onEvent)
    this.#emit = emit
    const onError = (error: unknown) => this.#report(error)
    this.indexer = new Indexer(keyFunc, indexers, { onError })
    this.lister = new Lister(this.indexer)
    const check = expectedTypeCheck(options.expectedType)
    // The processor handles resyncs, because each handler has its own period.
    const deps: FeedDeps<T> = {
      indexer: this.indexer,
      options: { ...options, resyncPeriodMs: 0, onError: (error) => this.#tell(error) },
      transformed: (from) => (transform ? new TransformingListerWatcher(from, transform, onError) : from),
      persisted: (store, { persister, scope, ...how }) => {
        const observed = emit ? observedPersister(persister, clock, emit) : persister
        return new StorePersistence(store, observed, scope, { ...how, check, clock, onError })
      },
      report: onError,
    }
    this.#feed = typeof source === 'function' ? source(deps) : new Reflector(deps.transformed(source), deps.indexer, deps.options)
    this.#processor = new Processor({
      clock,
      resyncPeriodMs,
      list: () => this.indexer.list(),
      isSynced: () => this.hasSynced,
      emit,
    })
    this.indexer.subscribe((update) => this.#processor.take(update))
    const unsubscribe = this.#feed.subscribe(({ hasSynced }) => {
      if (!hasSynced) return
      unsubscribe()
      this.#processor.synced()
    })
    if (persistence) this.persistence = deps.persisted(this.indexer, persistence)
  }

  /** The same as {@link indexer}. */
  get store(): Indexer<T, Names> {
    return this.indexer
  }

  /**
   * Returns the objects, in no particular order. Parses every entry; to show a few of many, read `entry.object` of those.
   *
   * @throws ParseError when an entry's text is not JSON. The entry is dropped and fetched again.
   */
  objects(): T[] {
    return this.indexer.objects()
  }

  /** The state of the feed. */
  get state(): ReflectorState {
    return this.status.state
  }

  /** The status of the feed: a new object after each change, fit for `useSyncExternalStore`. */
  get status(): InformerStatus {
    return this.#feed.status
  }

  /** Whether the server has confirmed or delivered the objects at least once. */
  get hasSynced(): boolean {
    return this.status.hasSynced
  }

  /** The version of the last list, event or bookmark; the empty string before the first. */
  get lastSyncResourceVersion(): string {
    return this.#feed.lastSyncResourceVersion
  }

  /** Calls `listener` after each change of {@link status}. Returns the function that ends it. Bound. */
  readonly subscribe = (listener: (status: InformerStatus) => void): (() => void) => this.#feed.subscribe(listener)

  /**
   * Starts the next attempt at once if the feed waits for it, and checks that an open connection is alive: the action of a "Retry now"
   * button. No-op while the connection delivers data. Bound.
   */
  readonly reconnect = (): void => this.#feed.reconnect()

  /**
   * Adds a handler. It receives the objects present (`isInInitialList`), then each change. It is never called before this method returns.
   *
   * @param handler receives objects, or entries that are parsed on access.
   * @throws Error when the informer has stopped; RangeError for an invalid option.
   */
  addEventHandler(handler: EventHandler<T> | ChangeHandler<T>, options: HandlerOptions = {}): HandlerRegistration {
    return new Registration({ processor: this.#processor, report: (error) => this.#report(error) }, handler, options)
  }

  /**
   * Yields the objects present as added, then each change. A slow loop does not block the informer: changes wait. Objects are parsed when
   * the loop reads them.
   *
   * @throws from the first step of the loop: Error when the informer has stopped; RangeError for an invalid option.
   */
  changes(options: ChangesOptions = {}): AsyncGenerator<InformerChange<T>, void, undefined> {
    return changesOf(this.#processor, options)
  }

  /**
   * Resolves when the server has confirmed or delivered the objects. Handlers may not have received all of them yet.
   *
   * @throws the signal's reason; the server's error when it denies and `onDenied` is `'reject'`; an Error when the informer is closed first.
   */
  whenSynced(options?: WhenSyncedOptions): Promise<{ source: SyncSource }> {
    return this.#feed.whenSynced(options)
  }

  /**
   * Resolves when the objects are at least as new as a version, so that a caller can read its own write. Versions are compared as numbers.
   * An opaque version is reached when an object or the collection has exactly that version.
   *
   * @param resourceVersion a version such as the `metadata.resourceVersion` in the response to a write.
   * @throws TypeError when it is not a resourceVersion; the signal's reason; an Error when the informer is closed first.
   */
  async waitForResourceVersion(resourceVersion: string, { signal, namespace }: WaitForResourceVersionOptions = {}): Promise<void> {
    if (typeof resourceVersion !== 'string' || resourceVersion === '') {
      throw new TypeError(
        `waitForResourceVersion: expected the metadata.resourceVersion of an object, got ${JSON.stringify(resourceVersion) ?? 'undefined'}`,
      )
    }
    const isOpaque = !isResourceVersion(resourceVersion)
    const isExact = (entry: { readonly resourceVersion: string }) => entry.resourceVersion === resourceVersion
    const check = (update?: StoreUpdate<T>) => {
      const own = namespace === undefined ? undefined : this.#feed.resourceVersionOf?.(namespace)
      if (hasReached(own ?? this.indexer.resourceVersion, resourceVersion)) return true
      return update ? update.changes.some(({ entry }) => isExact(entry)) : isOpaque && this.indexer.list().some(isExact)
    }
    await until(this, check, { signal, unmet: `it had reached resourceVersion ${resourceVersion}` })
  }

  /**
   * Resolves with the first result of a condition. Calls it once the server has confirmed or delivered the objects, then after each change.
   *
   * @param condition returns undefined or `false` to go on waiting.
   * @throws what the condition throws; the signal's reason; the server's error when it denies and `onDenied` is `'reject'`; an Error when the
   *   informer is closed first.
   * @example
   * ```ts
   * const pod = await pods.waitFor((all) => all.get('shop/web-1'), { signal })
   * ```
   */
  async waitFor<R>(condition: (all: Indexer<T, Names>) => R | undefined | false, options: WhenSyncedOptions = {}): Promise<R> {
    await this.whenSynced(options)
    return until(this, () => condition(this.indexer), { signal: options.signal, unmet: 'the condition was met' })
  }

  /**
   * Loads the stored state, if any, then lists and watches until the signal is aborted or {@link close} is called. Resolves when the last
   * changes are stored. Aborting is not an error.
   *
   * @throws Error on a second call, because an informer runs once.
   */
  async run({ signal }: WaitOptions = {}): Promise<void> {
    if (this.#running) throw new Error('the informer was started or stopped before: make another informer')
    const { signal: stopping } = this.#stopping
    this.#running = this.#run(signal ? AbortSignal.any([signal, stopping]) : stopping)
    await this.#running
  }

  /** Ends {@link run}. Resolves when the last changes are stored. Calling it again is a no-op. */
  async close(): Promise<void> {
    this.#stopping.abort()
    // An informer that never ran ends as well: pending waits reject.
    this.#running ??= this.#run(this.#stopping.signal)
    await this.#running
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { persistence, onArrival, pack, clock = systemClock } = this.#options
    this.#processor.start()
    const stopPacking = pack?.start(this.indexer, clock)
    const end = () => {
      this.#processor.stop()
      stopPacking?.()
    }
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
    const hydrated = this.persistence?.start({ signal, loadTimeoutMs: persistence?.loadTimeoutMs, onArrival })
    await this.#feed.run({ signal, hydrated })
    await this.persistence?.close()
  }

  #report(error: unknown): void {
    this.#emit?.({ type: 'error', error })
    this.#tell(error)
  }

  #tell(error: unknown): void {
    const { onError = logError } = this.#options
    try {
      onError(error)
    } catch (thrown) {
      report(thrown)
    }
  }
}

function hasReached(reached: string, wanted: string): boolean {
  if (reached === wanted) return true
  return isResourceVersion(reached) && isResourceVersion(wanted) && compareResourceVersions(reached, wanted) >= 0
}
