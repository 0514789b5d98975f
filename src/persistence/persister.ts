import type { IdbSettings } from './portable'

/**
 * What a persisted snapshot belongs to. Two scopes are the same when every field is; a snapshot of one scope is never
 * loaded for another, so a resourceVersion never crosses clusters, users or selectors.
 */
export interface Scope {
  /** The cluster: the server's base URL, or a name of the user's (best: the uid of the namespace `kube-system`). */
  readonly cluster: string
  /** Who reads; the empty string where there is only one user. */
  readonly user: string
  /** Resource and version, such as `pods/v1` or `deployments.apps/v1`. */
  readonly resource: string
  /** The namespace; the empty string is all of them. */
  readonly namespace: string
  readonly labelSelector: string
  readonly fieldSelector: string
  /** The user's version of what is stored: change it with the transform. */
  readonly version: string
}

/** What is stored of an entry: its key and its text. Entries are such records. */
export interface StoredRecord {
  readonly key: string
  readonly text: string
}

/** A complete, consistent state as it was stored. */
export interface Snapshot {
  readonly resourceVersion: string
  /** The text of each object, one per key; in no order. */
  readonly texts: readonly string[]
}

/** What {@link Persister.load} can be given along. */
export interface LoadOptions {
  /**
   * Told of what was read while the rest is still being read, so that there is something to show at once: the snapshot's `texts` from the last one
   * to the first, all of them unless the load fails. `before` is how many came earlier; 0: this is the beginning, and what was told before, in a
   * reading that was lost, counts no more. Nothing of it counts when the load finds no snapshot in the end, since its oldest part is damaged.
   * A persister that reads everything at once need not tell of anything. Must not throw.
   */
  onTexts?: ((texts: readonly string[], before: number) => void) | undefined
}

/** One step from a stored state to the next: objects and resourceVersion move together, or not at all. */
export type Commit =
  | {
      readonly type: 'apply'
      readonly puts: readonly StoredRecord[]
      readonly deletes: readonly string[]
      readonly resourceVersion: string
    }
  | { readonly type: 'replace'; readonly puts: readonly StoredRecord[]; readonly resourceVersion: string }

/**
 * A place where snapshots are kept. It stores the wire's own text and never parses it. Each scope has one writer at a time, so that two
 * tabs can never mix their states: a {@link Persister.load} makes a persister the writer, and it stays the writer until another one loads
 * or replaces the scope, or the scope is cleared. It learns of that by a `'fenced'` error of its next commit, whatever that is; from then on
 * it is no writer, and its next `replace` would take the scope over again. Calls are carried out in their order. The contract suite
 * `test/persistence/contract.ts` says what every implementation must do.
 */
export interface Persister {
  /**
   * Reads the snapshot of a scope and makes this persister the scope's writer, also when there is no snapshot.
   *
   * @param options who is told of what was read so far.
   * @returns `undefined` when there is no snapshot, or none that can be read: a damaged one is removed.
   * @throws PersistenceError when the storage itself fails (private mode, blocked, connection lost twice).
   */
  load(scope: Scope, options?: LoadOptions): Promise<Snapshot | undefined>
  /**
   * Makes one step in one transaction, and resolves when it is complete. In an `apply`, deletes come before puts. A `replace` by a
   * persister that is no writer makes it the scope's writer.
   *
   * @throws PersistenceError with code `'fenced'` when another writer took the scope over or it was cleared, or when there is nothing
   *   that an `apply` could go on from; with code `'quota'` or `'unavailable'` and `cause` when the storage failed. Nothing of the step
   *   is stored then.
   */
  commit(scope: Scope, change: Commit): Promise<void>
  /** Removes every snapshot whose scope has all the fields given; everything when none is. Writers of what was removed are fenced. */
  clear(scope?: Partial<Scope>): Promise<void>
  /** What another thread makes a persister of the same storage from. Left out: this one works only where it was made. */
  readonly portable?: IdbSettings | undefined
}
