import type { Entry } from '../codec/entry'

/** Notified by a store of events that do not fit what it has. */
export interface ApplyObserver<T> {
  /** Called with an entry that is left out, since the store has a newer version of its object. */
  outdated(entry: Entry<T>): void
  /** Called with a changed object whose key another object had, which it replaces. */
  collided(entry: Entry<T>): void
}

/** A change of one object. */
export type StoreChange<T> =
  | { readonly type: 'added'; readonly entry: Entry<T> }
  | { readonly type: 'updated'; readonly entry: Entry<T>; readonly previous: Entry<T> }
  /** `entry` is the last state known: the deletion's own, or the one the store had when the deletion itself was missed. */
  | { readonly type: 'deleted'; readonly entry: Entry<T> }
  | { readonly type: 'resynced'; readonly entry: Entry<T> }

/** One step of a store from a complete state to the next. A bookmark is an `apply` without changes. */
export interface StoreUpdate<T> {
  readonly type: 'apply' | 'replace' | 'resync'
  /** In the order of the wire; in a replace the deletes come first. */
  readonly changes: readonly StoreChange<T>[]
  /** The store's version after the step; the empty string while it has none. */
  readonly resourceVersion: string
}
