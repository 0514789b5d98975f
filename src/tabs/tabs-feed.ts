// Adds the role of the tab to an informer's feed, and ends the feed at logout.

import type { KubeObject } from '../api/object'
import type { TabsEvent } from '../informer/events'
import type { Feed, InformerStatus, TabsStatus } from '../informer/feed'
import { Listeners } from '../internal/listeners'
import type { SyncSource } from '../reflector/options'
import type { ReflectorRunOptions } from '../reflector/reflector'
import type { WhenSyncedOptions } from '../reflector/when-synced'
import type { Indexer } from '../store/indexer'
import { ClearedError } from './cleared-error'
import type { LinkNews } from './link'

/** The part of a link that a feed needs. */
export interface LinkView {
  readonly status: TabsStatus
  subscribe(listener: (news: LinkNews) => void): () => void
}

/** Options of a {@link TabsFeed}. */
export interface TabsFeedOptions {
  readonly link: LinkView
  /** The objects, which are removed at logout. */
  readonly indexer: Indexer<KubeObject, string>
  readonly onEvent: ((event: TabsEvent) => void) | undefined
}

/** An informer's feed that reads from a shared one. */
export class TabsFeed implements Feed {
  readonly #inner: Feed
  readonly #options: TabsFeedOptions
  readonly #listeners = new Listeners<InformerStatus>()
  readonly #cleared = new AbortController()
  #parts: { readonly inner: InformerStatus; readonly tabs: TabsStatus } | undefined
  #status: InformerStatus | undefined

  constructor(inner: Feed, options: TabsFeedOptions) {
    this.#inner = inner
    this.#options = options
    inner.subscribe(() => this.#listeners.notify(this.status))
  }

  get status(): InformerStatus {
    const inner = this.#inner.status
    const tabs = this.#options.link.status
    const isSame = this.#parts?.inner === inner && this.#parts.tabs === tabs
    if (this.#status && isSame) return this.#status
    this.#parts = { inner, tabs }
    this.#status = { ...inner, ...(this.#cleared.signal.aborted && { error: this.#cleared.signal.reason }), tabs }
    return this.#status
  }

  get lastSyncResourceVersion(): string {
    return this.#inner.lastSyncResourceVersion
  }

  readonly subscribe = (listener: (status: InformerStatus) => void): (() => void) => this.#listeners.add(listener)

  whenSynced(options?: WhenSyncedOptions): Promise<{ source: SyncSource }> {
    return this.#inner.whenSynced(options)
  }

  async run({ signal, hydrated }: ReflectorRunOptions & { signal: AbortSignal }): Promise<void> {
    const cleared = this.#cleared.signal
    const unsubscribe = this.#options.link.subscribe((news) => this.#take(news))
    try {
      await this.#inner.run({ signal: AbortSignal.any([signal, cleared]), hydrated })
    } finally {
      unsubscribe()
    }
    // What was applied while the run ended.
    if (cleared.aborted) this.#empty()
  }

  reconnect(): void {
    this.#inner.reconnect()
  }

  resourceVersionOf(namespace: string): string {
    return this.#inner.resourceVersionOf?.(namespace) ?? this.#options.indexer.resourceVersion
  }

  #take(news: LinkNews): void {
    switch (news.type) {
      case 'status':
        this.#listeners.notify(this.status)
        break
      case 'recovered':
        this.#inner.reconnect()
        break
      case 'forgotten':
        if (this.#cleared.signal.aborted) return
        this.#parts = undefined
        this.#cleared.abort(new ClearedError('the user has logged out, in this or another tab: the objects were removed'))
        this.#empty()
        break
      default:
        this.#options.onEvent?.(news)
        break
    }
  }

  #empty(): void {
    this.#options.indexer.replace([], '')
  }
}
