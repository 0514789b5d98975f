// The interface between an informer and a feed that several tabs share.

import type { KubeObject } from '../api/object'
import type { Resource } from '../api/resource'
import type { Clock } from '../internal/clock'
import type { Persister } from '../persistence/persister'
import type { EntryClient, ListWatchOptions } from '../source/list-watch'
import type { Indexer } from '../store/indexer'
import type { InformerEvent } from './events'
import type { Feed } from './feed'

/** Reads an informer's objects from a feed that is shared with other tabs. Made by `sharedByTabs()` of `kubeflect/tabs`. */
export interface InformerFeed {
  /** The user whose objects are shared. */
  readonly user: string
  /**
   * Opens the feed for one informer.
   *
   * @param persister the informer's storage, unless it was refused.
   * @throws TypeError for options that a shared feed excludes.
   */
  open(client: EntryClient, resource: Resource, reader: FeedReader, persister: Persister | undefined): OpenFeed
}

/** The options of an informer that matter to a shared feed. */
export interface FeedReader extends Pick<ListWatchOptions, 'fieldSelector' | 'managedFields' | 'tweakListOptions'> {
  /** The kind of the objects that arrive, unless they are whole objects. */
  readonly source?: { readonly kind: string } | undefined
  readonly persist?: { readonly user?: string | undefined; readonly sensitive?: readonly string[] | undefined } | undefined
  readonly clock?: Clock | undefined
  readonly onEvent?: ((event: InformerEvent) => void) | undefined
  /** Set by informers whose objects are not those of the server, or not all of them. */
  readonly transform?: unknown
  readonly keyFunc?: unknown
  readonly expectedType?: unknown
  readonly namespaces?: unknown
  readonly worker?: unknown
}

/** One informer's use of a shared feed. */
export interface OpenFeed {
  readonly client: EntryClient
  readonly persister: Persister | undefined
  /** The way to read the initial state; undefined leaves it to the informer. Shared states are listed, since a list crosses in chunks. */
  readonly initialList?: 'list' | undefined
  /** Adds the role of the tab to the status of an informer's own feed. */
  observe(feed: Feed, indexer: Indexer<KubeObject, string>): Feed
  /** Ends the use. No call may follow. */
  release(): void
}
