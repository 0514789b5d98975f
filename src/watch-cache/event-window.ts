// A bounded window of the latest events of a collection.

import { compareResourceVersions } from '../api/resource-version'
import type { Entry } from '../codec/entry'
import type { ChangeType, WatchEntry } from '../codec/wire'
import { type EntrySnapshot, SortedEntries } from './sorted-entries'

/** An event kept in the window. */
export interface CacheEvent<T> {
  readonly type: ChangeType
  /** The new state; for a deletion the last state, with the version of the deletion. */
  readonly entry: Entry<T>
  /** The previous state. Shows whether the change made an object enter or leave a selector, and allows the change to be reverted. */
  readonly previous: Entry<T> | undefined
  /** The event for watchers without selectors; made once and shared. */
  readonly whole: WatchEntry<T>
  /** The length of the text of `entry`, which may be expensive to restore. */
  readonly length: number
}

/** Makes an event of the window. */
export function cacheEvent<T>(type: ChangeType, entry: Entry<T>, previous: Entry<T> | undefined): CacheEvent<T> {
  return { type, entry, previous, whole: { type, entry }, length: entry.text.length }
}

/** The versions between two known ones, both excluded, whose changes are only known in sum. */
interface Gap {
  readonly after: string
  readonly until: string
}

/** The maximum number of gaps. More make the window start after the oldest one. */
const MAX_GAPS = 100

/** The limits of a window. The newest events are kept even if they exceed them; see {@link EventWindow.trim}. */
export interface WindowLimits {
  /** The maximum number of events. */
  readonly capacity: number
  /** The maximum length of the texts of all events, in characters. */
  readonly maxLength: number
}

/** The latest events of a collection in order, within limits. Each event has a position that does not change. */
export class EventWindow<T> {
  readonly #limits: WindowLimits
  #events: CacheEvent<T>[] = []
  #gaps: Gap[] = []
  #start = 0
  #oldest = ''
  #length = 0

  constructor(limits: WindowLimits) {
    this.#limits = limits
  }

  /** The version after which every event is in the window. */
  get oldest(): string {
    return this.#oldest
  }
  /** The position of the next event. */
  get end(): number {
    return this.#start + this.#events.length
  }

  /** Whether the state at a version, and all events after it, are known. True for every version newer than the last event. */
  has(resourceVersion: string): boolean {
    const isIn = ({ after, until }: Gap) =>
      compareResourceVersions(after, resourceVersion) < 0 && compareResourceVersions(resourceVersion, until) < 0
    return compareResourceVersions(resourceVersion, this.#oldest) >= 0 && !this.#gaps.some(isIn)
  }

  /** Removes all events. The window starts at `resourceVersion`. */
  reset(resourceVersion: string): void {
    this.#start = this.end
    this.#events = []
    this.#gaps = []
    this.#length = 0
    this.#oldest = resourceVersion
  }

  /** Makes a resourceVersion the oldest one. Watchers that have not yet received earlier events still do. */
  forget(resourceVersion: string): void {
    if (compareResourceVersions(resourceVersion, this.#oldest) <= 0) return
    this.#oldest = resourceVersion
    this.#gaps = this.#gaps.filter(({ until }) => compareResourceVersions(until, resourceVersion) > 0)
  }

  /** Excludes the versions between two from {@link has}. */
  addGap(after: string, until: string): void {
    if (after === until) return
    this.#gaps.push({ after, until })
    const [oldest] = this.#gaps
    if (this.#gaps.length > MAX_GAPS && oldest) this.forget(oldest.until)
  }

  /** Appends an event not older than any other. The window may exceed its limits until {@link trim}. */
  push(event: CacheEvent<T>): void {
    this.#events.push(event)
    this.#length += event.length
  }

  /** Removes the oldest events beyond the limits. */
  trim(): void {
    const { capacity, maxLength } = this.#limits
    let excess = 0
    while (this.#events.length - excess > capacity || (this.#length > maxLength && excess < this.#events.length)) {
      const { entry, length } = this.#events[excess] as CacheEvent<T>
      this.#length -= length
      this.forget(entry.resourceVersion)
      excess++
    }
    if (excess === 0) return
    this.#events.splice(0, excess)
    this.#start += excess
  }

  /** Replaces each event after a resourceVersion, in order. The result concerns the same object at the same version. */
  rewrite(resourceVersion: string, change: (event: CacheEvent<T>) => CacheEvent<T>): void {
    for (let i = Math.max(0, this.positionAfter(resourceVersion) - this.#start); i < this.#events.length; i++)
      this.#events[i] = change(this.#events[i] as CacheEvent<T>)
  }

  /** Returns the events from a position on, without those that were removed. */
  from(position: number): readonly CacheEvent<T>[] {
    return this.#events.slice(Math.max(0, position - this.#start))
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

  /** Returns the state at a resourceVersion that the window {@link has}, by reverting later events. */
  stateAt(resourceVersion: string, current: EntrySnapshot<T>): EntrySnapshot<T> {
    const state = new SortedEntries(current)
    const first = this.positionAfter(resourceVersion) - this.#start
    for (let i = this.#events.length - 1; i >= first; i--) {
      const { entry, previous } = this.#events[i] as CacheEvent<T>
      if (previous) state.set(previous)
      else state.delete(entry.key)
    }
    return state.snapshot()
  }
}
