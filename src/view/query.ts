import type { Entry } from '../meta/entry'

/** Which entries a view shows: those that every part lets through. A part that is left out lets all of them through. */
export interface ViewFilter<T> {
  /** Left out or empty: all of them. */
  namespace?: string | undefined
  /** Such as `app=web,tier!=db`. Only the labels are parsed for it. */
  labelSelector?: string | undefined
  /** Anything else: `(pod) => pod.object.status?.phase === 'Running'`. Called once for each version of an entry. */
  where?: ((entry: Entry<T>) => boolean) | undefined
  search?: ViewSearch<T> | undefined
}

/** What a person typed to find something. */
export interface ViewSearch<T> {
  /** An entry has to have each of its words somewhere, in capitals or not. */
  readonly text: string
  /** Where to look; default the entry's key, its namespace and name. Called once for each version of an entry, whatever is searched for. */
  readonly in?: ((entry: Entry<T>) => string | readonly string[]) | undefined
}

/** What entries can be sorted by. `null`, `undefined` and `NaN` are no value: the entry comes last, whatever the direction. */
export type SortValue = string | number | boolean | null | undefined

/** What entries are sorted by. Where all else is equal it is their keys. */
export interface ViewSort<T> {
  /** Called once for each version of an entry. Values of one type are compared with each other, `false` is before `true`. */
  readonly by: (entry: Entry<T>) => SortValue
  /** Default false. */
  readonly descending?: boolean | undefined
}

/** Which of the entries that pass the filter are in the snapshot. */
export interface ViewWindow {
  /** How many are left out before it; default 0. */
  readonly offset?: number | undefined
  /** How many there are at most; default all of them. */
  readonly limit?: number | undefined
}

/**
 * What a view shows. Functions are told from each other by identity: one that is the same as before need not be asked again, so they are better
 * made once than anew at each update.
 */
export interface ViewQuery<T> {
  /** Default: everything. */
  filter?: ViewFilter<T> | undefined
  /** The second decides where the first finds no difference, and so on. Default: by key. */
  sort?: ViewSort<T> | readonly ViewSort<T>[] | undefined
  /** Default: everything. Without a limit each new snapshot costs as much as there are entries. */
  window?: ViewWindow | undefined
}
