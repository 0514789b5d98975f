import { PersistenceError } from '../errors'
import type { Commit, LoadOptions } from './persister'

// Decides for every persister which load admits a writer and which commit is accepted. What the storage says at that moment is all that counts:
// no persister remembers who may write, so a persister that several informers share treats each of them as a writer of its own.

/** The part of a scope's stored record that says who may write. */
export interface ScopeHead {
  /** The writer that the last load admitted. */
  readonly writer: string
  /** The version of the stored state; undefined while only a writer was admitted. */
  readonly resourceVersion?: string | undefined
}

/** Returns 128 random bits as text: a name that no other writer has. (`crypto.randomUUID` is missing on pages without TLS.) */
export function newWriter(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join('-')
}

/**
 * Checks whether a load may make its writer the scope's writer.
 *
 * @param id the scope's id, for the message.
 * @param head the storage's record of the scope, read in the load's own transaction; undefined when there is none, as after a clear.
 * @throws PersistenceError with code `'fenced'` when the load replaces a writer (`after`) that is no longer the scope's.
 */
export function admit(id: string, { writer, after }: Pick<LoadOptions, 'writer' | 'after'>, head: ScopeHead | undefined): void {
  // A load that is repeated finds its own writer when its first answer was lost.
  if (after !== undefined && head?.writer !== after && head?.writer !== writer) throw fencedError(id, head)
}

/**
 * Checks whether a commit may be made.
 *
 * @param id the scope's id, for the message.
 * @param head the storage's record of the scope, read in the commit's own transaction; undefined when there is none, as after a clear.
 * @throws PersistenceError with code `'fenced'` when its writer is not the scope's writer, or an `apply` has no state to build on.
 */
export function checkCommit(id: string, { type, writer }: Commit, head: ScopeHead | undefined): void {
  if (head?.writer !== writer) throw fencedError(id, head)
  if (type === 'apply' && head.resourceVersion === undefined) throw baselessError(id)
}

/** The error of a commit or load whose writer the scope does not admit any more. */
export function fencedError(id: string, head: ScopeHead | undefined): PersistenceError {
  const why = head ? 'another writer has loaded this snapshot since' : 'this scope was cleared, or never loaded'
  return new PersistenceError('fenced', `${id}: ${why}; nothing is stored until it is loaded again`)
}

/** The error of an `apply` that has no state to build on. */
export function baselessError(id: string): PersistenceError {
  return new PersistenceError('fenced', `${id}: there is no stored state to apply changes to; commit a 'replace' first`)
}
