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

/** Where an informer keeps its state across restarts. */
export interface InformerPersistence
  extends Omit<StorePersistenceOptions, 'onError' | 'clock' | 'check'>,
    Pick<StorePersistenceStartOptions, 'loadTimeoutMs'> {
  persister: Persister
  /** What the state belongs to; its `version` changes with the transform. */
  scope: Scope
}

/** The status of an informer's feed: a new object after each change. */
export interface InformerStatus extends ReflectorStatus {
  /** The status of each namespace, denied ones included, while an informer with `eachAllowed` follows single namespaces; else undefined. */
  readonly namespaces?: ReadonlyMap<string, ReflectorStatus> | undefined
}

/** What keeps an informer's objects up to date: a `Reflector`, or several that act as one. */
export interface Feed {
  readonly status: InformerStatus
  readonly lastSyncResourceVersion: string
  subscribe(listener: (status: InformerStatus) => void): () => void
  whenSynced(options?: WhenSyncedOptions): Promise<{ source: SyncSource }>
  /** Runs until the signal is aborted, and then to the end of what has to be stored. */
  run(options: ReflectorRunOptions & { signal: AbortSignal }): Promise<void>
  /** Ends a wait before the next attempt, and checks that what is open is alive. */
  reconnect(): void
  /** The version that the objects of one namespace are at; left out where that is the store's own. */
  resourceVersionOf?(namespace: string): string
}

/** What a {@link Feed} is given by its informer. */
export interface FeedHost<T extends KubeObject> {
  /** Where the objects go. */
  readonly indexer: Indexer<T, string>
  /** How reflectors are to work. */
  readonly options: ReflectorOptions<T>
  /** Puts the informer's transform, if there is one, behind a source. */
  transformed(source: ListerWatcher<T>): ListerWatcher<T>
  /** Keeps a store's state from one life to the next. @throws PersistenceError with code `'refused'` for secrets that are not to be stored. */
  persisted(store: PersistableStore<T>, persistence: InformerPersistence): StorePersistence<T>
  /** Called with errors that are not the feed's. */
  report(error: unknown): void
}

/** How to wait for a version. */
export interface WaitForResourceVersionOptions extends WaitOptions {
  /**
   * The namespace of the object that was written: then only that one has to have come so far, which is at once, rather than all of them, which
   * takes a bookmark of each, about a minute. Makes a difference only while an informer makes do with single namespaces.
   */
  namespace?: string | undefined
}
