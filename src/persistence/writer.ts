// The fencing rules that all persisters share: which load admits a writer, and which commit is accepted. Only the storage's current record
// decides. No persister caches the writer, so a persister shared by several informers treats each of them as a separate writer.

import { PersistenceError } from '../api/errors'
import type { Commit, LoadOptions } from './persister'

/** The part of a scope's stored record that names its writer. */
export interface ScopeHead {
  /** The writer admitted by the last load. */
  readonly writer: string
  /** The version of the stored state; undefined until a state is stored. */
  readonly resourceVersion?: string | undefined
}

/** Returns 128 random bits as text, a unique writer name. (`crypto.randomUUID` is missing on pages without TLS.) */
export function newWriter(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join('-')
}

/**
 * Checks whether a load may make its writer the scope's writer.
 *
 * @param id the scope's id, for the message.
 * @param head the storage's record of the scope, read in the load's own transaction; undefined when there is none, as after a clear.
 * @throws PersistenceError with code `'fenced'` when the load replaces a writer (`after`) that no longer owns the scope.
 */
export function admit(id: string, { writer, after }: Pick<LoadOptions, 'writer' | 'after'>, head: ScopeHead | undefined): void {
  // A repeated load finds its own writer when the first answer was lost.
  if (after !== undefined && head?.writer !== after && head?.writer !== writer) throw fencedError(id, head)
}

/**
 * Checks whether a commit is allowed.
 *
 * @param id the scope's id, for the message.
 * @param head the storage's record of the scope, read in the commit's own transaction; undefined when there is none, as after a clear.
 * @throws PersistenceError with code `'fenced'` when its writer is not the scope's writer, or an `apply` has no state to build on.
 */
export function checkCommit(id: string, { type, writer }: Commit, head: ScopeHead | undefined): void {
  if (head?.writer !== writer) throw fencedError(id, head)
  if (type === 'apply' && head.resourceVersion === undefined) throw baselessError(id)
}

/** Returns the error of a commit or load whose writer no longer owns the scope. */
export function fencedError(id: string, head: ScopeHead | undefined): PersistenceError {
  const why = head ? 'another writer has loaded this snapshot since' : 'this scope was cleared, or never loaded'
  return new PersistenceError('fenced', `${id}: ${why}; nothing is stored until it is loaded again`)
}

/** Returns the error of an `apply` that has no state to build on. */
export function baselessError(id: string): PersistenceError {
  return new PersistenceError('fenced', `${id}: there is no stored state to apply changes to; commit a 'replace' first`)
}
