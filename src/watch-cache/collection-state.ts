// The entries of a collection, and the changes that led to them.

import { compareResourceVersions, isResourceVersion } from '../api/resource-version'
import type { Entry } from '../codec/entry'
import type { ChangeType, WatchEntry } from '../codec/wire'
import { differences } from './differences'
import { type CacheEvent, cacheEvent, EventWindow, type WindowLimits } from './event-window'
import { type EntrySnapshot, SortedEntries } from './sorted-entries'

/** The effect of an input on open watches. */
export type Effect<T> =
  /** Watches continue with these events. */
  | { readonly type: 'changed'; readonly events: readonly CacheEvent<T>[] }
  /** The history starts over: every watch ends, and none can resume from an earlier version. */
  | { readonly type: 'restarted' }
  /** As `restarted`. The version went back, or the state belongs to another history, so watchers must also discard what they have. */
  | { readonly type: 'other-history' }

/** A complete state of a collection. */
export interface VersionedState<T> {
  readonly resourceVersion: string
  readonly state: EntrySnapshot<T>
}

/** The state of a collection at its version and at the versions in its window. Takes what a reflector writes to a store. */
export class CollectionState<T> {
  readonly #window: EventWindow<T>
  #entries = new SortedEntries<T>()
  #resourceVersion = ''
  #proven: VersionedState<T> | undefined
  /** The version from which every state is known; undefined while the entries are unknown, after {@link resume}. */
  #completeFrom: string | undefined = ''

  constructor(limits: WindowLimits) {
    this.#window = new EventWindow(limits)
  }

  /** The version up to which every change is known; the empty string before the first state. */
  get resourceVersion(): string {
    return this.#resourceVersion
  }
  /** The number of entries. */
  get size(): number {
    return this.#entries.size
  }
  /** The version after which every event is known. */
  get oldest(): string {
    return this.#window.oldest
  }

  /** The newest state that is known to be complete. Ahead of {@link resourceVersion} after {@link prove}. */
  get newest(): VersionedState<T> {
    return this.#proven ?? { resourceVersion: this.#resourceVersion, state: this.#entries.snapshot() }
  }

  /** Returns the current entry under a key. */
  get(key: string): Entry<T> | undefined {
    return this.#entries.get(key)
  }

  /** Whether the entries are known: false between {@link resume} and {@link fill}. */
  get isComplete(): boolean {
    return this.#completeFrom !== undefined
  }

  /** Whether the state at a version is known. */
  hasStateAt(resourceVersion: string): boolean {
    const from = this.#completeFrom
    return from !== undefined && this.has(resourceVersion) && compareResourceVersions(resourceVersion, from) >= 0
  }

  /** Whether all events after a version are known. */
  has(resourceVersion: string): boolean {
    return this.#window.has(resourceVersion)
  }

  /** Returns the state at a version, if {@link hasStateAt}. */
  at(resourceVersion: string): EntrySnapshot<T> {
    const { newest } = this
    if (resourceVersion === newest.resourceVersion) return newest.state
    return this.#window.stateAt(resourceVersion, this.#entries.snapshot())
  }

  /** Returns the events after a version that the collection {@link has}. */
  eventsAfter(resourceVersion: string): readonly CacheEvent<T>[] {
    return this.#window.from(this.#window.positionAfter(resourceVersion))
  }

  /** Applies changes in order. Decides itself whether an object is new. */
  apply(events: readonly WatchEntry<T>[]): Effect<T> {
    // Trimmed late, so that the events of the last change are all kept.
    this.#window.trim()
    let start = this.#window.end
    let restarted = false
    for (const event of events) {
      if (event.type === 'BOOKMARK') this.advance(event.resourceVersion)
      else if ('entry' in event && !this.#change(event.type, event.entry)) {
        restarted = true
        start = this.#window.end
      }
    }
    return restarted ? { type: 'restarted' } : { type: 'changed', events: this.#window.from(start) }
  }

  /**
   * Replaces the complete state, as a list does after an expired watch. The {@link differences} become events. Versions in between cannot
   * be resumed from, because objects that were created and deleted there are unknown.
   */
  replace(entries: readonly Entry<T>[], resourceVersion: string): Effect<T> {
    if (this.#resourceVersion === '') return this.reset(entries, resourceVersion)
    // Objects that vanished while the entries were unknown cannot be found out: watchers must list.
    const pair = { from: this.#entries.snapshot(), fromVersion: this.#resourceVersion, to: entries, toVersion: resourceVersion }
    const events = this.isComplete ? differences(pair) : undefined
    if (!events) {
      this.reset(entries, resourceVersion)
      return { type: 'other-history' }
    }
    this.#window.trim()
    this.#window.addGap(this.#resourceVersion, resourceVersion)
    for (const event of events) this.#push(event)
    this.advance(resourceVersion)
    return { type: 'changed', events }
  }

  /** Starts over with a state, as if nothing was known before. */
  reset(entries: readonly Entry<T>[], resourceVersion: string): Effect<T> {
    this.#entries = SortedEntries.of(entries)
    this.#resourceVersion = resourceVersion
    this.#completeFrom = resourceVersion
    this.#restart()
    return { type: 'restarted' }
  }

  /**
   * Starts over at a version whose entries are unknown. Events of unknown objects pass as they are, and the entries follow with
   * {@link fill}.
   */
  resume(resourceVersion: string): Effect<T> {
    const effect = this.reset([], resourceVersion)
    this.#completeFrom = undefined
    return effect
  }

  /**
   * Supplies the entries after {@link resume}, as they were at a version: later events are applied to them.
   *
   * @returns false when the entries are known already, or the events since that version are not.
   */
  fill(entries: readonly Entry<T>[], resourceVersion: string): boolean {
    const isReached = compareResourceVersions(resourceVersion, this.#resourceVersion) <= 0
    if (this.isComplete || !isReached || !this.has(resourceVersion)) return false
    this.#entries = SortedEntries.of(entries)
    this.#window.rewrite(resourceVersion, (unfilled) => {
      const event = { ...unfilled, previous: this.get(unfilled.entry.key) }
      this.#set(event)
      return event
    })
    this.#completeFrom = resourceVersion
    this.#proven = undefined
    return true
  }

  /** Advances the version without changes. No-op for a version that is not newer, or not a decimal number. */
  advance(resourceVersion: string): void {
    if (!isResourceVersion(resourceVersion) || compareResourceVersions(resourceVersion, this.#resourceVersion) <= 0) return
    this.#resourceVersion = resourceVersion
    if (this.#proven && compareResourceVersions(resourceVersion, this.#proven.resourceVersion) >= 0) this.#proven = undefined
  }

  /**
   * Records that the server has the current state at a newer version. Lists show that version from now on. Events up to it may still follow:
   * those of objects that were created and deleted in between. No-op for a version that is not newer.
   */
  prove(resourceVersion: string): void {
    if (compareResourceVersions(resourceVersion, this.newest.resourceVersion) > 0)
      this.#proven = { resourceVersion, state: this.#entries.snapshot() }
  }

  /** Removes the events up to a version. */
  forget(resourceVersion: string): void {
    this.#window.forget(resourceVersion)
  }

  /** @returns whether the history continues: not after a change that is not newer than the collection. */
  #change(type: ChangeType, entry: Entry<T>): boolean {
    const previous = this.get(entry.key)
    const inOrder = this.#resourceVersion !== '' && compareResourceVersions(entry.resourceVersion, this.#resourceVersion) > 0
    this.advance(entry.resourceVersion)
    const isUnknown = previous === undefined && !this.isComplete
    if (!isUnknown && (type === 'DELETED' ? previous === undefined : previous?.resourceVersion === entry.resourceVersion)) return true
    const event = cacheEvent(isUnknown || type === 'DELETED' ? type : previous ? 'MODIFIED' : 'ADDED', entry, previous)
    if (inOrder) this.#push(event)
    else {
      this.#set(event)
      this.#restart()
    }
    return inOrder
  }

  #push(event: CacheEvent<T>): void {
    this.#set(event)
    this.#window.push(event)
  }

  #set({ type, entry }: CacheEvent<T>): void {
    if (type === 'DELETED') this.#entries.delete(entry.key)
    else this.#entries.set(entry)
  }

  #restart(): void {
    this.#proven = undefined
    // An event out of order keeps unknown entries unknown.
    if (this.isComplete) this.#completeFrom = this.#resourceVersion
    this.#window.reset(this.#resourceVersion)
  }
}
