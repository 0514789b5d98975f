// The steps of a store and their changes.

import type { Entry } from '../codec/entry'

/** Receives events that do not fit the content of a store. */
export interface ApplyObserver<T> {
  /** Called with an entry that is skipped because the store has a newer version of its object. */
  outdated(entry: Entry<T>): void
  /** Called with a changed object that replaces another object with the same key. */
  collided(entry: Entry<T>): void
}

/** A change of one object. */
export type StoreChange<T> =
  | { readonly type: 'added'; readonly entry: Entry<T> }
  | { readonly type: 'updated'; readonly entry: Entry<T>; readonly previous: Entry<T> }
  /** `entry` is the last known state: that of the deletion, or the store's own when the deletion itself was missed. */
  | { readonly type: 'deleted'; readonly entry: Entry<T> }
  | { readonly type: 'resynced'; readonly entry: Entry<T> }

/** A step of a store from one complete state to the next. A bookmark is an `apply` without changes. */
export interface StoreUpdate<T> {
  readonly type: 'apply' | 'replace' | 'resync'
  /** The changes in the order of the wire. In a replace, deletions come first. */
  readonly changes: readonly StoreChange<T>[]
  /** The store's version after the step; the empty string while it has none. */
  readonly resourceVersion: string
}
