// The sources of lists: they start a feed with their first listener, and show what is there without one.

import type { KubeObject } from '../api/object'
import type { Resource } from '../api/resource'
import type { Entry } from '../codec/entry'
import { once } from '../internal/once'
import { Opaque } from '../internal/opaque'
import type { StoreUpdate } from '../store/changes'
import { type IndexedEntries, indexed } from '../store/indexed'
import { fieldIndex } from '../store/indexer'
import type { ViewSource } from '../view/view'
import type { LiveFeed } from './feed'
import type { Feeds, LiveSelection } from './feeds'
import { IDLE, type LiveStatus } from './status'

/** The rows of a list and their status. */
export interface LiveSource<T> extends ViewSource<T> {
  /** The present status; the same object until it changes. */
  readonly status: LiveStatus
  /** Calls back after each change of {@link status}. Starts the feed. */
  subscribeStatus(listener: () => void): () => void
  /** Resolves when there is a complete state. Starts the feed. */
  whenReady(): Promise<void>
}

const NONE: readonly never[] = []

/** Everything that a selection has. */
export function collectionSource<T extends KubeObject>(feeds: Feeds, resource: Resource<T>, selection: LiveSelection): LiveSource<T> {
  return new FeedSource<T>(
    () => feeds.find(resource, selection),
    () => feeds.start(resource, selection),
    (feed) => ({
      list: () => feed.list(),
      subscribe: (listener) => feed.subscribe(listener),
    }),
  )
}

/** The objects of a kind that an owner has. Uses a feed that runs where it has these objects. */
export function ownedSource<T extends KubeObject>(
  feeds: Feeds,
  resource: Resource<T>,
  owner: { readonly uid: string; readonly namespace?: string | undefined },
): LiveSource<T> {
  const { uid, namespace } = owner
  return new FeedSource<T>(
    () => feeds.covering(resource, namespace),
    () => feeds.covering(resource, namespace) ?? feeds.start(resource, { namespace }),
    ({ informer: { indexer } }) => {
      if (!Object.hasOwn(indexer.getIndexers(), OWNER)) indexer.addIndexers({ [OWNER]: ownerUids })
      return indexed<T, typeof OWNER>(indexer as Parameters<typeof indexed<T, typeof OWNER>>[0], OWNER, uid)
    },
  )
}

/** The name of the index by the uids of owners. */
const OWNER = 'live/owner'
const ownerUids = fieldIndex(['metadata', 'ownerReferences'], (owners: readonly { readonly uid: string }[]) => owners.map(({ uid }) => uid))

class FeedSource<T extends KubeObject> extends Opaque implements LiveSource<T> {
  readonly #find: () => LiveFeed<T> | undefined
  readonly #start: () => LiveFeed<T>
  readonly #entriesOf: (feed: LiveFeed<T>) => Pick<IndexedEntries<T>, 'list' | 'subscribe'>
  /** The feed while it is held, and the entries of the feed that was read last. */
  #held: LiveFeed<T> | undefined
  #users = 0
  #read: { readonly feed: LiveFeed<T>; readonly entries: Pick<IndexedEntries<T>, 'list' | 'subscribe'> } | undefined

  constructor(
    find: () => LiveFeed<T> | undefined,
    start: () => LiveFeed<T>,
    entriesOf: (feed: LiveFeed<T>) => Pick<IndexedEntries<T>, 'list' | 'subscribe'>,
  ) {
    super()
    this.#find = find
    this.#start = start
    this.#entriesOf = entriesOf
  }

  get status(): LiveStatus {
    return this.#feed?.status ?? IDLE
  }

  list(): readonly Entry<T>[] {
    const feed = this.#feed
    return feed ? this.#entries(feed).list() : NONE
  }

  keyOf(entry: Entry<T>): string {
    return this.#feed?.informer.indexer.keyOf(entry) ?? entry.key
  }

  subscribe(listener: (update: StoreUpdate<T>) => void): () => void {
    return this.#hold((feed) => this.#entries(feed).subscribe(listener))
  }

  subscribeStatus(listener: () => void): () => void {
    return this.#hold((feed) => feed.subscribeStatus(listener))
  }

  whenReady(): Promise<void> {
    return (this.#feed ?? this.#start()).whenReady()
  }

  get #feed(): LiveFeed<T> | undefined {
    return this.#held ?? this.#find()
  }

  #entries(feed: LiveFeed<T>): Pick<IndexedEntries<T>, 'list' | 'subscribe'> {
    if (this.#read?.feed !== feed) this.#read = { feed, entries: this.#entriesOf(feed) }
    return this.#read.entries
  }

  #hold(listen: (feed: LiveFeed<T>) => () => void): () => void {
    this.#held ??= this.#start()
    const feed = this.#held
    const release = feed.hold()
    const stop = listen(feed)
    this.#users++
    return once(() => {
      stop()
      release()
      this.#users--
      if (this.#users === 0) this.#held = undefined
    })
  }
}
