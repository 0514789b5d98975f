import type { Commit } from './persister'
import { baselessError, fencedError } from './scope'

/** What a storage says of a scope. */
export interface ScopeHead {
  /** Who may commit. */
  readonly writer: string
  /** The version of what is stored; undefined while nothing was stored but the writer. */
  readonly resourceVersion?: string | undefined
}

/** Which scopes a persister writes, and as whom. */
export class Claims {
  readonly #writers = new Map<string, string>()

  /** Whether this persister was the scope's writer when it last looked. */
  has(id: string): boolean {
    return this.#writers.has(id)
  }

  /** Takes note that the storage names this writer for the scope. */
  hold(id: string, writer: string): void {
    this.#writers.set(id, writer)
  }

  /**
   * Who makes a commit: the writer this persister is, or a new one for a `replace` by nobody.
   *
   * @param head what the storage says of the scope, read in the transaction of the commit.
   * @throws PersistenceError with code `'fenced'` when that is somebody else, or there is nothing that an `apply` could go on from.
   */
  committer(id: string, change: Commit, head: ScopeHead | undefined): string {
    const writer = this.#writers.get(id)
    if (writer !== undefined && head?.writer !== writer) throw this.fenced(id)
    if (change.type === 'apply' && (writer === undefined || head?.resourceVersion === undefined)) throw baselessError(id)
    return writer ?? newWriter()
  }

  /** The error of a commit that its scope does not take any more. From here on this persister is no writer of it. */
  fenced(id: string): Error {
    this.#writers.delete(id)
    return fencedError(id)
  }
}

/** A name nobody had before: a count would begin again after a `clear`. */
export function newWriter(): string {
  return crypto.randomUUID()
}
