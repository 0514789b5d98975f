// A bounded window of the latest events of a collection.

import { compareResourceVersions } from '../api/resource-version'
import type { Entry } from '../codec/entry'
import type { ChangeType, WatchEntry } from '../codec/wire'

/** An event kept in the window. */
export interface CacheEvent<T> {
  readonly type: ChangeType
  /** The new state; for a deletion the last state, with the version of the deletion. */
  readonly entry: Entry<T>
  /** The previous state. Shows whether the change made an object enter or leave a selector, and allows the change to be reverted. */
  readonly previous: Entry<T> | undefined
  /** The event for watchers without selectors; made once and shared. */
  readonly whole: WatchEntry<T>
}

/** The latest events of a collection in order, at most `capacity`. Each event has a position that does not change. */
export class EventWindow<T> {
  readonly #capacity: number
  #events: CacheEvent<T>[] = []
  #start = 0
  #oldest = ''

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** The version after which every event is in the window. */
  get oldest(): string {
    return this.#oldest
  }
  /** The position of the next event. */
  get end(): number {
    return this.#start + this.#events.length
  }

  /** Removes all events. The window starts at `resourceVersion`. */
  reset(resourceVersion: string): void {
    this.#start = this.end
    this.#events = []
    this.#oldest = resourceVersion
  }

  /** Makes a resourceVersion the oldest one. Watchers that have not yet received earlier events still do. */
  forget(resourceVersion: string): void {
    if (compareResourceVersions(resourceVersion, this.#oldest) > 0) this.#oldest = resourceVersion
  }

  /** Appends an event newer than all others. The window may exceed its capacity until {@link trim}. */
  push(event: CacheEvent<T>): void {
    this.#events.push(event)
  }

  /** Removes the oldest events beyond `capacity`. */
  trim(): void {
    const excess = this.#events.length - this.#capacity
    if (excess <= 0) return
    this.forget(this.#events[excess - 1]?.entry.resourceVersion ?? '')
    this.#events.splice(0, excess)
    this.#start += excess
  }

  /** Returns the events from a position on; undefined when some of them were removed. */
  from(position: number): readonly CacheEvent<T>[] | undefined {
    return position < this.#start ? undefined : this.#events.slice(position - this.#start)
  }

  /** Returns the position of the first event after a resourceVersion that is not older than {@link oldest}. */
  positionAfter(resourceVersion: string): number {
    let low = 0
    let high = this.#events.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const event = this.#events[middle] as CacheEvent<T>
      if (compareResourceVersions(event.entry.resourceVersion, resourceVersion) > 0) high = middle
      else low = middle + 1
    }
    return this.#start + low
  }

  /** Returns the state at a resourceVersion that is not older than {@link oldest}, by reverting later events. */
  stateAt(resourceVersion: string, current: ReadonlyMap<string, Entry<T>>): Map<string, Entry<T>> {
    const state = new Map(current)
    const first = this.positionAfter(resourceVersion) - this.#start
    for (let i = this.#events.length - 1; i >= first; i--) {
      const { entry, previous } = this.#events[i] as CacheEvent<T>
      if (previous) state.set(previous.key, previous)
      else state.delete(entry.key)
    }
    return state
  }
}
