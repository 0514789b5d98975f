// Tracks whether the store holds every object of the collection, and reports what it lacks.

import { WatchError } from '../api/errors'
import { newestOf } from './history-check'
import type { ApplyObserver, ReflectorEvent, ReflectorStore } from './options'
import type { Problems } from './problems'

/** The surroundings of a {@link Completeness}. */
export interface CompletenessDeps<T> {
  readonly store: ReflectorStore<T>
  readonly problems: Problems
  readonly emit: ((event: ReflectorEvent) => void) | undefined
}

/** Reports objects that the store lacks and oddities of the server, and remembers whether anything is missing. */
export class Completeness<T> {
  readonly #deps: CompletenessDeps<T>
  #isComplete = true
  #isUnversioned = false
  // The store's content when a server's history was doubted.
  #doubted: { readonly size: number; readonly resourceVersion: string } | undefined

  constructor(deps: CompletenessDeps<T>) {
    this.#deps = deps
  }

  /** Whether the store keeps every object of the collection, as far as known. It does not when objects are refused. */
  get isComplete(): boolean {
    return this.#isComplete
  }

  /** Reports an object that was skipped. */
  skipped(error: unknown): void {
    this.#isComplete = false
    this.#report(error)
  }

  /** Reports, once, that the server's bookmarks have no version. */
  unversioned(): void {
    if (!this.#isUnversioned) this.#report(new WatchError('the server sends bookmarks without a resourceVersion, which are ignored'))
    this.#isUnversioned = true
  }

  /** Receives events that do not fit the store. */
  readonly observer: ApplyObserver<T> = {
    outdated: ({ key, resourceVersion }) =>
      this.#report(new WatchError(`skipped an event for ${key}: its version ${resourceVersion} is older than the store's`)),
    collided: ({ key }) =>
      this.skipped(
        new WatchError(`several objects are called ${key}: each change of one replaces the other (keyFunc can tell them apart)`),
      ),
  }

  /** Remembers the store's content, because the server's history differs from it. */
  doubt(): void {
    this.#doubted = this.#measure()
  }

  /** Handles a complete state. If it equals the one that was doubted, the history was fine, and the store lacks objects. */
  replaced(): void {
    const doubted = this.#doubted
    this.#doubted = undefined
    if (!doubted) return
    const { size, resourceVersion } = this.#measure()
    this.#isComplete = size !== doubted.size || resourceVersion !== doubted.resourceVersion
  }

  #measure(): { size: number; resourceVersion: string } {
    const entries = this.#deps.store.list?.() ?? []
    return { size: entries.length, resourceVersion: newestOf(entries)?.resourceVersion ?? '' }
  }

  #report(error: unknown): void {
    this.#deps.emit?.({ type: 'error', error, kind: 'skipped' })
    this.#deps.problems.report('skipped', error)
  }
}
