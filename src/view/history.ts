// The past of a store: its changes, and its state before any of them as the source of a view.

import type { Entry } from '../codec/entry'
import { systemClock } from '../internal/clock'
import { Listeners } from '../internal/listeners'
import { once } from '../internal/once'
import { Opaque } from '../internal/opaque'
import type { Seams } from '../internal/seams'
import type { StoreChange, StoreUpdate } from '../store/changes'
import { type HistoryChange, type HistoryState, PastState } from './past-state'
import type { Readable } from './readable'
import { sourceOf, type ViewSource } from './view'

/** Options of {@link createHistory}. */
export interface HistoryOptions extends Pick<Seams, 'clock'> {
  /** The most changes that are kept; default 5,000. */
  maxChanges?: number | undefined
  /** The most characters of texts that are kept and that the store has replaced; default 16,000,000. */
  maxCharacters?: number | undefined
}

/** The positions that a history reaches. */
export interface HistoryRange {
  /** The oldest position that `at` accepts: the state before the oldest kept change. */
  readonly first: number
  /** The position of the present state: the number of steps since the history was created. */
  readonly last: number
}

/** One step from a position to the next: a change of the server, or a whole list. */
export interface HistoryStep<T> {
  /** The position after the step. */
  readonly position: number
  /** The time at which the store took the step, in milliseconds since the epoch. */
  readonly time: number
  /** `apply`: one change of an object. `replace`: everything that a list found changed. */
  readonly type: 'apply' | 'replace'
  /** The version of the object that changed, or of the list. */
  readonly resourceVersion: string
  readonly changes: readonly HistoryChange<T>[]
}

/**
 * Keeps what a store has replaced and deleted, so that its past can be shown. The texts are those that the store had; nothing is copied or parsed. A
 * step whose changes exceed the bounds alone, such as the first list of a large collection, begins the history again. Made by {@link createHistory}.
 */
export class History<T> extends Opaque implements Disposable, Readable<HistoryRange> {
  readonly #keyOf: (entry: Entry<T>) => string
  readonly #maxChanges: number
  readonly #maxCharacters: number
  readonly #now: () => number
  readonly #ranges = new Listeners<HistoryRange>()
  readonly #stop: () => void
  /** The present state. */
  readonly #entries = new Map<string, Entry<T>>()
  /** By position, the oldest first. */
  readonly #steps = new Map<number, HistoryStep<T>>()
  #range: HistoryRange = { first: 0, last: 0 }
  #changes = 0
  #characters = 0

  /** @throws TypeError when the source is neither a store nor an informer; RangeError for a bound that is not a positive number. */
  constructor(source: ViewSource<T> | { readonly store: ViewSource<T> }, options: HistoryOptions = {}) {
    super()
    const { clock = systemClock, maxChanges = 5_000, maxCharacters = 16_000_000 } = options
    for (const [name, bound] of Object.entries({ maxChanges, maxCharacters }))
      if (!(bound > 0)) throw new RangeError(`createHistory: ${name} is a positive number, got ${bound}`)
    this.#maxChanges = maxChanges
    this.#maxCharacters = maxCharacters
    this.#now = () => clock.now()
    const store = sourceOf(source, 'createHistory')
    this.#keyOf = (entry) => store.keyOf(entry)
    // A source of `createLive` has entries only while it has a subscriber.
    this.#stop = once(store.subscribe((update) => this.#take(update)))
    for (const entry of store.list()) this.#entries.set(store.keyOf(entry), entry)
  }

  /** The positions that the history reaches; the same object until a step is taken. */
  get snapshot(): HistoryRange {
    return this.#range
  }

  /** Calls back after each step. Returns the function that ends it. Bound. */
  readonly subscribe = (listener: (range: HistoryRange) => void): (() => void) => this.#ranges.add(listener)

  /** The number of characters of kept texts that the store no longer has. */
  get characters(): number {
    return this.#characters
  }

  /** Returns the kept steps, the oldest first. */
  steps(): HistoryStep<T>[] {
    return [...this.#steps.values()]
  }

  /**
   * Returns the state at a position, as the source of a view. It keeps its entries when the history drops them.
   *
   * @throws RangeError when the history does not reach the position.
   * @example
   * ```ts
   * const history = createHistory(pods)
   * const past = history.at(history.snapshot.first)
   * const view = createView(past, { sort: { by: field('status.startTime') } })
   * past.moveTo(history.snapshot.last)
   * ```
   */
  at(position: number): HistoryState<T> {
    this.#check(position)
    const state = new PastState<T>(this.#entries, this.#range.last, {
      keyOf: this.#keyOf,
      check: (to) => this.#check(to),
      changes: (entries, from, to) => this.#changesBetween(entries, from, to),
    })
    state.moveTo(position)
    return state
  }

  /** Stops following the store. The kept steps stay. Calling it again is a no-op. */
  close(): void {
    this.#stop()
  }

  /** The same as {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close()
  }

  #take({ type, changes, resourceVersion }: StoreUpdate<T>): void {
    if (type === 'resync' || changes.length === 0) return
    const steps = type === 'replace' ? [changes] : this.#eventsOf(changes)
    for (const own of steps) {
      const version = type === 'replace' ? resourceVersion : own.at(-1)?.entry.resourceVersion || resourceVersion
      this.#add(type, version, own)
    }
    this.#dropOldest()
    this.#ranges.notify(this.#range)
  }

  /** One item for each event of the server. A new object under an old key is one event, and two changes. */
  *#eventsOf(changes: readonly StoreChange<T>[]): Generator<readonly StoreChange<T>[], void> {
    for (let i = 0; i < changes.length; i++) {
      const [change, next] = changes.slice(i, i + 2) as [StoreChange<T>, StoreChange<T> | undefined]
      const key = this.#keyOf(change.entry)
      const isReplaced = change.type === 'deleted' && change.entry === this.#entries.get(key)
      if (isReplaced && next?.type === 'added' && this.#keyOf(next.entry) === key) {
        yield [change, next]
        i++
      } else yield [change]
    }
  }

  #add(type: 'apply' | 'replace', resourceVersion: string, changes: readonly StoreChange<T>[]): void {
    const own: HistoryChange<T>[] = []
    for (const change of changes) {
      const key = this.#keyOf(change.entry)
      const previous = this.#entries.get(key)
      const entry = change.type === 'deleted' ? undefined : change.entry
      if (previous === entry) continue
      if (entry) this.#entries.set(key, entry)
      else this.#entries.delete(key)
      own.push({ key, previous, entry })
    }
    if (own.length === 0) return
    const position = this.#range.last + 1
    this.#steps.set(position, { position, time: this.#now(), type, resourceVersion, changes: own })
    this.#range = { first: this.#range.first, last: position }
    this.#count(own, 1)
  }

  #dropOldest(): void {
    for (const [position, { changes }] of this.#steps) {
      if (this.#changes <= this.#maxChanges && this.#characters <= this.#maxCharacters) return
      this.#steps.delete(position)
      this.#range = { first: position, last: this.#range.last }
      this.#count(changes, -1)
    }
  }

  #count(changes: readonly HistoryChange<T>[], sign: 1 | -1): void {
    this.#changes += sign * changes.length
    for (const { previous } of changes) this.#characters += sign * (previous?.text.length ?? 0)
  }

  #check(position: number): void {
    const { first, last } = this.#range
    if (!Number.isInteger(position) || position < first || position > last)
      throw new RangeError(`the history has the positions ${first} to ${last}, got ${position}`)
  }

  /** Yields the changes on the way from one position, which has these entries, to another. */
  *#changesBetween(entries: ReadonlyMap<string, Entry<T>>, from: number, to: number): Generator<Omit<HistoryChange<T>, 'previous'>, void> {
    let at = from
    if (at < this.#range.first) {
      // The steps after it are gone: starts from the present.
      for (const key of entries.keys()) if (!this.#entries.has(key)) yield { key, entry: undefined }
      for (const [key, entry] of this.#entries) yield { key, entry }
      at = this.#range.last
    }
    for (; at > to; at--) for (const { key, previous } of [...this.#changesOf(at)].reverse()) yield { key, entry: previous }
    for (; at < to; at++) yield* this.#changesOf(at + 1)
  }

  #changesOf(position: number): readonly HistoryChange<T>[] {
    return this.#steps.get(position)?.changes ?? []
  }
}

/**
 * Keeps the past of a store or an informer from now on.
 *
 * @throws TypeError when the source is neither; RangeError for a bound that is not a positive number.
 * @example
 * ```ts
 * const history = createHistory(pods, { maxChanges: 1_000 })
 * for (const { resourceVersion, changes } of history.steps())
 *   for (const { key, previous, entry } of changes) console.log(resourceVersion, key, diff(previous?.object, entry?.object))
 * ```
 */
export function createHistory<T>(source: ViewSource<T> | { readonly store: ViewSource<T> }, options?: HistoryOptions): History<T> {
  return new History(source, options)
}
