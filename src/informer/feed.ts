// The interfaces between an informer, its feed and its storage.

import type { KubeObject } from '../api/object'
import type { PersistableStore, StorePersistenceOptions, StorePersistenceStartOptions } from '../persistence/persistence-options'
import type { Persister, Scope } from '../persistence/persister'
import type { StorePersistence } from '../persistence/store-persistence'
import type { ReflectorOptions, ReflectorStatus, SyncSource } from '../reflector/options'
import type { ReflectorRunOptions } from '../reflector/reflector'
import type { WhenSyncedOptions } from '../reflector/when-synced'
import type { ListerWatcher } from '../source/lister-watcher'
import type { Indexer } from '../store/indexer'
import type { WaitOptions } from './wait'

/** The storage of an informer's state. */
export interface InformerPersistence
  extends Omit<StorePersistenceOptions, 'onError' | 'clock' | 'check'>,
    Pick<StorePersistenceStartOptions, 'loadTimeoutMs'> {
  persister: Persister
  /** The identity of the stored state. Its `version` changes with the transform. */
  scope: Scope
}

/** The status of an informer's feed: a new object after each change. */
export interface InformerStatus extends ReflectorStatus {
  /**
   * The status of each namespace, including denied ones, while an informer with `eachAllowed` follows single namespaces; otherwise
   * undefined.
   */
  readonly namespaces?: ReadonlyMap<string, ReflectorStatus> | undefined
  /** The part that the tab takes in sharing feeds with other tabs (`sharedByTabs`); otherwise undefined. */
  readonly tabs?: TabsStatus | undefined
}

/** The part that a tab takes in sharing feeds: a new object after each change. */
export interface TabsStatus {
  /**
   * `shared`: a SharedWorker owns the feeds of all tabs. `leader`: a Worker of this tab does. `follower`: a Worker of another tab does.
   * `alone`: this tab makes its own requests.
   */
  readonly role: 'shared' | 'leader' | 'follower' | 'alone'
  /** The name of the current owner of the feeds; undefined while the tab has none. */
  readonly owner: string | undefined
  /** The number of tabs that the owner serves. */
  readonly tabs: number
  /** The number of feeds that the owner reads from the server; undefined when the tab is alone. */
  readonly upstream: number | undefined
  /** Why there is no SharedWorker, or the tab is alone; otherwise undefined. */
  readonly why: string | undefined
}

/** Keeps an informer's objects up to date: a `Reflector`, or several that act as one. */
export interface Feed {
  readonly status: InformerStatus
  readonly lastSyncResourceVersion: string
  subscribe(listener: (status: InformerStatus) => void): () => void
  whenSynced(options?: WhenSyncedOptions): Promise<{ source: SyncSource }>
  /** Runs until the signal is aborted, then until the last changes are stored. */
  run(options: ReflectorRunOptions & { signal: AbortSignal }): Promise<void>
  /** Starts the next attempt at once if the feed waits for it, and checks that an open connection is alive. */
  reconnect(): void
  /** Returns the version of the objects of one namespace; absent where that is the store's version. */
  resourceVersionOf?(namespace: string): string
}

/** The surroundings of a {@link Feed}, provided by its informer. */
export interface FeedDeps<T extends KubeObject> {
  /** The store of the objects. */
  readonly indexer: Indexer<T, string>
  /** The options of its reflectors. */
  readonly options: ReflectorOptions<T>
  /** Applies the informer's transform, if any, to a source. */
  transformed(source: ListerWatcher<T>): ListerWatcher<T>
  /** Stores a store's state across restarts. @throws PersistenceError with code `'refused'` for secrets that must not be stored. */
  persisted(store: PersistableStore<T>, persistence: InformerPersistence): StorePersistence<T>
  /** Reports errors that do not come from the feed. */
  report(error: unknown): void
}

/** Options of `waitForResourceVersion`. */
export interface WaitForResourceVersionOptions extends WaitOptions {
  /**
   * The namespace of the written object. Waits for that namespace only, instead of a bookmark of each namespace, which takes about a
   * minute. Has an effect only while an informer follows single namespaces.
   */
  namespace?: string | undefined
}
