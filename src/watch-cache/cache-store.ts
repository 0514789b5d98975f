// Lets a reflector fill a watch cache, and a persister keep its state.

import type { KubeObject } from '../api/object'
import type { Entry } from '../codec/entry'
import { Listeners } from '../internal/listeners'
import type { PersistableStore } from '../persistence/persistence-options'
import type { EntryChange, ReflectorStore } from '../reflector/options'
import type { StoreUpdate } from '../store/changes'
import type { WatchCache } from './watch-cache'

/** A watch cache as the store of a reflector. */
export class CacheStore implements ReflectorStore<KubeObject>, PersistableStore<KubeObject> {
  readonly #cache: WatchCache
  readonly #updates = new Listeners<StoreUpdate<KubeObject>>()

  constructor(cache: WatchCache) {
    this.#cache = cache
  }

  get resourceVersion(): string {
    return this.#cache.resourceVersion
  }

  list(): readonly Entry<KubeObject>[] {
    return this.#cache.entries()
  }

  apply(changes: readonly EntryChange<KubeObject>[], resourceVersion: string): void {
    this.#cache.apply(changes)
    this.#cache.bookmark(resourceVersion)
    this.#updates.notify({
      type: 'apply',
      changes: changes.map(({ type, entry }) => ({ type: type === 'DELETED' ? 'deleted' : 'added', entry })),
      resourceVersion,
    })
  }

  replace(entries: readonly Entry<KubeObject>[], resourceVersion: string): void {
    this.#cache.replace(entries, resourceVersion)
    this.#updates.notify({ type: 'replace', changes: [], resourceVersion })
  }

  bookmark(resourceVersion: string): void {
    this.#cache.bookmark(resourceVersion)
    this.#updates.notify({ type: 'apply', changes: [], resourceVersion })
  }

  /** Does nothing: a resync changes no object. */
  resync(): void {}

  hydrate(entries: readonly Entry<KubeObject>[], resourceVersion: string): boolean {
    if (this.#cache.resourceVersion !== '') return false
    this.#cache.reset(entries, resourceVersion)
    return true
  }

  readonly subscribe = (listener: (update: StoreUpdate<KubeObject>) => void): (() => void) => this.#updates.add(listener)
}
