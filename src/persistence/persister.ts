import type { IdbSettings } from './portable'

/**
 * What a persisted snapshot belongs to. Two scopes are the same when every field is; a snapshot of one scope is never
 * loaded for another, so a resourceVersion never crosses clusters, users or selectors.
 */
export interface Scope {
  /** The cluster: the server's base URL, or a name of the user's (best: the uid of the namespace `kube-system`). */
  readonly cluster: string
  /** The user whose credentials read; the empty string where there is only one. */
  readonly user: string
  /** Resource and version, such as `pods/v1` or `deployments.apps/v1`. */
  readonly resource: string
  /** The namespace; the empty string is all of them. */
  readonly namespace: string
  readonly labelSelector: string
  readonly fieldSelector: string
  /** The user's version of what is stored: change it with the transform. */
  readonly version: string
  /** The identity that the user impersonates; left out, or the empty string, where there is none. `clear({ user })` covers every one of them. */
  readonly impersonates?: string | undefined
}

/** One stored object: its key and its text. Entries are such records. */
export interface StoredRecord {
  readonly key: string
  readonly text: string
}

/** A complete, consistent state as it was stored. */
export interface Snapshot {
  readonly resourceVersion: string
  /** One record for each object, in no order. */
  readonly records: readonly StoredRecord[]
}

/** Options of {@link Persister.load}. */
export interface LoadOptions {
  /**
   * The name under which the caller commits from here on. It must be used for no other load, unless one is repeated because it failed; a random
   * string of 128 bits will do.
   */
  writer: string
  /**
   * Load only while this writer, the caller's earlier one, is still the scope's. So a caller that has lost its connection to the storage gets a new
   * writer, which shuts out what the earlier one may still have under way, but never opens a scope that was cleared or taken over in between.
   * Default: load whatever there is.
   */
  after?: string | undefined
  /**
   * Called with what has been read while the rest is still being read, so that there is something to show early: the snapshot's `records` from the
   * last to the first, every one of them unless the load fails. `before` is the number of records delivered already; `0` means start over and
   * discard earlier batches. Discard all of them when the load finds no snapshot in the end, since its oldest part is damaged. A persister that
   * reads everything at once need not call it. Must not throw.
   */
  onRecords?: ((records: readonly StoredRecord[], before: number) => void) | undefined
}

/** One step from a stored state to the next: objects and resourceVersion move together, or not at all. */
export type Step =
  | {
      readonly type: 'apply'
      readonly puts: readonly StoredRecord[]
      readonly deletes: readonly string[]
      readonly resourceVersion: string
    }
  | { readonly type: 'replace'; readonly puts: readonly StoredRecord[]; readonly resourceVersion: string }

/** A step, and the writer that makes it: the one that the caller's load named. */
export type Commit = Step & { readonly writer: string }

/**
 * A place where snapshots are kept. It stores the wire's own text and never parses it. Calls are carried out in their order. The contract suite
 * `test/persistence/contract.ts` says what every implementation must do.
 *
 * Each scope has at most one writer, so that two tabs, or two informers that share a persister, never mix their states. The rule is the same for
 * every implementation and every path:
 *
 * - Only a {@link Persister.load} admits a writer, and it shuts out the one before.
 * - A {@link Persister.commit}, whether an `apply` or a `replace`, is accepted from that writer only; any other rejects with code `'fenced'` and
 *   stores nothing.
 * - A {@link Persister.clear} removes the snapshots and shuts out their writers, also those that have stored nothing yet. A cleared scope stays
 *   closed, whatever is under way or queued, until it is loaded again.
 */
export interface Persister {
  /**
   * Reads the snapshot of a scope and makes `options.writer` the scope's writer, also when there is no snapshot.
   *
   * @returns `undefined` when there is no snapshot, or none that can be read: a damaged one is removed.
   * @throws PersistenceError with code `'fenced'` when `options.after` is no longer the scope's writer; with code `'unavailable'` when the storage
   *   itself fails (private mode, blocked, connection lost twice).
   */
  load(scope: Scope, options: LoadOptions): Promise<Snapshot | undefined>
  /**
   * Makes one step in one transaction, and resolves when it is complete. In an `apply`, deletes come before puts.
   *
   * @throws PersistenceError with code `'fenced'` when `change.writer` is not the scope's writer, or there is no state that an `apply` could build
   *   on; with code `'quota'` or `'unavailable'` and `cause` when the storage failed. Nothing of the step is stored then.
   */
  commit(scope: Scope, change: Commit): Promise<void>
  /**
   * Removes every snapshot whose scope has all the given fields; every snapshot when no field is given. Their writers are shut out.
   *
   * @throws PersistenceError with code `'unavailable'` when the storage fails: then the snapshots may still be there.
   */
  clear(scope?: Partial<Scope>): Promise<void>
  /** What another thread makes a persister of the same storage from. Left out: this one works only where it was made. */
  readonly portable?: IdbSettings | undefined
}
