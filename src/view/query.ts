// The query of a view: filter, order and window.

import type { Entry } from '../codec/entry'

/** Selects the entries of a view. An entry must pass each given part. */
export interface ViewFilter<T> {
  /** The namespace; default all of them. */
  namespace?: string | undefined
  /** A selector such as `app=web,tier!=db`. Parses only the labels. */
  labelSelector?: string | undefined
  /** Any other condition: `(pod) => pod.object.status?.phase === 'Running'`. Called once for each version of an entry. */
  where?: ((entry: Entry<T>) => boolean) | undefined
  search?: ViewSearch<T> | undefined
}

/** A text search, as typed by a person. */
export interface ViewSearch<T> {
  /** The words to find, ignoring case. An entry must contain each of them. */
  readonly text: string
  /** Returns the text to search in. Called once for each version of an entry, for all searches. Default: namespace and name. */
  readonly in?: ((entry: Entry<T>) => string | readonly string[]) | undefined
}

/** A value to sort by. Entries with `null`, `undefined` or `NaN` come last in either direction. */
export type SortValue = string | number | boolean | null | undefined

/** A column of an order. Entries with equal values are ordered by key. */
export interface ViewSort<T> {
  /** Returns the value to sort by. Called once for each version of an entry. Values are compared within their type; `false` comes before `true`. */
  readonly by: (entry: Entry<T>) => SortValue
  /** Default false. */
  readonly descending?: boolean | undefined
}

/** The part of the filtered entries that a snapshot contains. */
export interface ViewWindow {
  /** The number of entries to skip; default 0. */
  readonly offset?: number | undefined
  /** The maximum number of rows; default: no limit. */
  readonly limit?: number | undefined
}

/**
 * Selects and orders the entries of a view. The results of a known function are reused: define functions once, or give them a key with `keyed` or
 * `field`. Functions without a key are compared by identity.
 */
export interface ViewQuery<T> {
  /** The filter; default everything. */
  filter?: ViewFilter<T> | undefined
  /** The order: later columns decide between equal values of earlier ones. Default: by key. */
  sort?: ViewSort<T> | readonly ViewSort<T>[] | undefined
  /** The window; default everything. Without a limit, each new snapshot costs as much as there are entries. */
  window?: ViewWindow | undefined
}
