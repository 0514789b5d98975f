import type { Entry } from '../meta/entry'
import { compareResourceVersions } from '../meta/resource-version'
import type { ChangeType, WatchEntry } from '../meta/wire'

/** A change as the window remembers it. */
export interface CacheEvent<T> {
  readonly type: ChangeType
  /** The new state; of a deletion the last one, with the deletion's version. */
  readonly entry: Entry<T>
  /** The state before: tells whether the change made an object enter or leave a selector, and takes the change back. */
  readonly previous: Entry<T> | undefined
  /** What a watcher of everything gets; made once for all of them. */
  readonly whole: WatchEntry<T>
}

/** The latest events of a collection, in order, at most `capacity` of them. Each has a position that it keeps while it is remembered. */
export class EventWindow<T> {
  readonly #capacity: number
  #events: CacheEvent<T>[] = []
  #start = 0
  #oldest = ''

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** Every event after this resourceVersion is remembered. */
  get oldest(): string {
    return this.#oldest
  }
  /** The position of the next event. */
  get end(): number {
    return this.#start + this.#events.length
  }

  /** Forgets everything; events are remembered from `resourceVersion` on. */
  reset(resourceVersion: string): void {
    this.#start = this.end
    this.#events = []
    this.#oldest = resourceVersion
  }

  /** Makes a resourceVersion the oldest one. Events before it still go to those that were waiting for them. */
  forget(resourceVersion: string): void {
    if (compareResourceVersions(resourceVersion, this.#oldest) > 0) this.#oldest = resourceVersion
  }

  /** Adds an event, which is newer than all others. The window may grow beyond its capacity until {@link trim}. */
  push(event: CacheEvent<T>): void {
    this.#events.push(event)
  }

  /** Forgets the oldest events until no more than `capacity` are left. */
  trim(): void {
    const excess = this.#events.length - this.#capacity
    if (excess <= 0) return
    this.forget(this.#events[excess - 1]?.entry.resourceVersion ?? '')
    this.#events.splice(0, excess)
    this.#start += excess
  }

  /** The events from a position on; undefined when some of them are forgotten. */
  from(position: number): readonly CacheEvent<T>[] | undefined {
    return position < this.#start ? undefined : this.#events.slice(position - this.#start)
  }

  /** The position of the first event after a resourceVersion that is not older than {@link oldest}. */
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

  /** Takes back what happened after a resourceVersion that is not older than {@link oldest}. */
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
