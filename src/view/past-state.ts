// The state of a store at a position of its history.

import type { Entry } from '../codec/entry'
import { Listeners } from '../internal/listeners'
import { Opaque } from '../internal/opaque'
import type { StoreChange, StoreUpdate } from '../store/changes'
import type { ViewSource } from './view'

/** The change of one object. */
export interface HistoryChange<T> {
  readonly key: string
  /** The entry before the change; undefined for a new object. */
  readonly previous: Entry<T> | undefined
  /** The entry after the change; undefined for a deleted object. */
  readonly entry: Entry<T> | undefined
}

/** The state of a store at a position. */
export interface HistoryState<T> extends ViewSource<T> {
  readonly position: number
  /**
   * Moves to another position, and notifies subscribers of the changes on the way. Costs the steps between the two, so that a view of it can follow a
   * slider.
   *
   * @throws RangeError when the history does not reach the position.
   */
  moveTo(position: number): void
}

/** The part of a history that its states use. */
export interface Travel<T> {
  keyOf(entry: Entry<T>): string
  /** @throws RangeError when the history does not reach the position. */
  check(position: number): void
  /** The changes on the way between two positions; `entries` are those at the first. */
  changes(entries: ReadonlyMap<string, Entry<T>>, from: number, to: number): Iterable<Pick<HistoryChange<T>, 'key' | 'entry'>>
}

/** A copy of the entries at one position, which is changed to go to another. */
export class PastState<T> extends Opaque implements HistoryState<T> {
  readonly #travel: Travel<T>
  readonly #entries: Map<string, Entry<T>>
  readonly #updates = new Listeners<StoreUpdate<T>>()
  #list: readonly Entry<T>[] | undefined
  #position: number

  constructor(entries: ReadonlyMap<string, Entry<T>>, position: number, travel: Travel<T>) {
    super()
    this.#entries = new Map(entries)
    this.#position = position
    this.#travel = travel
  }

  get position(): number {
    return this.#position
  }

  list(): readonly Entry<T>[] {
    this.#list ??= [...this.#entries.values()]
    return this.#list
  }

  keyOf(entry: Entry<T>): string {
    return this.#travel.keyOf(entry)
  }

  subscribe(listener: (update: StoreUpdate<T>) => void): () => void {
    return this.#updates.add(listener)
  }

  moveTo(position: number): void {
    this.#travel.check(position)
    const touched = new Map<string, Entry<T> | undefined>()
    for (const { key, entry } of this.#travel.changes(this.#entries, this.#position, position)) {
      if (!touched.has(key)) touched.set(key, this.#entries.get(key))
      if (entry) this.#entries.set(key, entry)
      else this.#entries.delete(key)
    }
    this.#position = position
    const changes = [...touched].flatMap(([key, previous]) => changeOf(previous, this.#entries.get(key)))
    if (changes.length === 0) return
    this.#list = undefined
    this.#updates.notify({ type: 'apply', changes, resourceVersion: '' })
  }
}

function changeOf<T>(previous: Entry<T> | undefined, entry: Entry<T> | undefined): StoreChange<T>[] {
  if (previous === entry) return []
  if (!entry) return previous ? [{ type: 'deleted', entry: previous }] : []
  return previous ? [{ type: 'updated', entry, previous }] : [{ type: 'added', entry }]
}
