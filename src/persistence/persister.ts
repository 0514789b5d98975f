// The interface between the library and a storage: scopes, snapshots, commits and fencing.

import type { IdbSettings } from './portable'

/**
 * Identifies a persisted snapshot. Two scopes are equal when all fields are. A snapshot is only loaded for its own scope, so a
 * resourceVersion never crosses clusters, users or selectors.
 */
export interface Scope {
  /** The cluster: the server's base URL or an application-defined name, ideally the uid of the namespace `kube-system`. */
  readonly cluster: string
  /** The user whose credentials are used; the empty string when there is only one. */
  readonly user: string
  /** Resource and version, such as `pods/v1` or `deployments.apps/v1`. */
  readonly resource: string
  /** The namespace; the empty string for all namespaces. */
  readonly namespace: string
  readonly labelSelector: string
  readonly fieldSelector: string
  /** An application-defined version of the stored data. Change it together with the transform. */
  readonly version: string
  /** The impersonated identity; left out or empty when there is none. `clear({ user })` includes all impersonated identities. */
  readonly impersonates?: string | undefined
}

/**
 * One stored object: its key and its text. Every entry is such a record. A persister may leave out the other properties, but gives back
 * either both or none: with them, the text is not scanned on load.
 */
export interface StoredRecord {
  readonly key: string
  readonly text: string
  readonly uid?: string | undefined
  readonly resourceVersion?: string | undefined
}

/** A complete, consistent state as it was stored. */
export interface Snapshot {
  readonly resourceVersion: string
  /** One record for each object, in any order. */
  readonly records: readonly StoredRecord[]
}

/** Options of {@link Persister.load}. */
export interface LoadOptions {
  /**
   * The name under which the caller commits from now on, such as a random string of 128 bits. Use a new one for each load, except to retry
   * a failed one.
   */
  writer: string
  /**
   * Load only while this earlier writer of the caller still owns the scope. A caller that lost its connection to the storage thus becomes a
   * new writer and fences any commit of the earlier one still in progress, but never reopens a scope that was cleared or taken over
   * meanwhile. Default: load unconditionally.
   */
  after?: string | undefined
  /**
   * Called with each batch of records while the rest is being read, so that a UI can render early. Batches run from the last record of the
   * snapshot's `records` to the first, and cover all of them unless the load fails. `before` is the number of records already delivered;
   * `0` means start over and discard earlier batches. Discard all of them when the load finds no snapshot in the end because its oldest
   * part is damaged. Optional for a persister that reads everything at once. Must not throw.
   */
  onRecords?: ((records: readonly StoredRecord[], before: number) => void) | undefined
}

/** An atomic change of a stored state: objects and resourceVersion change together. */
export type Step =
  | {
      readonly type: 'apply'
      readonly puts: readonly StoredRecord[]
      readonly deletes: readonly string[]
      readonly resourceVersion: string
    }
  | { readonly type: 'replace'; readonly puts: readonly StoredRecord[]; readonly resourceVersion: string }

/** A step, and the writer that commits it: the one named in the caller's load. */
export type Commit = Step & { readonly writer: string }

/**
 * A storage for snapshots. Stores the JSON text of objects and never parses it. Calls take effect in order. The contract suite
 * `test/persistence/contract.ts` specifies every implementation.
 *
 * Each scope has at most one writer, so that two tabs, or two informers that share a persister, never mix their states. The rule is the
 * same for every implementation and every path:
 *
 * - Only a {@link Persister.load} admits a writer, and it fences the previous one.
 * - A {@link Persister.commit}, whether `apply` or `replace`, is accepted from that writer only; any other is rejected with code `'fenced'`
 *   and has no effect.
 * - A {@link Persister.clear} removes the snapshots and fences their writers, including those that have stored nothing yet. A cleared scope
 *   stays closed until it is loaded again, whatever is in progress or queued.
 */
export interface Persister {
  /**
   * Reads the snapshot of a scope and makes `options.writer` the scope's writer, even when there is no snapshot.
   *
   * @returns the snapshot; `undefined` when there is none, or it is damaged. A damaged snapshot is removed.
   * @throws PersistenceError with code `'fenced'` when `options.after` no longer owns the scope; with code `'unavailable'` when the storage
   *   itself fails (private mode, blocked, connection lost twice).
   */
  load(scope: Scope, options: LoadOptions): Promise<Snapshot | undefined>
  /**
   * Commits one step atomically, and resolves when it is stored. In an `apply`, deletes are applied before puts.
   *
   * @throws PersistenceError with code `'fenced'` when `change.writer` is not the scope's writer, or there is no state for an `apply` to
   *   build on; with code `'quota'` or `'unavailable'` and `cause` when the storage fails. In each case nothing is stored.
   */
  commit(scope: Scope, change: Commit): Promise<void>
  /**
   * Removes every snapshot whose scope matches all given fields; all snapshots when no field is given. Fences their writers.
   *
   * @throws PersistenceError with code `'unavailable'` when the storage fails; the snapshots may still exist.
   */
  clear(scope?: Partial<Scope>): Promise<void>
  /** The settings from which another thread can make a persister of the same storage. Left out when that is impossible. */
  readonly portable?: IdbSettings | undefined
}
